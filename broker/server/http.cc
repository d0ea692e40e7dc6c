#include "server/http.h"

#include <algorithm>
#include <array>
#include <optional>

namespace milena::server {
namespace {

constexpr size_t clients_max = 64;
constexpr size_t request_bytes_max = 8U << 10;
constexpr Duration patience = std::chrono::seconds(30);
constexpr Duration first_byte_patience = std::chrono::seconds(5);

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200: return "OK";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 503: return "Service Unavailable";
        default: return "Bad Request";
    }
}

std::string serialize(const HttpResponse& response, bool is_last, bool has_body) {
    std::string text = "HTTP/1.1 " + std::to_string(response.status) + ' ';
    text += reason_phrase(response.status);
    text += "\r\nContent-Type: " + response.content_type;
    text += "\r\nContent-Length: " + std::to_string(response.body.size());
    text += is_last ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n";
    if (has_body) text += response.body;
    return text;
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

struct RequestLine {
    std::string method;
    std::string path;  // without the query
    bool is_1_1 = false;
};

std::optional<RequestLine> parse_request_line(std::string_view head) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const size_t first = line.find(' ');
    const size_t last = line.rfind(' ');
    if (first == std::string_view::npos || last == first) return std::nullopt;
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view protocol = line.substr(last + 1);
    if (!protocol.starts_with("HTTP/1.") || target.empty() || target.front() != '/') return std::nullopt;
    return RequestLine{std::string(line.substr(0, first)), std::string(target.substr(0, target.find('?'))),
                       protocol == "HTTP/1.1"};
}

}  // namespace

class HttpServer::Client : public std::enable_shared_from_this<Client> {
  public:
    Client(HttpServer& server, std::unique_ptr<Stream> stream) : server_(server), stream_(std::move(stream)) {}

    void start() {
        await_client(first_byte_patience);
        wait();
    }

    // Since when the client is the one to do something; nothing while its request is worked on.
    std::optional<Instant> idle_since() const { return idle_since_; }

    void close() {
        if (!is_open_) return;
        is_open_ = false;
        server_.loop_.cancel(deadline_);
        stream_->close();
        server_.clients_.erase(shared_from_this());
    }

  private:
    void await_client(Duration at_most) {
        idle_since_ = server_.loop_.clock().now();
        close_after(at_most);
    }

    void close_after(Duration at_most) {
        server_.loop_.cancel(deadline_);
        deadline_ = server_.loop_.after(at_most, [self = shared_from_this()] { self->close(); });
    }

    void wait() {
        stream_->when_readable([self = shared_from_this()] { self->read(); });
    }

    void read() {
        std::array<std::byte, 2048> buffer;
        const auto bytes = stream_->read_some(buffer);
        if (!bytes.has_value() && bytes.error() == StreamEnd::closed) return close();
        if (bytes.has_value() && input_.empty()) close_after(patience);
        if (bytes.has_value()) input_.append(reinterpret_cast<const char*>(buffer.data()), *bytes);
        take_request();
    }

    void take_request() {
        const size_t end = input_.find("\r\n\r\n");
        if (end == std::string::npos) {
            if (input_.size() > request_bytes_max) return close();
            return wait();
        }
        const std::string head = input_.substr(0, end + 2);
        input_.erase(0, end + 4);
        const auto line = parse_request_line(head);
        const std::string headers = lower(head);
        is_last_ = !line || !line->is_1_1 || headers.find("\r\nconnection: close") != std::string::npos ||
                   headers.find("\r\ncontent-length: ") != std::string::npos ||
                   headers.find("\r\ntransfer-encoding: ") != std::string::npos;
        const bool is_head = line && line->method == "HEAD";
        idle_since_.reset();
        if (!line) return send({.status = 400, .body = "bad request\n"}, true);
        if (line->method != "GET" && !is_head) return send({.status = 405, .body = "only GET\n"}, true);
        server_.handler_(line->path, [self = shared_from_this(), is_head](const HttpResponse& response) {
            self->send(response, !is_head);
        });
    }

    void send(const HttpResponse& response, bool has_body) {
        output_ = serialize(response, is_last_, has_body);
        await_client(patience);
        write();
    }

    void write() {
        while (is_open_ && !output_.empty()) {
            const iovec part{output_.data(), output_.size()};
            const auto bytes = stream_->write_some(std::span(&part, 1), false);
            if (bytes.has_value()) {
                output_.erase(0, *bytes);
            } else if (bytes.error() == StreamEnd::closed) {
                return close();
            } else {
                return stream_->when_writable([self = shared_from_this()] { self->write(); });
            }
        }
        if (!is_open_) return;
        if (is_last_) return close();
        await_client(patience);
        take_request();
    }

    HttpServer& server_;
    const std::unique_ptr<Stream> stream_;
    shard::TimerId deadline_;
    std::optional<Instant> idle_since_;
    std::string input_;
    std::string output_;
    bool is_last_ = false;
    bool is_open_ = true;
};

HttpServer::HttpServer(shard::Loop& loop, int descriptor, Handler handler) : loop_(loop), handler_(std::move(handler)) {
    listener_ = std::make_unique<Listener>(loop_, descriptor, 64,
                                           [this](std::unique_ptr<Stream> stream, const std::string&, uint16_t) {
                                               if (clients_.size() >= clients_max && !make_way()) return;  // closes it
                                               auto client = std::make_shared<Client>(*this, std::move(stream));
                                               clients_.insert(client);
                                               client->start();
                                           });
}

// Probes come on connections of their own: who only holds a place may not keep them out.
bool HttpServer::make_way() {
    std::shared_ptr<Client> longest;
    for (const std::shared_ptr<Client>& client : clients_) {
        if (!client->idle_since()) continue;
        if (!longest || *client->idle_since() < *longest->idle_since()) longest = client;
    }
    if (longest) longest->close();
    return longest != nullptr;
}

HttpServer::~HttpServer() {
    listener_.reset();
    while (!clients_.empty()) {
        const std::shared_ptr<Client> client = *clients_.begin();
        client->close();
    }
}

}  // namespace milena::server
