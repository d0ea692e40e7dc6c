#include "sim/scenario.h"

#include <array>
#include <memory>
#include <set>

#include "sim/checker.h"
#include "sim/consumer.h"
#include "sim/group_member.h"
#include "sim/producer.h"

namespace milena::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant faults_end{seconds(60)};
constexpr Instant peace_end{seconds(120)};
constexpr uint32_t producers_per_partition = 2;
constexpr int members_of_a_group = 3;
// Four segments, and how many records they hold at least.
constexpr int64_t retention_bytes = 64 * 1024;
constexpr size_t retention_records = 400;

enum class Fault : uint8_t {
    crash_at_write,
    kill,
    power_loss,
    disk_full,
    disk_errors,
    sync_errors,
    network_trouble,
    clock_jump,
    flipped_bit,
    clean_restart,
};
constexpr size_t fault_kinds = 10;
constexpr std::array<const char*, fault_kinds> fault_names{
    "crash at write",  "kill",       "power loss",  "disk full",    "disk errors", "sync errors",
    "network trouble", "clock jump", "flipped bit", "clean restart"};

// What is rebuilt when it is damaged, so that a flipped bit costs nothing but time.
constexpr std::array<const char*, 3> rebuildable{".index", ".timeindex", ".snapshot"};

// One directory or both.
constexpr std::array<const char*, 3> error_scopes{"/data-a", "/data-b", "/data"};

class Scenario {
  public:
    explicit Scenario(const ScenarioOptions& options)
        : options_(options),
          world_(options.seed),
          disk_(world_.random, world_.clock,
                [this](Duration delay, std::function<void()> event) { world_.after(delay, std::move(event)); }),
          network_{.world = world_, .broker = [this] { return broker_.get(); }} {
        world_.prints_trace = options.prints_trace;
        draw_fault_kinds();
        draw_deletion();
        setup_.has_groups = true;
        for (int member = 0; member < members_of_a_group; ++member) {
            members_.push_back(
                std::make_unique<GroupMember>(network_, group_checker_, GroupMember::Identity{"group-1", {}}));
            members_.push_back(std::make_unique<GroupMember>(
                network_, group_checker_, GroupMember::Identity{"group-2", "instance-" + std::to_string(member)}));
        }
        for (int32_t partition = 0; partition < partition_count; ++partition) {
            consumers_.push_back(std::make_unique<Consumer>(network_, checker_, PartitionIndex(partition)));
            for (uint32_t i = 0; i < producers_per_partition; ++i)
                producers_.push_back(std::make_unique<Producer>(
                    network_, checker_, static_cast<uint32_t>(producers_.size()), PartitionIndex(partition)));
        }
    }

    Report run() {
        start_broker();
        for (const auto& producer : producers_) producer->start();
        for (const auto& consumer : consumers_) consumer->start();
        for (const auto& member : members_) member->start();
        plan_next_fault();
        if (deletes_records_) plan_deletion();
        supervise();
        world_.run_until(faults_end, [] { return false; });
        make_peace();
        for (const auto& producer : producers_) producer->stop();
        for (const auto& member : members_) member->calm();
        world_.run_until(peace_end, [this] { return all_idle(); });
        if (!all_idle()) checker_.complain("the broker did not recover after the faults had stopped");
        read_everything();
        return report();
    }

  private:
    // Each seed has its own selection of fault kinds: some combinations hide others.
    void draw_fault_kinds() {
        for (size_t kind = 0; kind < fault_kinds; ++kind)
            if (!world_.random.one_in(3)) kinds_.push_back(static_cast<Fault>(kind));
        if (kinds_.empty()) kinds_.push_back(Fault::kill);
        if (options_.expects_too_much) kinds_ = {Fault::power_loss};
    }

    void draw_deletion() {
        setup_.policy = options_.policy;
        deletes_records_ = world_.random.one_in(3);
        setup_.is_compacted = world_.random.one_in(3);
        if (setup_.is_compacted) checker_.allow_compaction();
        if (!world_.random.one_in(3)) return;
        setup_.retention_bytes = retention_bytes;
        checker_.allow_retention(retention_records);
    }

    void start_broker() {
        if (broker_) return;
        auto broker = std::make_unique<SimBroker>(world_, disk_, setup_);
        if (broker->must_restart()) {
            broker.reset();
            disk_.restart();
            world_.after(milliseconds(200), [this] { start_broker(); });
            return;
        }
        world_.trace("broker started");
        group_checker_.restarted();
        ++restarts_;
        broker_ = std::move(broker);
    }

    void start_broker_soon() {
        world_.after(milliseconds(50) + world_.random.up_to(milliseconds(400)), [this] { start_broker(); });
    }

    void kill_broker(bool loses_power) {
        broker_.reset();
        if (loses_power)
            disk_.lose_power();
        else
            disk_.restart();
        start_broker_soon();
    }

    // Kubernetes' part: a process that can't go on is started again.
    void supervise() {
        if (broker_ && (broker_->must_restart() || (broker_->has_lost_a_directory() && world_.random.one_in(40)))) {
            world_.trace("broker died");
            kill_broker(false);
        }
        world_.after(milliseconds(20), [this] { supervise(); });
    }

    void plan_next_fault() {
        world_.after(milliseconds(500) + world_.random.up_to(seconds(5)), [this] {
            if (world_.clock.now() + seconds(1) >= faults_end) return;
            inject(kinds_[world_.random.below(kinds_.size())]);
            plan_next_fault();
        });
    }

    void plan_deletion() {
        world_.after(milliseconds(500) + world_.random.up_to(seconds(3)), [this] {
            delete_records(PartitionIndex(static_cast<int32_t>(world_.random.below(partition_count))));
            if (world_.clock.now() < faults_end) plan_deletion();
        });
    }

    void delete_records(PartitionIndex partition) {
        const auto high_watermark = broker_ ? broker_->high_watermark(partition) : std::nullopt;
        if (!high_watermark) return;
        const Offset before{
            static_cast<int64_t>(world_.random.below(static_cast<uint64_t>(high_watermark->value) + 1))};
        const auto start = broker_->delete_records(partition, before);
        if (!start.has_value()) return;
        world_.trace("deleted", partition.value, before.value, start->value);
        if (*start < before) checker_.complain("records were not deleted");
        checker_.deleted(partition, before);
    }

    void heal_after(Duration longest, const std::function<void()>& then = [] {}) {
        world_.after(milliseconds(100) + world_.random.up_to(longest), [this, then] {
            disk_.heal();
            then();
        });
    }

    void inject(Fault fault) {
        world_.trace(fault_names[static_cast<size_t>(fault)]);
        ++faults_;
        switch (fault) {
            case Fault::crash_at_write: return disk_.crash_at_write(1 + world_.random.below(60));
            case Fault::kill: return kill_broker(false);
            case Fault::power_loss: return lose_power();
            case Fault::disk_full: return fill_disk();
            case Fault::disk_errors:
                disk_.fail_below(error_scopes[world_.random.below(3)]);
                return heal_after(seconds(1));
            case Fault::sync_errors: disk_.fail_syncs(true); return heal_after(seconds(1));
            case Fault::network_trouble: return trouble_network();
            case Fault::clock_jump: return jump_clock();
            case Fault::flipped_bit: return flip_bit();
            case Fault::clean_restart: return restart_cleanly();
        }
    }

    // What was refused half way lies behind the log's end until the next append; only a crash soon after shows that.
    void fill_disk() {
        disk_.limit_capacity(disk_.used_bytes() + world_.random.below(4096));
        heal_after(seconds(3), [this] {
            if (world_.random.one_in(2)) disk_.crash_at_write(1 + world_.random.below(20));
        });
    }

    void lose_power() {
        // What the page cache loses then is lost by nature.
        if (options_.policy == Policy::page_cache && !options_.expects_too_much) {
            checker_.forgive_losses();
            group_checker_.forgive_losses();
            ++network_.connections_lost;  // an answer that comes later would be about what may be gone
            for (const auto& consumer : consumers_) consumer->allow_losses();
            for (const auto& producer : producers_) producer->allow_reset();
            for (const auto& member : members_) member->forget();
        }
        kill_broker(true);
    }

    void trouble_network() {
        network_.loses_one_in = 2 + world_.random.below(8);
        network_.repeats_one_in = 2 + world_.random.below(8);
        network_.delay_max = world_.random.up_to(milliseconds(200)) + milliseconds(1);
        world_.after(world_.random.up_to(seconds(4)), [this] { calm_network(); });
    }

    void calm_network() {
        network_.loses_one_in = network_.repeats_one_in = 0;
        network_.delay_max = milliseconds(4);
    }

    // Less than an hour altogether: a batch that seems to come from further in the future is refused, as in Kafka.
    void jump_clock() {
        const Duration to = world_.random.up_to(std::chrono::minutes(50)) - std::chrono::minutes(25);
        world_.clock.jump_wall(to - wall_offset_);
        wall_offset_ = to;
    }

    void flip_bit() {
        broker_.reset();
        disk_.restart();
        disk_.flip_bit(rebuildable[world_.random.below(rebuildable.size())]);
        start_broker_soon();
    }

    void restart_cleanly() {
        const bool is_clean = broker_ && broker_->stop_cleanly();
        world_.trace("stopped", is_clean ? 1 : 0);
        // After the marker nothing needs power any more.
        kill_broker(is_clean && world_.random.one_in(2));
    }

    void make_peace() {
        disk_.heal();
        calm_network();
        if (!broker_) return;
        // The crash that was planned last may not have come: no write is left to die at.
        kill_broker(false);
    }

    bool all_idle() const {
        for (const auto& producer : producers_)
            if (!producer->is_idle()) return false;
        return groups_have_settled();
    }

    // All members of each group are in the same generation, and every partition is somebody's, once.
    bool groups_have_settled() const {
        for (size_t group = 0; group < 2; ++group) {
            std::set<PartitionIndex> owned;
            size_t owned_count = 0;
            for (size_t i = group; i < members_.size(); i += 2) {
                const auto generation = members_[i]->generation();
                if (!generation || generation != members_[group]->generation()) return false;
                for (const auto& [partition, position] : members_[i]->positions()) owned.insert(partition);
                owned_count += members_[i]->positions().size();
            }
            if (owned.size() != partition_count || owned_count != partition_count) return false;
        }
        return true;
    }

    void read_everything() {
        for (const auto& consumer : consumers_) consumer->start_over();
        const auto all_read = [this] {
            for (const auto& consumer : consumers_)
                if (!consumer->is_at_end()) return false;
            return true;
        };
        world_.run_until(world_.clock.now() + seconds(600), all_read);
        if (!all_read()) checker_.complain("the log could not be read to its end");
        for (size_t i = 0; i < consumers_.size(); ++i)
            checker_.finish(PartitionIndex(static_cast<int32_t>(i)), consumers_[i]->log_start(),
                            consumers_[i]->values());
        for (const char* group : {"group-1", "group-2"}) fetch_committed(group);
    }

    // What a member would be told that comes now.
    void fetch_committed(const std::string& group) {
        using Answer = wire::OffsetFetchResponse::Group;
        const auto is_answered = std::make_shared<bool>(false);
        const auto ask = [group](group::Coordinator& coordinator, const group::Reply<Answer>& reply) {
            wire::OffsetFetchRequest::Group request;
            request.group_id = group;
            coordinator.fetch_offsets(request, reply);
        };
        const group::Reply<Answer> note = [this, group, is_answered](const Result<Answer>& response) {
            *is_answered = response.has_value() && response->error_code == ErrorCode::none;
            if (!*is_answered) return;
            for (const auto& topic : response->topics)
                for (const auto& partition : topic.partitions)
                    group_checker_.fetched(group, PartitionIndex(partition.partition_index),
                                           Offset(partition.committed_offset));
        };
        const Instant deadline = world_.clock.now() + seconds(60);
        while (!*is_answered && world_.clock.now() < deadline) {
            if (broker_) broker_->ask_group<Answer>(group, ask, note);
            world_.run_until(world_.clock.now() + milliseconds(100), [] { return false; });
        }
        if (!*is_answered) checker_.complain("a group's offsets could not be fetched");
    }

    Report report() {
        Report report;
        report.seed = options_.seed;
        report.policy = options_.policy;
        report.acknowledged = checker_.acknowledged_count();
        report.faults = faults_;
        report.restarts = restarts_;
        report.lost = checker_.lost_count();
        report.compacted = checker_.compacted_count();
        report.generations = group_checker_.generations_count();
        report.commits = group_checker_.commits_count();
        report.events = world_.events_run();
        report.virtual_seconds = std::chrono::duration<double>(world_.clock.now().since_start).count();
        report.trace_hash = world_.trace_hash();
        report.violations = checker_.violations();
        if (!report.violations.empty()) report.last_lines = world_.last_lines();
        broker_.reset();
        return report;
    }

    const ScenarioOptions options_;
    BrokerSetup setup_;
    bool deletes_records_ = false;
    Duration wall_offset_{};  // of the clock from true time
    World world_;
    SimDisk disk_;
    Checker checker_;
    GroupChecker group_checker_{checker_};
    Network network_;
    std::vector<Fault> kinds_;
    std::vector<std::unique_ptr<Producer>> producers_;
    std::vector<std::unique_ptr<Consumer>> consumers_;
    std::vector<std::unique_ptr<GroupMember>> members_;  // of both groups in turn
    std::unique_ptr<SimBroker> broker_;
    uint64_t faults_ = 0;
    uint64_t restarts_ = 0;
};

}  // namespace

Report run_scenario(const ScenarioOptions& options) { return Scenario(options).run(); }

}  // namespace milena::sim
