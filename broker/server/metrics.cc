#include "server/metrics.h"

#include <algorithm>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "group/coordinator_host.h"
#include "wire/api_info.h"

namespace milena::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Families {
  public:
    void counter(const std::string& name, const char* help, double value, Labels labels = {}) {
        ClientMetric& metric = add(name, help, MetricType::Counter, std::move(labels));
        metric.counter.value = value;
    }
    void gauge(const std::string& name, const char* help, double value, Labels labels = {}) {
        ClientMetric& metric = add(name, help, MetricType::Gauge, std::move(labels));
        metric.gauge.value = value;
    }
    template <class Bounds, class Counts>
    void histogram(const std::string& name, const char* help, const Bounds& bounds, const Counts& counts, Duration sum,
                   Labels labels) {
        ClientMetric& metric = add(name, help, MetricType::Histogram, std::move(labels));
        uint64_t cumulative = 0;
        for (size_t i = 0; i < bounds.size(); ++i) {
            cumulative += counts[i];
            metric.histogram.bucket.push_back({cumulative, in_seconds(bounds[i])});
        }
        metric.histogram.sample_count = cumulative + counts[bounds.size()];
        metric.histogram.sample_sum = in_seconds(sum);
    }

    std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

  private:
    ClientMetric& add(const std::string& name, const char* help, MetricType type, Labels labels) {
        auto family = std::ranges::find(families_, name, &MetricFamily::name);
        if (family == families_.end()) {
            families_.push_back({name, help, type, {}});
            family = families_.end() - 1;
        }
        ClientMetric& metric = family->metric.emplace_back();
        metric.label = std::move(labels);
        return metric;
    }

    std::vector<MetricFamily> families_;
};

void add_requests(Families& families, const RequestMetrics& total) {
    static constexpr std::array<const char*, ApiMetrics::stage_count> stages{"local", "remote", "queue", "send",
                                                                             "total"};
    for (const wire::ApiInfo& info : wire::all_apis()) {
        const ApiMetrics* api = total.of(info.api.key);
        if (api == nullptr) continue;
        const ClientMetric::Label label{"api", std::string(info.name)};
        for (size_t stage = 0; stage < stages.size(); ++stage)
            families.histogram("milena_request_seconds",
                               "Time of requests by stage: in the handler, waiting (for data, for replicas, for other "
                               "shards), waiting for earlier answers, being sent; and in all.",
                               TimeHistogram::bounds, api->times[stage].counts, api->times[stage].sum,
                               {label, {"stage", stages[stage]}});
        families.counter("milena_request_bytes_total", "Bytes of requests that were answered.",
                         static_cast<double>(api->request_bytes), {label});
        families.counter("milena_response_bytes_total", "Bytes of answers that were sent.",
                         static_cast<double>(api->response_bytes), {label});
    }
    const auto count = [&](const char* name, const char* help, uint64_t value) {
        families.counter(name, help, static_cast<double>(value));
    };
    count("milena_network_received_bytes_total", "Bytes received from clients.", total.received_bytes);
    count("milena_network_sent_bytes_total", "Bytes sent to clients.", total.sent_bytes);
    count("milena_connections_accepted_total", "Connections of clients.", total.connections_accepted);
    count("milena_connections_closed_total", "Connections that have ended.", total.connections_closed);
    count("milena_connections_refused_total", "Connections refused by a limit.", total.connections_refused);
    count("milena_connections_throttled_total", "Of these, because of the quota connection_creation_rate.",
          total.connections_throttled);
    count("milena_requests_refused_total", "Requests that closed their connection: malformed or not served.",
          total.requests_refused);
}

void add_topics(Families& families, const std::map<std::string, shard::TopicTraffic>& topics) {
    for (const auto& [name, traffic] : topics) {
        const Labels labels{{"topic", name}};
        const auto count = [&](const char* metric, const char* help, uint64_t value) {
            families.counter(metric, help, static_cast<double>(value), labels);
        };
        count("milena_topic_produced_records_total", "Records appended.", traffic.produced_records);
        count("milena_topic_produced_bytes_total", "Bytes of batches appended.", traffic.produced_bytes);
        count("milena_topic_produce_requests_total", "Produce requests, one for each partition.",
              traffic.produce_requests);
        count("milena_topic_produce_failures_total", "Those answered with an error.", traffic.produce_failures);
        count("milena_topic_fetched_bytes_total", "Bytes of batches given to consumers.", traffic.fetched_bytes);
        count("milena_topic_fetch_requests_total", "Fetch requests, one for each partition.", traffic.fetch_requests);
        count("milena_topic_fetch_failures_total", "Those answered with an error.", traffic.fetch_failures);
    }
}

void add_shards(Families& families, const std::vector<ShardMetrics>& shards) {
    for (size_t i = 0; i < shards.size(); ++i) {
        const ShardMetrics& shard = shards[i];
        const Labels labels{{"shard", std::to_string(i)}};
        const auto gauge = [&](const char* name, const char* help, double value) {
            families.gauge(name, help, value, labels);
        };
        families.histogram("milena_shard_work_seconds",
                           "How long pieces of work kept a shard from looking at its sockets.", shard::Pauses::bounds,
                           shard.pauses.counts, shard.pauses.total, labels);
        gauge("milena_shard_longest_pause_seconds", "The longest of them so far.", in_seconds(shard.pauses.longest));
        gauge("milena_connections", "Connections of clients that are open.", static_cast<double>(shard.connections));
        gauge("milena_requests_held_bytes", "Memory of requests and answers under way.",
              static_cast<double>(shard.requests_bytes));
        gauge("milena_tail_cache_bytes", "Memory of newest records.", static_cast<double>(shard.tail_cache_bytes));
        gauge("milena_partitions", "Partitions with a replica here.", static_cast<double>(shard.partitions));
        gauge("milena_leader_partitions", "Partitions led here.", static_cast<double>(shard.leaders));
        gauge("milena_log_bytes", "Bytes of all logs.", static_cast<double>(shard.log_bytes));
        gauge("milena_offline_log_directories", "Log directories that have failed.",
              static_cast<double>(shard.offline_directories));
        gauge("milena_full_log_directories", "Log directories that this shard finds to have no room for appends.",
              static_cast<double>(shard.full_directories));
        gauge("milena_cordoned_log_directories", "Log directories that get no new replicas.",
              static_cast<double>(shard.cordoned_directories));
        gauge("milena_open_files", "Descriptors of logs that are open.", static_cast<double>(shard.descriptors));
    }
}

void add_cleaners(Families& families, const std::vector<ShardMetrics>& shards) {
    for (size_t i = 0; i < shards.size(); ++i) {
        const replica::CleanerMetrics& cleaner = shards[i].cleaner;
        const Labels labels{{"shard", std::to_string(i)}};
        const auto gauge = [&](const char* name, const char* help, double value) {
            families.gauge(name, help, value, labels);
        };
        const auto count = [&](const char* name, const char* help, uint64_t value) {
            families.counter(name, help, static_cast<double>(value), labels);
        };
        count("milena_cleaner_passes_total", "Compactions of a log that came to their end.", cleaner.passes);
        count("milena_cleaner_failed_passes_total", "Compactions of a log that failed.", cleaner.passes_failed);
        count("milena_cleaner_read_bytes_total", "Bytes that compaction has read.", cleaner.bytes_read);
        count("milena_cleaner_written_bytes_total", "Bytes that compaction has written.", cleaner.bytes_written);
        gauge("milena_cleaner_max_dirty_ratio", "Share of not yet compacted bytes in the log that has most of them.",
              cleaner.dirty_ratio_max);
        gauge("milena_cleaner_recopy_ratio", "Bytes written by bytes read, in the last compaction of a log.",
              cleaner.last_recopy_ratio);
        gauge("milena_cleaner_buffer_utilization_ratio", "Used memory for keys, in the last compaction of a log.",
              cleaner.last_map_utilization);
        gauge("milena_cleaner_last_pass_seconds", "How long the last compaction of a log took.",
              in_seconds(cleaner.last_pass));
        gauge("milena_cleaner_uncleanable_partitions", "Partitions whose damaged records keep them from compaction.",
              static_cast<double>(cleaner.uncleanable_partitions));
    }
}

void add_groups(Families& families, const std::vector<ShardMetrics>& shards) {
    group::GroupMetrics all;
    for (const ShardMetrics& shard : shards) all.add(shard.groups);
    for (size_t i = 0; i < all.groups.size(); ++i)
        families.gauge("milena_groups", "Groups that are coordinated here.", static_cast<double>(all.groups[i]),
                       {{"state", std::string(group::state_name(static_cast<group::ClassicState>(i)))}});
    const auto gauge = [&](const char* name, const char* help, size_t value) {
        families.gauge(name, help, static_cast<double>(value), {});
    };
    const auto count = [&](const char* name, const char* help, uint64_t value) {
        families.counter(name, help, static_cast<double>(value), {});
    };
    gauge("milena_group_members", "Members of these groups.", all.members);
    count("milena_group_rebalances_total", "Rebalances that came to their end.", all.counts.rebalances);
    count("milena_group_members_expired_total", "Members that were silent for longer than their session's timeout.",
          all.counts.members_expired);
    count("milena_group_offset_commits_total", "Offsets that were committed.", all.counts.offset_commits);
    count("milena_group_offsets_expired_total", "Committed offsets that were forgotten for their age.",
          all.counts.offsets_expired);
    gauge("milena_group_partitions_loading", "Partitions of __consumer_offsets whose groups are being loaded.",
          all.loading);
    gauge("milena_group_partitions_unloaded", "Partitions of __consumer_offsets whose groups could not be loaded.",
          all.unloaded);
}

void add_replication(Families& families, const std::vector<ShardMetrics>& shards) {
    for (size_t i = 0; i < shards.size(); ++i) {
        const replica::ReplicationMetrics& replication = shards[i].replication;
        const Labels labels{{"shard", std::to_string(i)}};
        const auto gauge = [&](const char* name, const char* help, double value) {
            families.gauge(name, help, value, labels);
        };
        const auto count = [&](const char* name, const char* help, uint64_t value) {
            families.counter(name, help, static_cast<double>(value), labels);
        };
        gauge("milena_under_replicated_partitions", "Partitions led here with a replica that isn't in sync.",
              static_cast<double>(replication.under_replicated));
        gauge("milena_under_min_isr_partitions", "Partitions led here with fewer in sync than min.insync.replicas.",
              static_cast<double>(replication.under_min_isr));
        gauge("milena_at_min_isr_partitions", "Partitions led here with just min.insync.replicas in sync.",
              static_cast<double>(replication.at_min_isr));
        gauge("milena_replica_max_lag_records", "How far the slowest follower of a partition led here is behind.",
              static_cast<double>(replication.lag_records_max));
        gauge("milena_replica_max_lag_bytes", "Likewise in bytes, about.",
              static_cast<double>(replication.lag_bytes_max));
        gauge("milena_replica_lag_bytes", "Of all followers of partitions led here together, about.",
              static_cast<double>(replication.lag_bytes));
        gauge("milena_replica_max_lag_seconds", "For how long it has been.", in_seconds(replication.lag_max));
        count("milena_isr_shrinks_total", "Replicas that were taken out of an ISR.", replication.isr_shrinks);
        count("milena_isr_expands_total", "Replicas that came into an ISR.", replication.isr_expands);
        count("milena_isr_changes_failed_total", "Changes of ISRs that the controller has refused.",
              replication.isr_changes_failed);
    }
}

void add_streams(Families& families, const std::vector<ShardMetrics>& shards) {
    for (size_t i = 0; i < shards.size(); ++i) {
        const std::string shard = std::to_string(i);
        for (const auto& [node, stream] : shards[i].streams.followers) {
            const Labels labels{{"shard", shard}, {"follower", std::to_string(node.value)}};
            families.gauge("milena_replication_window_bytes",
                           "What a follower still takes before it has to say that it has taken in more.",
                           static_cast<double>(stream.window_bytes), labels);
            families.counter("milena_replication_sent_bytes_total", "Bytes sent to a follower since it has connected.",
                             static_cast<double>(stream.bytes_sent), labels);
            families.counter("milena_replication_cold_reads_total", "Reads for it of what is in memory no longer.",
                             static_cast<double>(stream.cold_reads), labels);
        }
        for (const auto& [node, stream] : shards[i].streams.leaders) {
            const Labels labels{{"shard", shard}, {"leader", std::to_string(node.value)}};
            families.gauge("milena_replication_waiting_bytes",
                           "What has come from a leader and isn't taken in yet: its window is so much smaller.",
                           static_cast<double>(stream.bytes_waiting), labels);
            families.counter("milena_replication_received_bytes_total", "Bytes received from a leader.",
                             static_cast<double>(stream.bytes_received), labels);
            families.counter("milena_replication_failures_total",
                             "Partitions whose copying from a leader was begun again after an error.",
                             static_cast<double>(stream.failures), labels);
        }
    }
}

void add_elections(Families& families, const controller::ElectionCounts& elections) {
    const auto count = [&](const char* kind, uint64_t value) {
        families.counter("milena_leader_elections_total",
                         "Partitions that have got another leader, as this controller has decided.",
                         static_cast<double>(value), {{"kind", kind}});
    };
    count("preferred", elections.preferred);
    count("clean", elections.clean);
    count("unclean", elections.unclean);
}

void add_raft(Families& families, const RaftMetrics& raft) {
    const auto gauge = [&](const char* name, const char* help, int64_t value, Labels labels = {}) {
        families.gauge(name, help, static_cast<double>(value), std::move(labels));
    };
    for (size_t i = 0; i < raft::role_names.size(); ++i)
        gauge("milena_raft_role",
              "1 for the role of this node among the replicas of the metadata log, 0 for the others.",
              static_cast<size_t>(raft.role) == i ? 1 : 0, {{"role", std::string(raft::role_names[i])}});
    gauge("milena_raft_epoch", "Epoch of the metadata log's leader, as this node knows it.", raft.epoch.value);
    gauge("milena_raft_leader", "Node that leads the metadata log, as this node knows it; -1: nobody.",
          raft.leader.value);
    gauge("milena_raft_high_watermark", "Offset below which this node knows the metadata log to be committed.",
          raft.high_watermark.value);
    gauge("milena_raft_log_end", "Offset of the next record of the metadata log here.", raft.log_end.value);
    gauge("milena_raft_awaits_log", "1 while a voter whose disk was empty hasn't copied the metadata log yet.",
          raft.awaits_log ? 1 : 0);
    for (const auto& [voter, lag] : raft.voter_lags)
        gauge("milena_raft_voter_lag_records", "How far a voter's log ends before that of this node, which leads.", lag,
              {{"voter", std::to_string(voter.value)}});
}

void add_quotas(Families& families, const QuotaMetrics& quotas) {
    static constexpr std::array<const char*, quota_types> types{"produce", "fetch", "request", "controller_mutation"};
    for (size_t i = 0; i < types.size(); ++i) {
        const Labels labels{{"quota", types[i]}};
        families.counter("milena_quota_throttled_requests_total", "Requests of clients that were over a quota.",
                         static_cast<double>(quotas.by_type[i].throttled_requests), labels);
        families.counter("milena_quota_throttle_seconds_total", "How long these clients were not listened to.",
                         in_seconds(quotas.by_type[i].throttle_time), labels);
    }
}

void add_moves(Families& families, const controller::MoverMetrics& moves) {
    const auto gauge = [&](const char* name, const char* help, size_t value) {
        families.gauge(name, help, static_cast<double>(value));
    };
    gauge("milena_balancer_active",
          "1 while replicas and leaders move until all brokers have equally much to store and to do.",
          moves.is_balancing ? 1 : 0);
    gauge("milena_balancer_unheard_brokers",
          "Brokers that haven't told this controller yet what they store; as long as there are any it only counts.",
          moves.unheard);
    families.counter("milena_balancer_moves_total", "Moves of replicas that this controller has begun by itself.",
                     static_cast<double>(moves.moves));
    families.counter("milena_balancer_leaderships_total", "Leaderships that it has moved so.",
                     static_cast<double>(moves.leaderships));
    gauge("milena_reassigning_partitions", "Partitions that are being moved, whoever has asked for it.", moves.moving);
    gauge("milena_draining_brokers", "Brokers that are being drained.", moves.draining);
    gauge("milena_drain_replicas_left", "Replicas that are still on them.", moves.drain_replicas);
    gauge("milena_drain_replicas_stuck", "Of these, those that no other broker can take.", moves.drain_stuck);
}

void add_health(Families& families, const controller::ClusterHealth& health) {
    families.gauge("milena_offline_partitions", "Partitions of the cluster that nobody leads.",
                   static_cast<double>(health.offline_partitions));
    for (const auto& [broker, count] : health.restart_blockers)
        families.gauge("milena_restart_blocking_partitions",
                       "Partitions that would be harmed if the broker restarted now, and will not be later.",
                       static_cast<double>(count), {{"broker", std::to_string(broker.value)}});
}

void add_directories(Families& families, const std::vector<ShardMetrics>& shards) {
    for (const ShardMetrics& shard : shards)
        for (const auto& [path, space] : shard.directories) {
            const Labels labels{{"directory", path}};
            families.gauge("milena_log_directory_total_bytes", "Size of the disk that the log directory is on.",
                           static_cast<double>(space.total_bytes), labels);
            families.gauge("milena_log_directory_usable_bytes", "Of these, those that may still be written.",
                           static_cast<double>(space.usable_bytes), labels);
        }
}

// The partitions that one shard owns, a slice at a time.
class PartitionSums : public std::enable_shared_from_this<PartitionSums> {
  public:
    PartitionSums(shard::Shard& shard, ShardMetrics metrics, std::function<void(ShardMetrics)> done)
        : shard_(shard), now_(shard.clock().now()), metrics_(std::move(metrics)), done_(std::move(done)) {}

    void add_some() {
        constexpr size_t partitions_a_slice = 500;
        last_ = shard_.partitions().each_after(last_, partitions_a_slice, [this](const replica::Replica& replica) {
            ++metrics_.partitions;
            metrics_.leaders += replica.is_leader() ? 1 : 0;
            metrics_.replication.add(replica, now_);
            metrics_.log_bytes += replica.log().bytes();
        });
        if (last_) return shard_.post([self = shared_from_this()] { self->add_some(); });
        done_(std::move(metrics_));
    }

  private:
    shard::Shard& shard_;
    const Instant now_;
    ShardMetrics metrics_;
    const std::function<void(ShardMetrics)> done_;
    std::optional<replica::PartitionKey> last_;
};

}  // namespace

void collect_metrics(shard::Shard& shard, const Server& server, std::function<void(ShardMetrics)> done) {
    ShardMetrics metrics;
    metrics.requests = server.metrics().copy();
    metrics.pauses = shard.loop().pauses();
    metrics.connections = server.connection_count();
    metrics.requests_bytes = server.budget().bytes_used();
    metrics.tail_cache_bytes = shard.tail_cache().bytes();
    metrics.descriptors = shard.disk().descriptors_open();
    metrics.metadata_offset = static_cast<uint64_t>(shard.image()->offset.value);
    metrics.offline_directories = shard.directories_offline();
    for (const shard::Shard::Directory& directory : shard.directories()) {
        metrics.full_directories += directory.files->is_full() ? 1 : 0;
        metrics.cordoned_directories += shard.partitions().is_cordoned(directory.id) ? 1 : 0;
        if (shard.id().value != 0 || directory.files->has_failed()) continue;
        const auto space = shard.disk().space(directory.files->path());
        if (space.has_value()) metrics.directories.push_back({directory.files->path(), *space});
    }
    metrics.quotas = server.quotas().metrics();
    if (const group::CoordinatorHost* coordinators = server.coordinators()) metrics.groups = coordinators->metrics();
    metrics.cleaner = shard.partitions().cleaner_metrics();
    metrics.replication = shard.partitions().replication_counts();
    for (const auto& [id, traffic] : shard.traffic())
        if (const metadata::TopicImage* topic = shard.image()->topic(id)) metrics.topics[topic->name] = traffic;
    std::make_shared<PartitionSums>(shard, std::move(metrics), std::move(done))->add_some();
}

RaftMetrics raft_metrics(const raft::Raft& raft) {
    RaftMetrics metrics{.role = raft.role(),
                        .epoch = raft.epoch(),
                        .leader = raft.leader(),
                        .high_watermark = raft.high_watermark(),
                        .log_end = raft.next_offset(),
                        .awaits_log = raft.awaits_log(),
                        .voter_lags = {}};
    for (const raft::ReplicaProgress& replica : raft.replicas())
        if (raft.voters().contains({replica.id, replica.directory_id}))
            metrics.voter_lags[replica.id] = metrics.log_end - replica.end_offset;
    return metrics;
}

std::string render_metrics(const std::vector<ShardMetrics>& shards, const ProcessMetrics& process) {
    Families families;
    RequestMetrics requests;
    QuotaMetrics quotas;
    std::map<std::string, shard::TopicTraffic> topics;
    for (const ShardMetrics& shard : shards) {
        requests.add(shard.requests);
        quotas.add(shard.quotas);
        for (const auto& [name, traffic] : shard.topics) topics[name].add(traffic);
    }
    families.gauge("milena_build_info", "Constant 1, labelled with the version.", 1, {{"version", process.version}});
    families.gauge("milena_active", "1 when the broker serves.", process.is_active ? 1 : 0);
    families.gauge("milena_active_controller", "1 when this node decides for the cluster.",
                   process.is_active_controller ? 1 : 0);
    if (process.is_active_controller) {
        add_moves(families, process.moves);
        add_health(families, process.health);
    }
    add_elections(families, process.elections);
    if (process.raft) add_raft(families, *process.raft);
    families.gauge("milena_metadata_offset", "Offset of the newest metadata in use.",
                   static_cast<double>(process.metadata_offset));
    families.gauge("process_start_time_seconds", "Start time since 1970.", process.start_time_seconds);
    families.gauge("process_resident_memory_bytes", "Resident memory.", static_cast<double>(process.resident_bytes));
    families.counter("process_cpu_seconds_total", "CPU time, user and system.", process.cpu_seconds);
    add_requests(families, requests);
    add_topics(families, topics);
    add_shards(families, shards);
    add_directories(families, shards);
    add_cleaners(families, shards);
    add_groups(families, shards);
    add_replication(families, shards);
    add_streams(families, shards);
    add_quotas(families, quotas);
    return families.text();
}

}  // namespace milena::server
