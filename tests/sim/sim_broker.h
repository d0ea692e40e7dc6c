// One life of a broker process on a simulated disk: the broker's own metadata log, controller, partition tables and
// logs, wired as main wires them, without threads and sockets. Made anew after every crash.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/controller.h"
#include "replica/partition_table.h"
#include "sim/sim_disk.h"
#include "sim/world.h"
#include "wire/compression.h"

namespace milena::sim {

inline constexpr const char* data_directory = "/data";
inline constexpr const char* topic_name = "events";
inline constexpr int32_t partition_count = 4;

// When an append is acknowledged: once it is in the page cache, or once it is durable.
enum class Policy : uint8_t { page_cache, fsync };

class SimBroker {
  public:
    SimBroker(World& world, SimDisk& disk, Policy policy);
    // As when the process is killed: nothing is written any more.
    ~SimBroker();

    // The process can't go on: it met a fault that only a restart gets over.
    bool must_restart() const;
    // The topic is there and every partition of this node answers.
    bool is_ready() const { return topic_id_ != Uuid{}; }

    using Produced = std::function<void(const replica::ProduceOutcome&)>;
    void produce(PartitionIndex partition, Bytes batch, Produced done);
    void fetch(PartitionIndex partition, const replica::FetchRequest& request,
               std::function<void(replica::FetchOutcome)> done);

    // False where the directory can't be marked as clean; the next start recovers then.
    bool stop_cleanly();

  private:
    bool open();
    bool format();
    void serve();
    void publish(const metadata::Delta& delta, std::function<void()> published);
    void tick();
    void write_checkpoints();
    replica::Replica* find(PartitionIndex partition);

    World& world_;
    SimDisk& disk_;
    const std::shared_ptr<const settings::BrokerConfig> config_;
    storage::LogDirectory directory_;
    storage::TailCache cache_;
    wire::Codecs codecs_;
    Uuid directory_id_;
    std::unique_ptr<raft::Raft> raft_;
    std::unique_ptr<controller::Controller> controller_;
    std::vector<std::unique_ptr<replica::PartitionTable>> tables_;
    Uuid topic_id_;
    bool has_failed_ = false;
    int ticks_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace milena::sim
