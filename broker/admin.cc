#include "admin.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/big_endian.h"
#include "base/result.h"
#include "wire/header.h"
#include "wire/messages/metadata.h"

namespace milena {
namespace {

constexpr int answer_seconds_max = 10;
constexpr int32_t answer_bytes_max = 256 << 20;

template <class T>
using Outcome = Result<T, std::string>;

// A connection to one broker; closed when it goes.
class Connection {
  public:
    static Outcome<Connection> open(const std::string& bootstrap) {
        const size_t colon = bootstrap.rfind(':');
        if (colon == std::string::npos) return unexpected("\"" + bootstrap + "\" is not host:port");
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* list = nullptr;
        const int failure =
            ::getaddrinfo(bootstrap.substr(0, colon).c_str(), bootstrap.substr(colon + 1).c_str(), &hints, &list);
        if (failure != 0) return unexpected(bootstrap + ": " + ::gai_strerror(failure));
        int fd = -1;
        for (const addrinfo* at = list; at != nullptr && fd < 0; at = at->ai_next) {
            fd = ::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (fd >= 0 && ::connect(fd, at->ai_addr, at->ai_addrlen) != 0) ::close(std::exchange(fd, -1));
        }
        ::freeaddrinfo(list);
        if (fd < 0) return unexpected(bootstrap + ": no broker answers");
        const timeval patience{.tv_sec = answer_seconds_max, .tv_usec = 0};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return Connection(fd);
    }
    ~Connection() {
        if (fd_ >= 0) ::close(fd_);
    }
    Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Connection& operator=(Connection&&) = delete;

    template <class Response, class Request>
    Outcome<Response> ask(const Request& request, wire::Version version) {
        wire::RequestHeader header;
        header.api_version = version;
        header.client_id = "milena-admin";
        const Bytes frame = wire::encode_request(request, header).joined();
        if (::send(fd_, frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size()))
            return unexpected(std::string("the request could not be sent"));
        std::array<std::byte, 4> length_bytes;
        if (!receive(length_bytes)) return unexpected(std::string("no answer"));
        const auto length = load_big_endian<int32_t>(length_bytes.data());
        if (length < 0 || length > answer_bytes_max) return unexpected(std::string("this is not Kafka's protocol"));
        std::vector<std::byte> answer(static_cast<size_t>(length));
        if (!receive(answer)) return unexpected(std::string("the answer is not whole"));
        const Bytes body = Bytes::from(std::move(answer));
        const auto head = wire::decode_response_header(body, Response::api, version);
        if (!head.has_value()) return unexpected(std::string("the answer is malformed"));
        auto response = wire::decode<Response>(body.slice(head->size), version);
        if (!response.has_value()) return unexpected(std::string("the answer is malformed"));
        return std::move(*response);
    }

  private:
    explicit Connection(int fd) : fd_(fd) {}

    bool receive(std::span<std::byte> into) const {
        while (!into.empty()) {
            const ssize_t n = ::recv(fd_, into.data(), into.size(), 0);
            if (n <= 0) return false;
            into = into.subspan(static_cast<size_t>(n));
        }
        return true;
    }

    int fd_;
};

void print_status(const wire::MetadataResponse& cluster) {
    size_t partitions = 0;
    size_t leaderless = 0;
    for (const auto& topic : cluster.topics)
        for (const auto& partition : topic.partitions) {
            ++partitions;
            if (partition.leader_id < 0) ++leaderless;
        }
    std::printf("cluster     %s\n", cluster.cluster_id.value_or("?").c_str());
    for (const auto& broker : cluster.brokers)
        std::printf("broker      %d at %s:%d\n", broker.node_id, broker.host.c_str(), broker.port);
    std::printf("topics      %zu\npartitions  %zu, %zu without a leader\n", cluster.topics.size(), partitions,
                leaderless);
}

void print_topics(wire::MetadataResponse& cluster) {
    std::ranges::sort(cluster.topics, {}, [](const auto& topic) { return topic.name.value_or(""); });
    for (const auto& topic : cluster.topics)
        std::printf("%-40s %6zu partitions  %zu replicas  id %s\n", topic.name.value_or("?").c_str(),
                    topic.partitions.size(),
                    topic.partitions.empty() ? size_t{0} : topic.partitions.front().replica_nodes.size(),
                    topic.topic_id.to_string().c_str());
}

int refuse(const std::string& reason) {
    std::fprintf(stderr, "milena admin: %s\n", reason.c_str());
    return 1;
}

}  // namespace

int administer(const std::vector<std::string>& arguments) {
    std::string bootstrap = "localhost:9092";
    std::string verb;
    for (size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == "--bootstrap" && i + 1 < arguments.size())
            bootstrap = arguments[++i];
        else if (verb.empty() && !arguments[i].starts_with("-"))
            verb = arguments[i];
        else
            return refuse("\"" + arguments[i] + "\" makes no sense here; see milena --help");
    }
    if (verb != "status" && verb != "topics") return refuse("expected status or topics; see milena --help");
    auto connection = Connection::open(bootstrap);
    if (!connection.has_value()) return refuse(connection.error());
    wire::MetadataRequest request;
    request.topics = std::nullopt;
    request.allow_auto_topic_creation = false;
    auto cluster = connection->ask<wire::MetadataResponse>(request, wire::MetadataRequest::api.stable);
    if (!cluster.has_value()) return refuse(bootstrap + ": " + cluster.error());
    if (verb == "status")
        print_status(*cluster);
    else
        print_topics(*cluster);
    return 0;
}

}  // namespace milena
