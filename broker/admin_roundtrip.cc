#include "admin_roundtrip.h"

#include <chrono>
#include <cstdio>
#include <optional>
#include <span>
#include <string_view>
#include <thread>

#include "admin_ask.h"
#include "env/posix/system_world.h"
#include "log_dirs.h"
#include "wire/messages/fetch.h"
#include "wire/messages/metadata.h"
#include "wire/messages/produce.h"
#include "wire/messages/topics.h"
#include "wire/record_batch_builder.h"

namespace milena {
namespace {

constexpr std::chrono::seconds patience{10};  // with a topic that was just made
constexpr std::chrono::milliseconds try_every{50};
constexpr int32_t server_timeout_ms = 5000;
constexpr int32_t fetch_bytes = 1 << 20;

template <class T>
using Outcome = Result<T, std::string>;

// Nothing: there was no error.
std::string error_of(std::string_view what, ErrorCode code, const std::optional<std::string>& message = std::nullopt) {
    if (code == ErrorCode::none) return "";
    return std::string(what) + ": " + wire::error_text(code, message);
}

Outcome<void> create(const std::vector<env::BrokerAddress>& brokers, const std::string& name) {
    wire::CreateTopicsRequest request;
    request.timeout_ms = server_timeout_ms;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = 1;
    topic.replication_factor = -1;
    // What comes back is what was sent, whatever the cluster's default is.
    topic.configs.push_back({"compression.type", "uncompressed"});
    ASSIGN_OR_RETURN(const auto response, ask_any<wire::CreateTopicsResponse>(brokers, request, wire::Version{5}));
    for (const auto& each : response.topics)
        if (std::string error = error_of("topic not made", each.error_code, each.error_message); !error.empty())
            return unexpected(std::move(error));
    return {};
}

void remove(const std::vector<env::BrokerAddress>& brokers, const std::string& name) {
    wire::DeleteTopicsRequest request;
    request.timeout_ms = server_timeout_ms;
    request.topic_names.push_back(name);
    const auto response = ask_any<wire::DeleteTopicsResponse>(brokers, request, wire::Version{5});
    std::string error = response ? "" : response.error();
    if (response)
        for (const auto& each : response->responses)
            error += error_of("not removed", each.error_code, each.error_message);
    if (!error.empty()) std::fprintf(stderr, "milena admin: topic %s is left: %s\n", name.c_str(), error.c_str());
}

Outcome<env::BrokerAddress> leader_of(const std::vector<env::BrokerAddress>& brokers, const std::string& name) {
    wire::MetadataRequest request;
    auto& topic = request.topics.emplace().emplace_back();
    topic.name = std::string_view(name);
    request.allow_auto_topic_creation = false;
    ASSIGN_OR_RETURN(const auto cluster, ask_any<wire::MetadataResponse>(brokers, request, wire::Version{9}));
    for (const auto& found : cluster.topics)
        for (const auto& partition : found.partitions)
            for (const auto& broker : cluster.brokers)
                if (broker.node_id == partition.leader_id)
                    return env::BrokerAddress{broker.host, std::to_string(broker.port)};
    return unexpected(std::string("the topic has no leader"));
}

Outcome<int64_t> produce(const env::BrokerAddress& leader, const std::string& name, const std::string& text) {
    env::SystemClock clock;
    wire::NewRecord record;
    record.timestamp = clock.wall();
    record.value = std::as_bytes(std::span(text.data(), text.size()));
    wire::RecordBatchBuilder builder(wire::BatchOptions{});
    builder.add(record);
    wire::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = server_timeout_ms;
    auto& topic = request.topic_data.emplace_back();
    topic.name = std::string_view(name);
    topic.partition_data.emplace_back().records = Bytes::from(builder.build());
    ASSIGN_OR_RETURN(const auto response, ask_any<wire::ProduceResponse>({leader}, request, wire::Version{9}));
    for (const auto& each : response.responses)
        for (const auto& partition : each.partition_responses) {
            std::string error = error_of("not produced", partition.error_code, partition.error_message);
            if (!error.empty()) return unexpected(std::move(error));
            return partition.base_offset;
        }
    return unexpected(std::string("not produced: the answer is empty"));
}

Outcome<void> consume(const env::BrokerAddress& leader, const std::string& name, int64_t offset,
                      const std::string& text) {
    wire::FetchRequest request;
    request.max_wait_ms = server_timeout_ms;
    request.min_bytes = 1;
    request.max_bytes = fetch_bytes;
    auto& topic = request.topics.emplace_back();
    topic.topic = std::string_view(name);
    auto& place = topic.partitions.emplace_back();
    place.fetch_offset = offset;
    place.partition_max_bytes = fetch_bytes;
    ASSIGN_OR_RETURN(const auto response, ask_any<wire::FetchResponse>({leader}, request, wire::Version{11}));
    for (const auto& each : response.responses)
        for (const auto& partition : each.partitions) {
            std::string error = error_of("not consumed", partition.error_code);
            if (!error.empty()) return unexpected(std::move(error));
            if (partition.records && partition.records->joined().view().find(text) != std::string_view::npos) return {};
        }
    return unexpected(std::string("not consumed: the record isn't there"));
}

// A topic that was just made has its leader in a moment.
Outcome<void> there_and_back(const std::vector<env::BrokerAddress>& brokers, const std::string& name,
                             const std::string& text) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (true) {
        const auto leader = leader_of(brokers, name);
        const Outcome<int64_t> offset = leader ? produce(*leader, name, text) : unexpected(leader.error());
        if (offset) return consume(*leader, name, *offset, text);
        if (std::chrono::steady_clock::now() >= end) return unexpected(offset.error());
        std::this_thread::sleep_for(try_every);
    }
}

}  // namespace

Outcome<void> print_roundtrip(const std::vector<env::BrokerAddress>& brokers) {
    env::SystemRandom random;
    const std::string text = new_id(random).to_string();
    const std::string name = "milena-roundtrip-" + text;
    RETURN_IF_ERROR(create(brokers, name));
    const auto begin = std::chrono::steady_clock::now();
    const Outcome<void> outcome = there_and_back(brokers, name, text);
    remove(brokers, name);
    if (!outcome) return outcome;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    std::printf("a record was produced and consumed after %lld ms\n", static_cast<long long>(ms.count()));
    return {};
}

}  // namespace milena
