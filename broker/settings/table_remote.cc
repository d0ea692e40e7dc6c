// Tiered storage.
#include "settings/table_rows.h"

namespace milena::settings {

namespace {

constexpr Setting remote_table[] = {
    {"remote.log.storage.system.enable", boolean, "false", anything, read_only, medium, accepted,
     "Whether old segments move to remote storage; there is none yet."},
    {"remote.log.storage.manager.class.name", string, nullptr, not_empty, read_only, medium, accepted,
     "Java class that stores segments."},
    {"remote.log.storage.manager.class.path", string, nullptr, anything, read_only, medium, accepted,
     "Where that class is."},
    {"remote.log.storage.manager.impl.prefix", string, "rsm.config.", not_empty, read_only, medium, accepted,
     "Prefix of the settings of that class."},
    {"remote.log.metadata.manager.class.name", string,
     "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager", not_empty, read_only,
     medium, accepted, "Java class that knows which segments are remote."},
    {"remote.log.metadata.manager.class.path", string, nullptr, anything, read_only, medium, accepted,
     "Where that class is."},
    {"remote.log.metadata.manager.impl.prefix", string, "rlmm.config.", not_empty, read_only, medium, accepted,
     "Prefix of the settings of that class."},
    {"remote.log.metadata.manager.listener.name", string, nullptr, not_empty, read_only, medium, accepted,
     "Listener that this class uses."},
    {"remote.log.metadata.custom.metadata.max.bytes", int32, "128", at_least(0), read_only, low, accepted,
     "Most bytes that a storage class may add to a segment's metadata."},
    {"remote.log.manager.thread.pool.size", int32, "2", at_least(1), read_only, medium, accepted,
     "Threads for remote storage."},
    {"remote.log.manager.copier.thread.pool.size", int32, "10", at_least(1), cluster_wide, medium, accepted,
     "Threads that copy segments out."},
    {"remote.log.manager.expiration.thread.pool.size", int32, "10", at_least(1), cluster_wide, medium, accepted,
     "Threads that delete remote segments."},
    {"remote.log.manager.follower.thread.pool.size", int32, "2", at_least(1), cluster_wide, medium, accepted,
     "Threads that follow remote metadata."},
    {"remote.log.manager.task.interval.ms", int64, "30000", at_least(1), read_only, low, accepted,
     "How often each partition is looked at."},
    {"remote.log.manager.task.retry.backoff.ms", int64, "500", at_least(1), read_only, low, accepted,
     "First pause after an error.", internal},
    {"remote.log.manager.task.retry.backoff.max.ms", int64, "30000", at_least(1), read_only, low, accepted,
     "Longest pause after an error.", internal},
    {"remote.log.manager.task.retry.jitter", float64, "0.2", between(0, 0.5), read_only, low, accepted,
     "Random part of the pause.", internal},
    {"remote.log.manager.copy.max.bytes.per.second", int64, "9223372036854775807", at_least(1), cluster_wide, medium,
     accepted, "Bytes a second that are copied out."},
    {"remote.log.manager.copy.quota.window.num", int32, "11", at_least(1), read_only, medium, accepted,
     "Samples kept for that limit."},
    {"remote.log.manager.copy.quota.window.size.seconds", int32, "1", at_least(1), read_only, medium, accepted,
     "Length of a sample."},
    {"remote.log.manager.fetch.max.bytes.per.second", int64, "9223372036854775807", at_least(1), cluster_wide, medium,
     accepted, "Bytes a second that are read back."},
    {"remote.log.manager.fetch.quota.window.num", int32, "11", at_least(1), read_only, medium, accepted,
     "Samples kept for that limit."},
    {"remote.log.manager.fetch.quota.window.size.seconds", int32, "1", at_least(1), read_only, medium, accepted,
     "Length of a sample."},
    {"remote.log.reader.threads", int32, "10", at_least(1), cluster_wide, medium, accepted,
     "Threads that read remote segments."},
    {"remote.log.reader.max.pending.tasks", int32, "100", at_least(1), read_only, medium, accepted,
     "Reads that may wait for those threads."},
    {"remote.log.index.file.cache.total.size.bytes", int64, "1073741824", at_least(1), cluster_wide, low, accepted,
     "Space for indexes of remote segments."},
    {"remote.log.index.file.cache.ttl.ms", int64, "900000", at_least(-1), read_only, low, accepted,
     "How long such an index is kept without use.", internal},
    {"remote.fetch.max.wait.ms", int32, "500", at_least(1), cluster_wide, medium, accepted,
     "How long a fetch waits for remote storage."},
    {"remote.list.offsets.request.timeout.ms", int64, "30000", at_least(1), cluster_wide, medium, accepted,
     "How long ListOffsets waits for remote storage."},
};

}  // namespace

std::span<const Setting> remote_rows() { return remote_table; }

}  // namespace milena::settings
