// Our own settings, which Kafka doesn't have. A new one is one row here, a member and a line in broker_config.
#include "settings/table_rows.h"

namespace milena::settings {

namespace {

constexpr Setting milena_table[] = {
    {"milena.shards", int32, "0", between(0, 1024), read_only, high, effective,
     "Threads that serve, each with its own partitions and connections; 0: as many as the broker may use processors, "
     "less an eighth, but at least one less if there are several: the system's network and the disks need some."},
    {"milena.tail.cache.bytes", int64, "16777216", at_least(0), read_only, medium, effective,
     "Memory for the newest records of those partitions that somebody reads at the end, over all shards."},
    {"milena.memory.requests.bytes", int64, "134217728", at_least(1'048'576), read_only, medium, effective,
     "Bytes of requests in work at a time, over all connections; beyond it, sockets aren't read."},
    {"milena.writeback.bytes", int64, "8388608", at_least(0), read_only, medium, effective,
     "Written bytes of a segment after which the system is asked to start putting them on disk; 0: it decides."},
    {"milena.cluster.id", string, "", anything, read_only, high, effective,
     "The id of the cluster, the same on every node; a single node may go without and makes one up when it formats its "
     "directories."},
    {"milena.balancer.mode", string, "auto", one_of("auto, off"), cluster_wide, medium, effective,
     "auto: when an empty broker has joined, one was drained or is open again, replicas and leaders move until all "
     "brokers have equally much to store and to do; off: only when it is asked for (milena admin rebalance)."},
    {"milena.balancer.moves.max", int32, "20", at_least(1), cluster_wide, medium, effective,
     "Partitions that the balancer and drains of brokers move at once, in the whole cluster."},
    {"milena.balancer.disk.max.percent", int32, "85", between(1, 100), cluster_wide, medium, effective,
     "How full a broker's disks may get by replicas that the balancer and drains move there, in percent."},
    {"milena.balancer.disk.tolerance.bytes", int64, "1073741824", at_least(0), cluster_wide, low, effective,
     "Brokers whose replicas differ by no more than this in size are even; those that differ by no more than a tenth "
     "of "
     "the mean are so too."},
    {"milena.balancer.traffic.tolerance.bytes", int64, "1048576", at_least(0), cluster_wide, low, effective,
     "The same of what brokers are sent as leaders, in bytes per second."},
    {"milena.balancer.report.interval.ms", int64, "30000", at_least(100), cluster_wide, low, effective,
     "How often a broker tells the controller how large and how busy the partitions are that it leads."},
    {"milena.balancer.away.ms", int64, "60000", at_least(0), cluster_wide, low, effective,
     "A replica that is on its way to a broker which is away for longer goes to another one."},
    {"milena.broker.placement", string, "open", one_of("open, cordoned, draining"), per_broker, medium, effective,
     "Whether a broker gets new replicas (open), keeps what it has (cordoned), or gives that away as well (draining). "
     "Set it while the broker runs: milena admin cordon, uncordon, drain, undrain."},
    {"milena.metrics.listener", string, "127.0.0.1:9644", anything, read_only, medium, effective,
     "Where /metrics, /healthz and /readyz are served, as host:port; empty: nowhere."},
    {"milena.metrics.lag.partitions.max", int32, "10000", at_least(0), read_only, low, effective,
     "Partitions whose lag /metrics shows, counted once for each group; the smallest groups come first. 0: none."},
};

}  // namespace

std::span<const Setting> milena_rows() { return milena_table; }

}  // namespace milena::settings
