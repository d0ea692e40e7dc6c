#include "sim/cluster/cluster_scenario.h"

#include <algorithm>
#include <memory>

#include "sim/cluster/clients.h"
#include "sim/cluster/faults.h"
#include "sim/cluster/group_client.h"
#include "sim/cluster/sim_cluster.h"

namespace milena::sim::cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration founding_max = seconds(30);
constexpr Duration founding_retry_interval = milliseconds(300);
constexpr Duration faults_duration = seconds(60);
constexpr Duration recovery_max = seconds(120);
constexpr Duration reading_max = seconds(300);
constexpr uint32_t producers_per_partition = 2;

class ClusterScenario {
  public:
    explicit ClusterScenario(const ClusterOptions& options)
        : options_(options),
          cluster_(options.seed, options.policy),
          world_(cluster_.world),
          metadata_(cluster_.network, cluster_.checker.coverage()),
          faults_(cluster_) {
        world_.prints_trace = options.prints_trace;
        deletes_records_ = world_.random.one_in(3);
        has_elr_ = !world_.random.one_in(3);
        has_voters_in_log_ = !world_.random.one_in(3);
        const ClusterProducer::World clients_world{cluster_.network, metadata_, cluster_.checker.history(),
                                                   cluster_.checker.coverage(),
                                                   [this](std::string what) { complain(std::move(what)); },
                                                   [this](NodeId leader, PartitionIndex place, Offset end) {
                                                       cluster_.checker.acknowledged(leader, place, end);
                                                   },
                                                   // Batches of one size take each other's place.
                                                   world_.random.one_in(3) ? 1U : 8U};
        for (const char* group : {"group-1", "group-2"})
            groups_.push_back(std::make_unique<GroupClient>(clients_world, group));
        for (int32_t i = 0; i < partition_count; ++i) {
            consumers_.push_back(std::make_unique<ClusterConsumer>(clients_world, PartitionIndex(i)));
            for (uint32_t j = 0; j < producers_per_partition; ++j)
                producers_.push_back(std::make_unique<ClusterProducer>(
                    clients_world, static_cast<uint32_t>(producers_.size()), PartitionIndex(i)));
        }
    }

    ClusterReport run() {
        cluster_.start();
        found();
        if (!is_founded()) {
            complain("progress: the cluster could not be founded");
            return report();
        }
        metadata_.start();
        for (const auto& producer : producers_) producer->start();
        for (const auto& consumer : consumers_) consumer->start();
        for (const auto& group : groups_) group->start();
        const Instant faults_end = world_.clock.now() + faults_duration;
        faults_.begin(faults_end);
        if (deletes_records_) plan_deletion(faults_end);
        run_until(faults_end, [] { return false; });
        recover();
        read_everything();
        cluster_.checker.compare_replicas(cluster_.processes());
        return report();
    }

  private:
    void complain(std::string what) { cluster_.checker.complain(std::move(what)); }
    void run_until(Instant end, const std::function<bool()>& holds) { world_.run_until(end, holds); }

    bool is_founded() const {
        const auto& newest = cluster_.checker.newest();
        return newest && key_at(*newest, PartitionIndex(0)) && key_at(*newest, offsets_place);
    }

    // All brokers come up, and the topic is made.
    void found() {
        const Instant end = world_.clock.now() + founding_max;
        while (!is_founded() && world_.clock.now() < end) {
            SimNode* active = cluster_.active_controller();
            const bool is_ready = active != nullptr && cluster_.are_all_serving();
            if (is_ready && has_elr_ && !metadata::has_elr(*active->controller().image()->features))
                raise_feature(*active, metadata::elr_version_feature);
            else if (is_ready && has_voters_in_log_ && active->raft()->kraft_version() == 0)
                raise_feature(*active, metadata::kraft_version_feature);
            else if (is_ready)
                create_topics(*active);
            run_until(world_.clock.now() + founding_retry_interval, [] { return false; });
        }
    }

    static void raise_feature(SimNode& active, std::string_view feature) {
        wire::UpdateFeaturesRequest request;
        auto& update = request.feature_updates.emplace_back();
        update.feature = feature;
        update.max_version_level = 1;
        active.controller().submit(request, [](const wire::UpdateFeaturesResponse&) {});
    }

    static void create_topics(SimNode& active) {
        wire::CreateTopicsRequest request;
        const auto add = [&request](std::string_view name, int32_t partitions) {
            auto& topic = request.topics.emplace_back();
            topic.name = name;
            topic.num_partitions = partitions;
            topic.replication_factor = 3;
            topic.configs.push_back({"min.insync.replicas", "2"});
        };
        add(topic_name, partition_count);
        add(group::offsets_topic, 1);
        active.controller().submit(request, [](const wire::CreateTopicsResponse&) {});
    }

    void plan_deletion(Instant end) {
        world_.after(milliseconds(500) + world_.random.up_to(seconds(6)), [this, end] {
            delete_records(PartitionIndex(static_cast<int32_t>(world_.random.below(partition_count))));
            if (world_.clock.now() < end) plan_deletion(end);
        });
    }

    // Whether it is done or not, the records may be gone from now on.
    void delete_records(PartitionIndex partition) {
        const auto leader = metadata_.leader(partition);
        SimNode* node = leader ? cluster_.process(leader->node) : nullptr;
        replica::Replica* replica = node == nullptr ? nullptr : node->find(metadata_.key(partition));
        if (replica == nullptr) return;
        const auto committed = static_cast<uint64_t>(std::max<int64_t>(replica->high_watermark().value, 0));
        const Offset before(static_cast<int64_t>(world_.random.below(committed + 1)));
        cluster_.checker.history().deleted(partition, before);
        cluster_.network.from_client(leader->node, [this, partition, before](SimNode& at) {
            at.delete_records(metadata_.key(partition), before, [this, partition](const Result<Offset>& start) {
                if (!start.has_value()) return;
                world_.trace("deleted", partition.value, start->value);
                cluster_.checker.coverage().mark("records deleted");
            });
        });
    }

    bool all_idle() const {
        const auto is_idle = [](const auto& client) { return client->is_idle(); };
        return std::ranges::all_of(producers_, is_idle) && std::ranges::all_of(groups_, is_idle);
    }

    void recover() {
        world_.trace("peace");
        cluster_.make_peace();
        run_until(world_.clock.now() + recovery_max,
                  [this] { return cluster_.checker.history().acknowledged_count() >= acknowledged_min; });
        for (const auto& producer : producers_) producer->stop();
        for (const auto& group : groups_) group->stop();
        const Instant began = world_.clock.now();
        bool is_over = false;
        run_until(began + recovery_max, [this, &is_over] {
            return is_over = all_idle() && cluster_.checker.is_whole() && cluster_.are_all_serving();
        });
        recovery_seconds_ = in_seconds(world_.clock.now() - began);
        if (is_over) return;
        cluster_.checker.describe(cluster_.processes());
        if (!all_idle()) complain("progress: not all that was produced or committed is acknowledged");
        if (!cluster_.checker.is_whole()) complain("progress: not all replicas are in sync again");
        if (!cluster_.are_all_serving()) complain("progress: not all brokers serve again");
    }

    void read_everything() {
        // What was acknowledged last comes to all.
        run_until(world_.clock.now() + seconds(5), [] { return false; });
        for (const auto& consumer : consumers_) consumer->start_over();
        const auto all_read = [this] {
            return std::ranges::all_of(consumers_, [](const auto& consumer) { return consumer->is_at_end(); });
        };
        run_until(world_.clock.now() + reading_max, all_read);
        if (!all_read()) complain("progress: the log could not be read to its end");
        for (size_t i = 0; i < consumers_.size(); ++i)
            cluster_.checker.history().finish(PartitionIndex(static_cast<int32_t>(i)), consumers_[i]->log_start(),
                                              consumers_[i]->values());
    }

    ClusterReport report() {
        ClusterReport report;
        report.seed = options_.seed;
        report.policy = options_.policy;
        report.nodes = cluster_.size();
        report.voters = cluster_.setup().voters_count;
        report.acknowledged = cluster_.checker.history().acknowledged_count();
        report.lost = cluster_.checker.history().lost_count();
        report.faults = faults_.count();
        report.restarts = cluster_.restarts();
        report.events = world_.events_run();
        report.messages = cluster_.network.messages_count();
        report.virtual_seconds = in_seconds(world_.clock.now().since_start);
        report.recovery_seconds = recovery_seconds_;
        report.trace_hash = world_.trace_hash();
        report.coverage = cluster_.checker.coverage();
        report.violations = cluster_.checker.violations();
        if (!report.violations.empty()) report.last_lines = world_.last_lines();
        return report;
    }

    const ClusterOptions options_;
    SimCluster cluster_;
    World& world_;
    ClientMetadata metadata_;
    Faults faults_;
    bool deletes_records_ = false;
    bool has_elr_ = false;            // eligible.leader.replicas.version
    bool has_voters_in_log_ = false;  // kraft.version
    double recovery_seconds_ = 0;
    std::vector<std::unique_ptr<ClusterProducer>> producers_;
    std::vector<std::unique_ptr<ClusterConsumer>> consumers_;
    std::vector<std::unique_ptr<GroupClient>> groups_;
};

}  // namespace

bool is_good(const ClusterReport& report) {
    return report.violations.empty() && report.acknowledged >= acknowledged_min && report.faults >= faults_min &&
           report.virtual_seconds >= virtual_seconds_min;
}

ClusterReport run_cluster_scenario(const ClusterOptions& options) { return ClusterScenario(options).run(); }

}  // namespace milena::sim::cluster
