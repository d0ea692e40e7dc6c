// One life of a broker process on a simulated disk: the broker's own metadata log, controller, partition tables and
// logs, wired as main wires them, without threads and sockets. Made anew after every crash.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/controller.h"
#include "group/coordinator_host.h"
#include "group/partition_for.h"
#include "replica/partition_table.h"
#include "sim/sim_disk.h"
#include "sim/world.h"
#include "wire/compression.h"

namespace milena::sim {

// The metadata log lies in the first one.
inline constexpr std::array<const char*, 2> data_directories{"/data-a", "/data-b"};
inline constexpr const char* topic_name = "events";
inline constexpr int32_t partition_count = 4;
inline constexpr int32_t offsets_partition_count = 2;
inline constexpr uint32_t shard_count = 2;

// When an append is acknowledged: once it is in the page cache, or once it is durable.
enum class Policy : uint8_t { page_cache, fsync };

struct BrokerSetup {
    Policy policy = Policy::page_cache;
    int64_t retention_bytes = -1;
    bool is_compacted = false;
    bool has_groups = false;
};

class SimBroker {
  public:
    SimBroker(World& world, SimDisk& disk, const BrokerSetup& setup);
    // As when the process is killed: nothing is written any more.
    ~SimBroker();

    // The process can't go on: it met a fault that only a restart gets over.
    bool must_restart() const { return has_failed_ || disk_.has_crashed(); }
    // It serves what lies in the other directory.
    bool has_lost_a_directory() const;
    // The topic is there and every partition of this node answers.
    bool is_ready() const { return topic_id_ != Uuid{}; }

    using Produced = std::function<void(const replica::ProduceOutcome&)>;
    void produce(PartitionIndex partition, Bytes batch, Produced done);
    void fetch(PartitionIndex partition, const replica::FetchRequest& request,
               std::function<void(replica::FetchOutcome)> done);

    // work(coordinator, reply) with the group's coordinator; why it can't be asked goes to `reply`.
    template <class Response, class Work>
    void ask_group(const std::string& group, const Work& work, const group::Reply<Response>& reply) {
        if (!is_ready() || must_restart()) return;
        const replica::PartitionKey key{offsets_topic_id_, group::partition_for(group, offsets_partition_count)};
        const auto ask = [&](group::Coordinator& coordinator) { work(coordinator, reply); };
        const ErrorCode error = hosts_[replica::shard_of(key, shard_count)]->use(key, ask);
        if (error != ErrorCode::none) reply(unexpected(error));
    }

    Result<Offset> delete_records(PartitionIndex partition, Offset before);
    std::optional<Offset> log_start(PartitionIndex partition);
    std::optional<Offset> high_watermark(PartitionIndex partition);

    // False where a directory can't be marked as clean; the next start recovers then.
    bool stop_cleanly();

  private:
    bool open();
    bool format();
    bool open_tables();
    void serve();
    void create_topics();
    bool find_topics();
    void host_groups();
    void publish(const metadata::Delta& delta, std::function<void()> published);
    void tick();
    void clean(replica::PartitionTable& table);
    replica::DirectoryOffsets offsets_in(size_t directory) const;
    void write_checkpoints(size_t directory);
    replica::Replica* find(PartitionIndex partition);

    World& world_;
    SimDisk& disk_;
    const bool has_groups_;
    const std::shared_ptr<const settings::BrokerConfig> config_;
    std::vector<std::unique_ptr<storage::LogDirectory>> directories_;
    std::vector<Uuid> directory_ids_;  // of directories_
    storage::TailCache cache_;
    wire::Codecs codecs_;
    std::unique_ptr<raft::Raft> raft_;
    std::unique_ptr<controller::Controller> controller_;
    std::vector<std::unique_ptr<replica::PartitionTable>> tables_;
    std::vector<std::unique_ptr<group::CoordinatorHost>> hosts_;  // by shard
    Uuid topic_id_;
    Uuid offsets_topic_id_;
    bool has_failed_ = false;
    int ticks_ = 0;
    uint64_t blocking_syncs_ = 0;  // of the disk, when the directories were open
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace milena::sim
