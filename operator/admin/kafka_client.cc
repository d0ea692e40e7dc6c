#include "admin/kafka_client.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/big_endian.h"
#include "wire/header.h"
#include "wire/messages/configs.h"
#include "wire/messages/metadata.h"
#include "wire/messages/quorum.h"
#include "wire/messages/topics.h"

namespace milena::admin {
namespace {

constexpr timeval patience{5, 0};
constexpr int32_t answer_bytes_max = 256 << 20;
constexpr int32_t server_timeout_ms = 4000;
constexpr int8_t topic_resource = 2, broker_resource = 4;  // of Kafka's ConfigResource.Type

template <class T>
using Said = Result<T, std::string>;

class Connection {
  public:
    static Said<Connection> open(const HostPort& at) {
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* list = nullptr;
        const int failure = ::getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &hints, &list);
        if (failure != 0) return unexpected(std::string(::gai_strerror(failure)));
        int fd = -1;
        for (const addrinfo* to = list; to != nullptr && fd < 0; to = to->ai_next) {
            fd = ::socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (fd < 0) continue;
            ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);  // of connect(), too
            ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            if (::connect(fd, to->ai_addr, to->ai_addrlen) != 0) ::close(std::exchange(fd, -1));
        }
        ::freeaddrinfo(list);
        if (fd < 0) return unexpected(std::string("no broker answers"));
        return Connection(fd);
    }
    ~Connection() {
        if (fd_ >= 0) ::close(fd_);
    }
    Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Connection& operator=(Connection&&) = delete;

    // The frame of an answer, after its length.
    Said<Bytes> exchange(const Bytes& frame) const {
        if (::send(fd_, frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size()))
            return unexpected(std::string("the request could not be sent"));
        std::array<std::byte, 4> length_bytes{};
        if (!receive(length_bytes)) return unexpected(std::string("no answer"));
        const auto length = load_big_endian<int32_t>(length_bytes.data());
        if (length < 0 || length > answer_bytes_max) return unexpected(std::string("this is not Kafka's protocol"));
        std::vector<std::byte> answer(static_cast<size_t>(length));
        if (!receive(answer)) return unexpected(std::string("the answer is not whole"));
        return Bytes::from(std::move(answer));
    }

  private:
    explicit Connection(int fd) : fd_(fd) {}

    bool receive(std::span<std::byte> into) const {
        while (!into.empty()) {
            const ssize_t count = ::recv(fd_, into.data(), into.size(), 0);
            if (count <= 0) return false;
            into = into.subspan(static_cast<size_t>(count));
        }
        return true;
    }

    int fd_;
};

template <class Response>
Said<Response> decoded(const Bytes& frame, int16_t version) {
    const auto head = wire::decode_response_header(frame, Response::api, version);
    if (!head.has_value()) return unexpected(std::string("the answer is malformed"));
    auto response = wire::decode<Response>(frame.slice(head->size), version);
    if (!response.has_value()) return unexpected(std::string("the answer is malformed"));
    return std::move(*response);
}

Said<void> refused(ErrorCode error, const std::optional<std::string>& message) {
    if (error == ErrorCode::none) return {};
    return unexpected(std::string(error_name(error)) + (message ? ": " + *message : std::string()));
}

}  // namespace

template <class Response, class Request>
Said<Response> KafkaClient::ask(const Request& request, int16_t version) {
    wire::RequestHeader header;
    header.api_version = version;
    header.client_id = "milena-operator";
    const Bytes frame = wire::encode_request(request, header).joined();
    std::string why = "no broker has an address yet";
    for (const HostPort& at : brokers_) {
        const std::string where = at.host + ":" + std::to_string(at.port) + ": ";
        const auto connection = Connection::open(at);
        if (!connection) {
            why = where + connection.error();
            continue;
        }
        const auto answer = connection->exchange(frame);
        if (!answer) {
            why = where + answer.error();
            continue;
        }
        return decoded<Response>(*answer, version);
    }
    return unexpected(std::move(why));
}

Said<void> KafkaClient::alter(int8_t resource_type, const std::string& name,
                              const std::map<std::string, std::string>& set, const std::vector<std::string>& remove) {
    wire::IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = resource_type;
    resource.resource_name = name;
    for (const auto& [key, value] : set) resource.configs.push_back({key, 0, value});
    for (const std::string& key : remove) resource.configs.push_back({key, 1, std::nullopt});
    ASSIGN_OR_RETURN(const auto response, ask<wire::IncrementalAlterConfigsResponse>(request, 1));
    for (const auto& each : response.responses) RETURN_IF_ERROR(refused(each.error_code, each.error_message));
    return {};
}

// The empty name: of all brokers.
Said<void> KafkaClient::order(const plan::AlterBrokerConfig& order) {
    return alter(broker_resource, "", order.set, order.remove);
}

Said<void> KafkaClient::order(const plan::AlterTopicConfig& order) {
    return alter(topic_resource, order.name, order.set, order.remove);
}

Said<void> KafkaClient::order(const plan::UnregisterBroker& order) {
    wire::UnregisterBrokerRequest request;
    request.broker_id = static_cast<int32_t>(order.broker);
    ASSIGN_OR_RETURN(const auto response, ask<wire::UnregisterBrokerResponse>(request, 0));
    if (response.error_code == ErrorCode::broker_id_not_registered) return {};
    return refused(response.error_code, response.error_message);
}

// One that is there by now was made by us, with the answer lost, or will be met by the next plan.
Said<void> KafkaClient::order(const plan::CreateTopic& order) {
    wire::CreateTopicsRequest request;
    request.timeout_ms = server_timeout_ms;
    auto& topic = request.topics.emplace_back();
    topic.name = order.name;
    topic.num_partitions = static_cast<int32_t>(order.partitions);
    topic.replication_factor = static_cast<int16_t>(order.replication_factor.value_or(-1));
    for (const auto& [key, value] : order.config) topic.configs.push_back({key, value});
    ASSIGN_OR_RETURN(const auto response, ask<wire::CreateTopicsResponse>(request, 7));
    for (const auto& each : response.topics)
        if (each.error_code != ErrorCode::topic_already_exists)
            RETURN_IF_ERROR(refused(each.error_code, each.error_message));
    return {};
}

Said<void> KafkaClient::order(const plan::DeleteTopic& order) {
    const auto id = Uuid::parse(order.id);
    if (!id) return unexpected("\"" + order.id + "\" is no topic id");
    wire::DeleteTopicsRequest request;
    request.timeout_ms = server_timeout_ms;
    request.topics.push_back({std::nullopt, *id});
    ASSIGN_OR_RETURN(const auto response, ask<wire::DeleteTopicsResponse>(request, 6));
    for (const auto& each : response.responses)
        if (each.error_code != ErrorCode::unknown_topic_id)
            RETURN_IF_ERROR(refused(each.error_code, each.error_message));
    return {};
}

Said<void> KafkaClient::order(const plan::CreatePartitions& order) {
    wire::CreatePartitionsRequest request;
    request.timeout_ms = server_timeout_ms;
    request.topics.push_back({order.name, static_cast<int32_t>(order.count), std::nullopt});
    ASSIGN_OR_RETURN(const auto response, ask<wire::CreatePartitionsResponse>(request, 3));
    for (const auto& each : response.results) RETURN_IF_ERROR(refused(each.error_code, each.error_message));
    return {};
}

Said<void> KafkaClient::order(const plan::Reassign& order) {
    wire::AlterPartitionReassignmentsRequest request;
    request.timeout_ms = server_timeout_ms;
    auto& topic = request.topics.emplace_back();
    topic.name = order.name;
    for (const auto& [partition, replicas] : order.replicas) {
        std::vector<int32_t> brokers;
        for (const int64_t broker : replicas) brokers.push_back(static_cast<int32_t>(broker));
        topic.partitions.push_back({static_cast<int32_t>(partition), std::move(brokers)});
    }
    ASSIGN_OR_RETURN(const auto response, ask<wire::AlterPartitionReassignmentsResponse>(request, 1));
    RETURN_IF_ERROR(refused(response.error_code, response.error_message));
    for (const auto& each : response.responses)
        for (const auto& partition : each.partitions)
            RETURN_IF_ERROR(refused(partition.error_code, partition.error_message));
    return {};
}

Said<plan::WidestTopic> KafkaClient::widest_topic() {
    wire::MetadataRequest request;
    request.topics = std::nullopt;
    request.allow_auto_topic_creation = false;
    ASSIGN_OR_RETURN(const auto response, ask<wire::MetadataResponse>(request, 12));
    plan::WidestTopic widest;
    for (const auto& topic : response.topics)
        for (const auto& partition : topic.partitions)
            if (const auto count = static_cast<int64_t>(partition.replica_nodes.size());
                count > widest.replication_factor)
                widest = {topic.name.value_or(""), count};
    return widest;
}

}  // namespace milena::admin
