#include <map>
#include <set>

#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using wire::DescribeLogDirsRequest;
using wire::DescribeLogDirsResponse;

struct ReplicaSize {
    std::string topic;
    int32_t partition = 0;
    int64_t bytes = 0;
    int64_t lag = 0;  // of a copy that moves here: how far it is behind
    bool is_future = false;
};

// What one shard has, by directory in the order of Shard::directories().
using ShardSizes = std::vector<std::vector<ReplicaSize>>;

using Wanted = std::optional<std::map<std::string, std::set<int32_t>, std::less<>>>;  // nothing: all

Wanted wanted_by(const DescribeLogDirsRequest& request) {
    if (!request.topics) return std::nullopt;
    Wanted wanted(std::in_place);
    for (const DescribeLogDirsRequest::Topic& topic : *request.topics)
        (*wanted)[std::string(topic.topic)].insert(topic.partitions.begin(), topic.partitions.end());
    return wanted;
}

bool is_wanted(const Wanted& wanted, const std::string& topic, int32_t partition) {
    if (!wanted) return true;
    const auto at = wanted->find(topic);
    return at != wanted->end() && at->second.contains(partition);
}

ShardSizes sizes_on(shard::Shard& shard, const Wanted& wanted) {
    ShardSizes sizes(shard.directories().size());
    for (size_t i = 0; i < sizes.size(); ++i) {
        shard.partitions().each_in(shard.directories()[i].id, [&](const replica::Replica& replica) {
            const storage::PartitionLog& log = replica.log();
            if (is_wanted(wanted, log.topic(), log.partition().value))
                sizes[i].push_back({log.topic(), log.partition().value, static_cast<int64_t>(log.bytes())});
        });
        shard.partitions().each_move_to(
            shard.directories()[i].id, [&](const replica::Replica& replica, const storage::PartitionLog& copy) {
                if (!is_wanted(wanted, copy.topic(), copy.partition().value)) return;
                sizes[i].push_back({.topic = copy.topic(),
                                    .partition = copy.partition().value,
                                    .bytes = static_cast<int64_t>(copy.bytes()),
                                    .lag = replica.log().log_end_offset() - copy.log_end_offset(),
                                    .is_future = true});
            });
    }
    return sizes;
}

void add_replicas(const std::vector<ShardSizes>& shards, size_t directory, DescribeLogDirsResponse::Result& result) {
    std::map<std::string, std::vector<DescribeLogDirsResponse::Partition>> topics;
    for (const ShardSizes& sizes : shards)
        for (const ReplicaSize& size : sizes[directory])
            topics[size.topic].push_back({.partition_index = size.partition,
                                          .partition_size = size.bytes,
                                          .offset_lag = size.lag,
                                          .is_future_key = size.is_future});
    for (auto& [name, partitions] : topics)
        result.topics.push_back({.name = name, .partitions = std::move(partitions)});
}

void respond(const CallPtr<DescribeLogDirsRequest, DescribeLogDirsResponse>& call,
             const std::vector<ShardSizes>& shards) {
    DescribeLogDirsResponse response;
    shard::Shard& here = call->context().shard;
    for (size_t i = 0; i < here.directories().size(); ++i) {
        const storage::LogDirectory& directory = *here.directories()[i].files;
        DescribeLogDirsResponse::Result& result = response.results.emplace_back();
        result.log_dir = directory.path();
        result.is_cordoned = here.partitions().is_cordoned(here.directories()[i].id);
        const auto space = here.disk().space(directory.path());
        if (directory.has_failed() || !space.has_value()) {
            result.error_code = ErrorCode::kafka_storage_error;
            continue;
        }
        result.total_bytes = static_cast<int64_t>(space->total_bytes);
        result.usable_bytes = static_cast<int64_t>(space->usable_bytes);
        add_replicas(shards, i, result);
    }
    call->respond(response);
}

}  // namespace

void describe_log_dirs(CallPtr<DescribeLogDirsRequest, DescribeLogDirsResponse> call) {
    const Wanted wanted = wanted_by(call->request);
    call->context().shards.ask_all<ShardSizes>(
        call->context().shard, [wanted](shard::Shard& shard) { return sizes_on(shard, wanted); },
        [call](const std::vector<ShardSizes>& shards) { respond(call, shards); });
}

}  // namespace milena::server::handlers
