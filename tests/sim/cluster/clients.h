// Clients of the simulated cluster: what they know of it, idempotent producers that follow changes of leaders, and
// consumers that read from leaders and now and then from followers.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "sim/cluster/coverage.h"
#include "sim/cluster/history.h"
#include "sim/cluster/places.h"
#include "sim/cluster/sim_node.h"

namespace milena::sim::cluster {

// Who leads what, as one broker or another has said.
class ClientMetadata {
  public:
    struct Leader {
        NodeId node = no_node;
        LeaderEpoch epoch = no_leader_epoch;
        std::vector<NodeId> replicas;
    };
    ClientMetadata(ClusterNetwork& network, Coverage& coverage) : network_(network), coverage_(coverage) {}

    void start();
    // What was known has proved wrong.
    void refresh();
    // None while nothing is known.
    std::optional<Leader> leader(PartitionIndex place) const;
    replica::PartitionKey key(PartitionIndex place) const { return keys_[static_cast<size_t>(place.value)]; }

  private:
    void ask();
    void take(const metadata::Image& image);

    ClusterNetwork& network_;
    Coverage& coverage_;
    std::array<replica::PartitionKey, place_count> keys_;
    std::array<Leader, place_count> leaders_;
    Instant asked_at_;
};

class ClusterProducer {
  public:
    struct World {
        ClusterNetwork& network;
        ClientMetadata& metadata;
        History& history;
        Coverage& coverage;
        std::function<void(std::string)> complain;
        // A leader says so of everything below, whether the client hears it or not.
        std::function<void(NodeId leader, PartitionIndex, Offset end)> acknowledged;
        size_t records_max = 8;  // of a batch
    };
    ClusterProducer(World world, uint32_t number, PartitionIndex partition);

    void start() { produce_some(); }
    void stop() { is_stopped_ = true; }
    bool is_idle() const { return in_flight_.empty(); }
    PartitionIndex partition() const { return partition_; }

  private:
    struct Batch {
        int32_t base_sequence = 0;
        std::vector<Value> values;
        Timestamp timestamp;
        bool is_done = false;
        uint64_t attempt = 0;
    };
    using BatchPtr = std::shared_ptr<Batch>;

    void produce_some();
    void send(const BatchPtr& batch);
    void answered(const BatchPtr& batch, uint64_t generation, const replica::ProduceOutcome& outcome);
    void acknowledged(const BatchPtr& batch, const replica::ProduceOutcome& outcome);
    void refused(const BatchPtr& batch, ErrorCode error);
    void reset();
    Bytes encode(const Batch& batch) const;

    World world_;
    const uint32_t number_;
    const PartitionIndex partition_;
    ProducerId id_;
    uint32_t next_value_ = 0;
    int32_t next_sequence_ = 0;
    std::deque<BatchPtr> in_flight_;
    int refusals_in_a_row_ = 0;
    bool is_known_ = false;  // something was acknowledged under id_
    bool is_stopped_ = false;
};

class ClusterConsumer {
  public:
    ClusterConsumer(ClusterProducer::World world, PartitionIndex partition)
        : world_(std::move(world)), partition_(partition) {}

    void start() { poll(); }
    // Reads all from the log start again, from the leader; is_at_end() says when it has.
    void start_over();
    bool is_at_end() const { return is_at_end_; }
    Offset log_start() const { return log_start_; }
    const std::map<Offset, Value>& values() const { return values_; }

  private:
    void poll();
    void ask(const ClientMetadata::Leader& leader);
    void got(bool is_from_leader, const replica::FetchOutcome& outcome);
    void out_of_range(const ClientMetadata::Leader& leader);
    void take(const Bytes& part);
    void begin_at(Offset log_start);

    ClusterProducer::World world_;
    const PartitionIndex partition_;
    Offset position_{0};
    Offset log_start_{0};
    std::map<Offset, Value> values_;  // since start_over()
    bool keeps_values_ = false;
    bool is_at_end_ = false;
    uint64_t question_ = 0;  // the one whose answer counts
    uint64_t polls_since_ = 0;
    bool is_waiting_ = false;
    uint64_t generation_ = 0;
};

}  // namespace milena::sim::cluster
