#include "operator/fake_kube/http_server.h"

#include <algorithm>
#include <cctype>
#include <csignal>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/parse_number.h"

namespace milena::fake {
namespace {

std::string decoded(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            plain += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

// The head of a request out of its bytes; `length` is its body's.
Request parse_head(const std::string& head, size_t& length) {
    Request request{};
    const size_t line_end = head.find("\r\n");
    const std::string first = head.substr(0, line_end);
    const size_t space = first.find(' ');
    request.method = first.substr(0, space);
    parse_target(first.substr(space + 1, first.rfind(' ') - space - 1), request);
    for (size_t begin = line_end + 2; begin < head.size();) {
        const size_t end = std::min(head.find("\r\n", begin), head.size());
        const std::string line = head.substr(begin, end - begin);
        if (const size_t colon = line.find(':'); colon != std::string::npos)
            request.headers[lower(line.substr(0, colon))] =
                line.substr(std::min(line.find_first_not_of(' ', colon + 1), line.size()));
        begin = end + 2;
    }
    const auto given = request.headers.find("content-length");
    length = given == request.headers.end() ? 0 : parse_number<size_t>(given->second).value_or(0);
    return request;
}

}  // namespace

void parse_target(const std::string& target, Request& request) {
    const size_t question = target.find('?');
    request.path = decoded(target.substr(0, question));
    if (question == std::string::npos) return;
    const std::string query = target.substr(question + 1);
    for (size_t begin = 0; begin < query.size();) {
        const size_t end = std::min(query.find('&', begin), query.size());
        const std::string pair = query.substr(begin, end - begin);
        const size_t equals = pair.find('=');
        request.query[pair.substr(0, equals)] = equals == std::string::npos ? "" : decoded(pair.substr(equals + 1));
        begin = end + 1;
    }
}

void Connection::raw(std::string_view bytes) {
    while (!bytes.empty() && !is_closed_) {
        const ssize_t sent = send(bytes);
        if (sent <= 0)
            is_closed_ = true;
        else
            bytes.remove_prefix(static_cast<size_t>(sent));
    }
}

void Connection::answer(int status, std::string_view body, const std::string& more_headers) {
    raw("HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n" + more_headers + "\r\n" + std::string(body));
}

void Connection::begin_chunks() {
    raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
}

bool Connection::chunk(std::string_view bytes) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    raw(size + std::string(bytes) + "\r\n");
    return !is_closed_;
}

void Connection::end_chunks() { raw("0\r\n\r\n"); }

void Connection::reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::shutdown(fd_, SHUT_RD);
    is_closed_ = true;
}

void Connection::close() {
    is_closed_ = true;
    ::shutdown(fd_, SHUT_RDWR);
}

void Connection::hold() {
    char byte;
    while (!is_closed_)
        if (receive(&byte, 1) <= 0) is_closed_ = true;
}

Connection::~Connection() {
    if (ssl_ != nullptr) SSL_free(ssl_);
}

bool Connection::begin_tls(const TlsServer& tls) {
    const auto memory = [](const std::string& text) {
        return BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
    };
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    BIO* certificate = memory(tls.certificate);
    BIO* key = memory(tls.key);
    X509* own = PEM_read_bio_X509(certificate, nullptr, nullptr, nullptr);
    EVP_PKEY* secret = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
    check(SSL_CTX_use_certificate(context, own) == 1 && SSL_CTX_use_PrivateKey(context, secret) == 1);
    if (!tls.client_authority.empty()) {
        BIO* authority = memory(tls.client_authority);
        X509* trusted = PEM_read_bio_X509(authority, nullptr, nullptr, nullptr);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), trusted);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        X509_free(trusted);
        BIO_free(authority);
    }
    ssl_ = SSL_new(context);
    SSL_CTX_free(context);
    X509_free(own);
    EVP_PKEY_free(secret);
    BIO_free(certificate);
    BIO_free(key);
    SSL_set_fd(ssl_, fd_);
    return SSL_accept(ssl_) == 1;
}

ssize_t Connection::receive(char* into, size_t size) {
    return ssl_ == nullptr ? ::recv(fd_, into, size, 0) : SSL_read(ssl_, into, static_cast<int>(size));
}

ssize_t Connection::send(std::string_view bytes) {
    if (ssl_ != nullptr) return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

HttpServer::HttpServer(Handler handler, std::optional<TlsServer> tls)
    : handler_(std::move(handler)), scheme_(tls ? "https" : "http"), tls_(std::move(tls)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    listen_on(0);
    acceptor_ = std::thread([this] { accept_all(); });
}

void HttpServer::listen_on(int port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    check(::listen(listener_, 128) == 0);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
}

HttpServer::~HttpServer() {
    is_stopped_ = true;
    pause();
    for (Served& served : served_) served.thread.join();
}

void HttpServer::pause() {
    if (listener_ >= 0) {
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        ::close(listener_);
        listener_ = -1;
    }
    const std::lock_guard lock(mutex_);
    for (Served& served : served_)
        if (!served.connection->is_over_) served.connection->close();
}

void HttpServer::resume() {
    listen_on(port_);
    acceptor_ = std::thread([this] { accept_all(); });
}

void HttpServer::use(const TlsServer& tls) {
    const std::lock_guard lock(mutex_);
    tls_ = tls;
}

void HttpServer::accept_all() {
    while (true) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const std::lock_guard lock(mutex_);
        served_.push_back({std::make_unique<Connection>(fd), {}});
        Connection& connection = *served_.back().connection;
        served_.back().thread = std::thread([this, &connection, number = served_.size(), tls = tls_] {
            if (!tls || connection.begin_tls(*tls)) serve(connection, number);
            const std::lock_guard closing(mutex_);
            connection.is_over_ = true;
            ::close(connection.fd_);
        });
    }
}

void HttpServer::serve(Connection& connection, uint64_t number) {
    std::string bytes;
    char buffer[65536];
    while (!connection.is_closed_) {
        const size_t head_end = bytes.find("\r\n\r\n");
        size_t length = 0;
        Request request{};
        if (head_end != std::string::npos) request = parse_head(bytes.substr(0, head_end), length);
        if (head_end == std::string::npos || bytes.size() < head_end + 4 + length) {
            const ssize_t count = connection.receive(buffer, sizeof buffer);
            if (count <= 0) return;
            bytes.append(buffer, static_cast<size_t>(count));
            continue;
        }
        request.body = bytes.substr(head_end + 4, length);
        bytes.erase(0, head_end + 4 + length);
        request.connection = number;
        handler_(request, connection);
    }
}

}  // namespace milena::fake
