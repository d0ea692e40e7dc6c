// The broker's numbers as Prometheus reads them: Kafka's concepts under Prometheus' conventions. Shards count in plain
// variables; at a scrape each hands over a copy, and one thread adds them up and writes the text.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/cluster_health.h"
#include "controller/election_counts.h"
#include "controller/replica_mover.h"
#include "env/disk.h"
#include "group/group_metrics.h"
#include "raft/raft.h"
#include "replica/follower_stream.h"
#include "replica/leader_stream.h"
#include "server/client_quotas.h"
#include "server/request_metrics.h"
#include "server/server.h"
#include "shard/loop.h"
#include "shard/shard.h"

namespace milena::server {

struct DirectorySpace {
    std::string path;
    env::DiskSpace space;
};

// The connections by which partitions are copied, of one shard.
struct StreamMetrics {
    std::map<NodeId, replica::FollowerStreamMetrics> followers;  // to these
    std::map<NodeId, replica::LeaderStreamMetrics> leaders;      // from these, of all their shards
};

struct ShardMetrics {
    RequestMetrics requests;
    shard::Pauses pauses;
    std::map<std::string, shard::TopicTraffic> topics;
    size_t connections = 0;
    size_t requests_bytes = 0;
    size_t tail_cache_bytes = 0;
    size_t partitions = 0;
    size_t leaders = 0;
    size_t descriptors = 0;
    uint64_t log_bytes = 0;
    uint64_t metadata_offset = 0;
    std::vector<DirectorySpace> directories;  // of the first shard, and those that have not failed
    size_t offline_directories = 0;
    size_t full_directories = 0;
    size_t cordoned_directories = 0;
    replica::CleanerMetrics cleaner;
    replica::ReplicationMetrics replication;
    StreamMetrics streams;
    QuotaMetrics quotas;
    group::GroupMetrics groups;
};

// Of this node's part in the quorum of the metadata log.
struct RaftMetrics {
    raft::Role role = raft::Role::unattached;
    LeaderEpoch epoch;
    NodeId leader = no_node;
    Offset high_watermark;
    Offset log_end;
    bool awaits_log = false;
    std::map<NodeId, int64_t> voter_lags;  // on the leader: records, of voters that have fetched from it
};

struct ProcessMetrics {
    std::string version;
    double start_time_seconds = 0;
    double cpu_seconds = 0;
    uint64_t resident_bytes = 0;
    uint64_t metadata_offset = 0;
    bool is_active = false;
    bool is_active_controller = false;
    controller::MoverMetrics moves;    // of the active controller
    controller::ClusterHealth health;  // as it knows it
    controller::ElectionCounts elections;
    std::optional<RaftMetrics> raft;
};

// On the shard's thread, and `done` too, once its partitions were added up: there may be thousands of them, so others
// have their turn in between.
void collect_metrics(shard::Shard& shard, const Server& server, std::function<void(ShardMetrics)> done);

RaftMetrics raft_metrics(const raft::Raft& raft);

std::string render_metrics(const std::vector<ShardMetrics>& shards, const ProcessMetrics& process);

}  // namespace milena::server
