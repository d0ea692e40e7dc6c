// Settings of a group.
#include "settings/table_rows.h"

namespace milena::settings {

namespace {

constexpr Setting group_table[] = {
    {"consumer.session.timeout.ms", int32, "45000", at_least(1), cluster_wide, medium, accepted,
     "A consumer silent for so long is expelled.", shown, "group.consumer.session.timeout.ms"},
    {"consumer.heartbeat.interval.ms", int32, "5000", at_least(1), cluster_wide, medium, accepted,
     "How often consumers send heartbeats.", shown, "group.consumer.heartbeat.interval.ms"},
    {"consumer.assignment.interval.ms", int32, "1000", at_least(0), cluster_wide, medium, accepted,
     "Least time between two assignments.", shown, "group.consumer.assignment.interval.ms"},
    {"share.session.timeout.ms", int32, "45000", at_least(1), cluster_wide, medium, accepted,
     "A share consumer silent for so long is expelled.", shown, "group.share.session.timeout.ms"},
    {"share.heartbeat.interval.ms", int32, "5000", at_least(1), cluster_wide, medium, accepted,
     "How often share consumers send heartbeats.", shown, "group.share.heartbeat.interval.ms"},
    {"share.assignment.interval.ms", int32, "1000", at_least(0), cluster_wide, medium, accepted,
     "Least time between two assignments.", shown, "group.share.assignment.interval.ms"},
    {"share.record.lock.duration.ms", int32, "30000", at_least(1000), cluster_wide, medium, accepted,
     "How long a delivered record stays locked.", shown, "group.share.record.lock.duration.ms"},
    {"share.delivery.count.limit", int32, "5", at_least(2), cluster_wide, medium, accepted,
     "How often a record is delivered before it is given up.", shown, "group.share.delivery.count.limit"},
    {"share.partition.max.record.locks", int32, "2000", at_least(100), cluster_wide, medium, accepted,
     "Most locked records of a partition.", shown, "group.share.partition.max.record.locks"},
    {"share.auto.offset.reset", string, "latest", anything, cluster_wide, medium, accepted,
     "Where a new share group begins: earliest, latest, by_duration:<ISO 8601>."},
    {"share.isolation.level", string, "read_uncommitted", one_of("read_committed, read_uncommitted"), cluster_wide,
     medium, accepted, "Whether a share group sees records of open and aborted transactions."},
    {"share.renew.acknowledge.enable", boolean, "true", anything, cluster_wide, medium, accepted,
     "Whether a consumer may prolong the lock of a record."},
    {"streams.session.timeout.ms", int32, "45000", at_least(1), cluster_wide, medium, accepted,
     "A streams member silent for so long is expelled.", shown, "group.streams.session.timeout.ms"},
    {"streams.heartbeat.interval.ms", int32, "5000", at_least(1), cluster_wide, medium, accepted,
     "How often streams members send heartbeats.", shown, "group.streams.heartbeat.interval.ms"},
    {"streams.assignment.interval.ms", int32, "1000", at_least(0), cluster_wide, medium, accepted,
     "Least time between two assignments.", shown, "group.streams.assignment.interval.ms"},
    {"streams.initial.rebalance.delay.ms", int32, "3000", at_least(0), cluster_wide, medium, accepted,
     "How long a new group waits for more members.", shown, "group.streams.initial.rebalance.delay.ms"},
    {"streams.num.standby.replicas", int32, "0", at_least(0), cluster_wide, medium, accepted,
     "Standby copies of each task.", shown, "group.streams.num.standby.replicas"},
};

}  // namespace

std::span<const Setting> group_rows() { return group_table; }

}  // namespace milena::settings
