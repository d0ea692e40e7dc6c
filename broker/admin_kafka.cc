#include "admin_kafka.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <span>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/big_endian.h"
#include "wire/header.h"
#include "wire/messages/metadata.h"
#include "wire/messages/quorum.h"

namespace milena {
namespace {

constexpr int answer_seconds_max = 10;
constexpr int32_t answer_bytes_max = 256 << 20;

template <class T>
using Outcome = Result<T, std::string>;

// A connection to one broker; closed when it goes.
class Connection {
  public:
    static Outcome<Connection> open(const HostPort& at) {
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* list = nullptr;
        const int failure = ::getaddrinfo(at.host.c_str(), at.port.c_str(), &hints, &list);
        if (failure != 0) return unexpected(at.text() + ": " + ::gai_strerror(failure));
        int fd = -1;
        for (const addrinfo* to = list; to != nullptr && fd < 0; to = to->ai_next) {
            fd = ::socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (fd >= 0 && ::connect(fd, to->ai_addr, to->ai_addrlen) != 0) ::close(std::exchange(fd, -1));
        }
        ::freeaddrinfo(list);
        if (fd < 0) return unexpected(at.text() + ": no broker answers");
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

// The first broker that answers counts; the error is the last one's.
template <class Response, class Request>
Outcome<Response> ask_any(const std::vector<HostPort>& brokers, const Request& request, wire::Version version) {
    std::string why;
    for (const HostPort& at : brokers) {
        auto connection = Connection::open(at);
        if (!connection) {
            why = connection.error();
            continue;
        }
        auto response = connection->template ask<Response>(request, version);
        if (response) return response;
        why = at.text() + ": " + response.error();
    }
    return unexpected(std::move(why));
}

Outcome<wire::MetadataResponse> cluster_of(const std::vector<HostPort>& brokers) {
    wire::MetadataRequest request;
    request.topics = std::nullopt;
    request.allow_auto_topic_creation = false;
    return ask_any<wire::MetadataResponse>(brokers, request, wire::MetadataRequest::api.stable);
}

void print(const wire::MetadataResponse& cluster) {
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

void print_topics_of(wire::MetadataResponse& cluster) {
    std::ranges::sort(cluster.topics, {}, [](const auto& topic) { return topic.name.value_or(""); });
    for (const auto& topic : cluster.topics)
        std::printf("%-40s %6zu partitions  %zu replicas  id %s\n", topic.name.value_or("?").c_str(),
                    topic.partitions.size(),
                    topic.partitions.empty() ? size_t{0} : topic.partitions.front().replica_nodes.size(),
                    topic.topic_id.to_string().c_str());
}

}  // namespace

Outcome<std::vector<HostPort>> parse_addresses(const std::string& text) {
    std::vector<HostPort> addresses;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find(',', begin), text.size());
        const std::string one = text.substr(begin, end - begin);
        const size_t colon = one.rfind(':');
        if (colon == std::string::npos || colon == 0 || colon + 1 == one.size())
            return unexpected("\"" + one + "\" is not host:port");
        addresses.push_back({one.substr(0, colon), one.substr(colon + 1)});
        begin = end + 1;
    }
    return addresses;
}

Outcome<void> print_status(const std::vector<HostPort>& brokers) {
    ASSIGN_OR_RETURN(const wire::MetadataResponse cluster, cluster_of(brokers));
    print(cluster);
    return {};
}

Outcome<void> print_topics(const std::vector<HostPort>& brokers) {
    ASSIGN_OR_RETURN(wire::MetadataResponse cluster, cluster_of(brokers));
    print_topics_of(cluster);
    return {};
}

Outcome<std::vector<HostPort>> find_controllers(const std::vector<HostPort>& brokers) {
    wire::DescribeQuorumRequest request;
    request.topics = {{.topic_name = "__cluster_metadata", .partitions = {{.partition_index = 0}}}};
    ASSIGN_OR_RETURN(const auto quorum, ask_any<wire::DescribeQuorumResponse>(brokers, request, wire::Version{2}));
    std::vector<HostPort> controllers;
    for (const auto& node : quorum.nodes)
        for (const auto& listener : node.listeners)
            controllers.push_back({listener.host, std::to_string(listener.port)});
    if (controllers.empty())
        return unexpected(
            std::string("this cluster has no listener that is asked by gRPC; set "
                        "controller.listener.names and controller.quorum.voters, or name one by --grpc"));
    return controllers;
}

}  // namespace milena
