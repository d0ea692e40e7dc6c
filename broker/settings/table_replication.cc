// Copies of partitions on several brokers.
#include "settings/table_rows.h"

namespace milena::settings {

namespace {

constexpr Setting replication_table[] = {
    {"default.replication.factor", int32, "1", anything, read_only, medium, effective,
     "Copies of a topic's partitions when the creator doesn't say."},
    {"min.insync.replicas", int32, "1", at_least(1), cluster_wide, high, effective,
     "Copies that must be in sync for acks=all to be accepted."},
    {"unclean.leader.election.enable", boolean, "false", anything, cluster_wide, high, effective,
     "Whether a copy that is not in sync may lead, losing records."},
    {"unclean.leader.election.interval.ms", int64, "300000", at_least(1), read_only, medium, effective,
     "How often unclean elections are looked for.", internal},
    {"auto.leader.rebalance.enable", boolean, "true", anything, read_only, high, effective,
     "Whether leadership moves back to preferred replicas by itself."},
    {"leader.imbalance.check.interval.seconds", int64, "300", at_least(1), read_only, high, effective,
     "How often leadership is looked at for balance."},
    {"num.replica.fetchers", int32, "1", at_least(1), cluster_wide, high, accepted,
     "Fetching threads for each broker that is copied from."},
    {"replica.lag.time.max.ms", int64, "30000", anything, read_only, high, effective,
     "A follower behind for so long is no longer in sync."},
    {"replica.fetch.max.bytes", int32, "1048576", at_least(0), read_only, medium, effective,
     "Bytes of a partition that a follower asks for at a time."},
    {"replica.fetch.response.max.bytes", int32, "10485760", at_least(0), read_only, medium, effective,
     "Bytes that a follower asks for at a time in all."},
    {"replica.fetch.min.bytes", int32, "1", anything, read_only, high, accepted,
     "Bytes for which a follower's fetch waits."},
    {"replica.fetch.wait.max.ms", int32, "500", anything, read_only, high, accepted,
     "How long a follower's fetch waits."},
    {"replica.fetch.backoff.ms", int32, "1000", at_least(0), read_only, medium, effective,
     "Pause after an error in fetching."},
    {"replica.socket.timeout.ms", int32, "30000", anything, read_only, high, accepted,
     "Timeout of a follower's requests."},
    {"replica.socket.receive.buffer.bytes", int32, "65536", anything, read_only, high, accepted,
     "Receive buffer of a follower's socket."},
    {"replica.high.watermark.checkpoint.interval.ms", int64, "5000", anything, read_only, high, effective,
     "How often the high watermarks are saved."},
    {"replica.selector.class", string, nullptr, anything, read_only, medium, effective,
     "Which replica a consumer is sent to: Kafka's RackAwareReplicaSelector, or none for the leader."},
    {"controlled.shutdown.enable", boolean, "true", anything, read_only, medium, effective,
     "Whether leadership is handed over before stopping."},
    {"follower.fetch.last.tiered.offset.enable", boolean, "false", anything, cluster_wide, medium, accepted,
     "Whether a new follower starts at what isn't in remote storage."},
};

}  // namespace

std::span<const Setting> replication_rows() { return replication_table; }

}  // namespace milena::settings
