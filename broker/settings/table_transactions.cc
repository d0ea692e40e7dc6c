// Transactions, and the state topic of share groups.
#include "settings/table_rows.h"

namespace milena::settings {

namespace {

constexpr Setting transactions_table[] = {
    {"transaction.max.timeout.ms", int32, "900000", at_least(1), read_only, high, accepted,
     "Longest timeout that a transaction may ask for."},
    {"transactional.id.expiration.ms", int32, "604800000", at_least(1), read_only, high, accepted,
     "A transactional id without use for so long is forgotten."},
    {"transaction.two.phase.commit.enable", boolean, "false", anything, read_only, low, accepted,
     "Whether transactions may take part in two-phase commits."},
    {"transaction.partition.verification.enable", boolean, "true", anything, cluster_wide, low, accepted,
     "Whether a write is checked against an open transaction."},
    {"transaction.abort.timed.out.transaction.cleanup.interval.ms", int32, "10000", at_least(1), read_only, low,
     accepted, "How often overdue transactions are aborted."},
    {"transaction.remove.expired.transaction.cleanup.interval.ms", int32, "3600000", at_least(1), read_only, low,
     accepted, "How often expired ids are removed."},
    {"transaction.state.log.num.partitions", int32, "50", at_least(1), read_only, high, accepted,
     "Partitions of the topic of transactions."},
    {"transaction.state.log.replication.factor", int16, "3", at_least(1), read_only, high, accepted,
     "Copies of the topic of transactions."},
    {"transaction.state.log.min.isr", int32, "2", at_least(1), read_only, high, accepted,
     "min.insync.replicas of the topic of transactions."},
    {"transaction.state.log.segment.bytes", int32, "104857600", at_least(1), read_only, high, accepted,
     "Segment size of the topic of transactions."},
    {"transaction.state.log.load.buffer.size", int32, "5242880", at_least(1), read_only, high, accepted,
     "Buffer for reading transactions back in."},
    {"add.partitions.to.txn.retry.backoff.ms", int32, "20", at_least(1), read_only, high, accepted,
     "First pause before adding partitions is repeated here."},
    {"add.partitions.to.txn.retry.backoff.max.ms", int32, "100", at_least(0), read_only, high, accepted,
     "Longest time that adding partitions is repeated here."},
    {"share.coordinator.state.topic.num.partitions", int32, "50", at_least(1), read_only, high, accepted,
     "Partitions of the topic of share group state."},
    {"share.coordinator.state.topic.replication.factor", int16, "3", at_least(1), read_only, high, accepted,
     "Copies of the topic of share group state."},
    {"share.coordinator.state.topic.min.isr", int16, "2", at_least(1), read_only, high, accepted,
     "min.insync.replicas of the topic of share group state."},
    {"share.coordinator.state.topic.segment.bytes", int32, "104857600", at_least(1), read_only, high, accepted,
     "Segment size of the topic of share group state."},
    {"share.coordinator.state.topic.compression.codec", int32, "0", anything, read_only, high, accepted,
     "Compression of the topic of share group state, as a number."},
    {"share.coordinator.state.topic.prune.interval.ms", int32, "300000", at_least(1), read_only, low, accepted,
     "How often old share group state is deleted.", internal},
    {"share.coordinator.load.buffer.size", int32, "5242880", at_least(1), read_only, high, accepted,
     "Buffer for reading share group state back in."},
    {"share.coordinator.snapshot.update.records.per.snapshot", int32, "500", between(0, 500), read_only, medium,
     accepted, "Updates between two snapshots of share group state."},
    {"share.coordinator.cold.partition.snapshot.interval.ms", int32, "300000", at_least(1), read_only, low, accepted,
     "How often idle share partitions are written anew.", internal},
    {"share.coordinator.threads", int32, "1", at_least(1), read_only, medium, accepted,
     "Threads of the share coordinator."},
    {"share.coordinator.write.timeout.ms", int32, "5000", at_least(1), read_only, high, accepted,
     "How long a write of share group state waits."},
    {"share.coordinator.append.linger.ms", int32, "-1", at_least(-1), read_only, medium, accepted,
     "How long share group records are collected; -1 decides by load."},
    {"share.coordinator.cached.buffer.max.bytes", int32, "1048588", at_least(524'288), cluster_wide, medium, accepted,
     "Largest write buffer that is kept for reuse."},
};

}  // namespace

std::span<const Setting> transactions_rows() { return transactions_table; }

}  // namespace milena::settings
