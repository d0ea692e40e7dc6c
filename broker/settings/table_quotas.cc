// Windows over which quotas are measured, and bandwidth limits of replication.
#include "settings/table_rows.h"

namespace milena::settings {

namespace {

constexpr Setting quotas_table[] = {
    {"quota.window.num", int32, "11", at_least(1), read_only, low, effective, "Samples kept for client quotas."},
    {"quota.window.size.seconds", int32, "1", at_least(1), read_only, low, effective,
     "Length of a sample of client quotas."},
    {"controller.quota.window.num", int32, "11", at_least(1), read_only, low, effective,
     "Samples kept for quotas of controller requests."},
    {"controller.quota.window.size.seconds", int32, "1", at_least(1), read_only, low, effective,
     "Length of a sample of quotas of controller requests."},
    {"replication.quota.window.num", int32, "11", at_least(1), read_only, low, accepted,
     "Samples kept for replication quotas."},
    {"replication.quota.window.size.seconds", int32, "1", at_least(1), read_only, low, accepted,
     "Length of a sample of replication quotas."},
    {"alter.log.dirs.replication.quota.window.num", int32, "11", at_least(1), read_only, low, accepted,
     "Samples kept for quotas of moves between directories."},
    {"alter.log.dirs.replication.quota.window.size.seconds", int32, "1", at_least(1), read_only, low, accepted,
     "Length of a sample of quotas of moves between directories."},
    {"client.quota.callback.class", class_name, nullptr, anything, read_only, low, accepted,
     "Java class that decides quotas."},
    {"leader.replication.throttled.rate", int64, "9223372036854775807", at_least(0), cluster_wide, medium, effective,
     "Bytes a second that a leader sends for throttled replicas.", internal},
    {"follower.replication.throttled.rate", int64, "9223372036854775807", at_least(0), cluster_wide, medium, accepted,
     "Bytes a second that a follower fetches for throttled replicas.", internal},
    {"replica.alter.log.dirs.io.max.bytes.per.second", int64, "9223372036854775807", at_least(0), cluster_wide, medium,
     effective, "Bytes a second for moves between directories.", internal},
};

}  // namespace

std::span<const Setting> quotas_rows() { return quotas_table; }

}  // namespace milena::settings
