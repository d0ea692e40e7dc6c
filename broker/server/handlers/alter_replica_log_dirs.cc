#include <map>

#include "server/by_shard.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using wire::AlterReplicaLogDirsRequest;
using wire::AlterReplicaLogDirsResponse;

// One replica that is to move, or why it is not.
struct Asked {
    std::string topic;
    int32_t partition = 0;
    ErrorCode error = ErrorCode::none;
};

// Where the replicas are to go, or why they can't go there, which comes before anything that is asked of a replica.
Result<Uuid> destination(const shard::Shard& shard, std::string_view asked) {
    std::string_view path = asked;
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    for (const shard::Shard::Directory& directory : shard.directories()) {
        if (directory.files->path() != path) continue;
        if (directory.files->has_failed()) return unexpected(ErrorCode::kafka_storage_error);
        if (shard.partitions().is_cordoned(directory.id)) return unexpected(ErrorCode::invalid_replica_assignment);
        return directory.id;
    }
    return unexpected(ErrorCode::log_dir_not_found);
}

void respond(const CallPtr<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse>& call,
             const std::vector<Asked>& all) {
    std::map<std::string, std::vector<AlterReplicaLogDirsResponse::Partition>> topics;
    for (const Asked& asked : all)
        topics[asked.topic].push_back({.partition_index = asked.partition, .error_code = asked.error});
    AlterReplicaLogDirsResponse response;
    for (auto& [name, partitions] : topics)
        response.results.push_back({.topic_name = name, .partitions = std::move(partitions)});
    call->respond(response);
}

}  // namespace

void alter_replica_log_dirs(CallPtr<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse> call) {
    const metadata::Image& image = call->context().image();
    auto all = std::make_shared<std::vector<Asked>>();
    PartitionWork<ErrorCode> work;
    std::vector<size_t> places;     // in `all`, of work.keys
    std::vector<Uuid> directories;  // likewise
    for (const AlterReplicaLogDirsRequest::Dir& dir : call->request.dirs) {
        const Result<Uuid> directory = destination(call->context().shard, dir.path);
        for (const AlterReplicaLogDirsRequest::Topic& asked : dir.topics) {
            const metadata::TopicImage* topic = image.topic(asked.name);
            for (const int32_t index : asked.partitions) {
                all->push_back({std::string(asked.name), index});
                const bool is_there = topic != nullptr && topic->partition(PartitionIndex(index)) != nullptr;
                if (!directory.has_value() || !is_there) {
                    all->back().error =
                        directory.has_value() ? ErrorCode::unknown_topic_or_partition : directory.error();
                    continue;
                }
                places.push_back(all->size() - 1);
                directories.push_back(*directory);
                work.keys.push_back({topic->id, PartitionIndex(index)});
            }
        }
    }
    const std::vector<replica::PartitionKey> keys = work.keys;
    work.work = [keys, directories](shard::Shard& owner, const PartitionWork<ErrorCode>::Found&, size_t i,
                                    const std::function<void(ErrorCode)>& done) {
        done(owner.partitions().move_to(keys[i], directories[i]));
    };
    work.finish = [call, all, places](const std::vector<ErrorCode>& errors) {
        for (size_t i = 0; i < errors.size(); ++i) (*all)[places[i]].error = errors[i];
        respond(call, *all);
    };
    ask_partitions(call->context(), std::move(work));
}

}  // namespace milena::server::handlers
