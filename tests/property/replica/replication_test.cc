// One partition on three brokers, under virtual time: appends, changes of leader, brokers that crash and lose power,
// connections that break, images that come late, answers of the controller that get lost. The controller is a few lines
// here: it elects from the in-sync replicas and agrees to what a leader asks for if the partition is still as it was.
//
// What must hold however it goes: what was acknowledged is never lost, by whichever leader it was; all logs are the
// same below the high watermarks; no high watermark goes back; and once everything is left in peace, all are in sync
// and equal, within a bounded time.
#include <array>
#include <map>
#include <memory>
#include <set>

#include "base/log.h"
#include "unit/replica/copy.h"

namespace milena::replica {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int brokers_count = 3;

class Cluster {
  public:
    explicit Cluster(uint64_t seed) : world_(seed) {
        settings::TopicConfig topic;
        settings::BrokerConfig broker;
        topic.segment_bytes = 4000;
        topic.min_insync_replicas = world_.random.one_in(2) ? 2 : 1;
        is_fsynced_ = world_.random.one_in(2);
        if (is_fsynced_) topic.flush_messages = 1;
        const auto policy = topic_policy(topic, broker);
        for (int i = 0; i < brokers_count; ++i) add(i, policy);
        state_.isr = {node(0), node(1), node(2)};
        state_.leader = node(0);
        publish();
    }

    void run(int steps) {
        for (int i = 0; i < steps; ++i) {
            act();
            pass(world_.random.up_to(milliseconds(40)));
            check_high_watermarks();
            if (i % 20 == 0) check_logs();
        }
    }
    // Everybody is there, and everybody hears of everything.
    void heal() {
        is_calm_ = true;
        for (Broker& broker : brokers_)
            if (!broker.copy->is_up()) restart(broker);
        publish();
        for (int i = 0; i < 200 && !is_whole(); ++i) pass(milliseconds(100));
        EXPECT_TRUE(is_whole());
        check_high_watermarks();
        check_logs();
        const Offset end = brokers_[0].copy->replica().log().log_end_offset();
        for (Broker& broker : brokers_)
            EXPECT_TRUE(broker.copy->content(end) == brokers_[0].copy->content(end)) << broker.copy->node().value;
    }

    size_t acknowledged_count() const { return acknowledged_.size(); }
    int elections = 0;
    int isr_changes = 0;

  private:
    struct State {
        LeaderEpoch epoch{0};
        int32_t partition_epoch = 0;
        NodeId leader;
        std::vector<NodeId> isr;
    };
    struct Broker {
        std::unique_ptr<Copy> copy;
        std::unique_ptr<Link> link;  // to the leader that it knows
        NodeId linked_to = no_node;
        Instant told_at;  // images come in order
        int life = 0;     // of the process
        Offset high_watermark{0};
        LeaderEpoch epoch;  // that the link was told
    };

    static NodeId node(int index) { return NodeId{index + 1}; }
    Broker& broker(NodeId id) { return brokers_[static_cast<size_t>(id.value - 1)]; }
    Broker& any() { return brokers_[world_.random.below(brokers_count)]; }
    bool is_in_sync(NodeId id) const { return std::ranges::find(state_.isr, id) != state_.isr.end(); }

    void add(int index, const std::shared_ptr<const TopicPolicy>& policy) {
        Broker& broker = brokers_[static_cast<size_t>(index)];
        broker.copy = std::make_unique<Copy>(node(index), world_, codecs_, policy);
        broker.copy->context.lag_time_max = milliseconds(500);
        broker.copy->context.propose = [this, id = node(index)](const IsrChange& change,
                                                                std::function<void(ErrorCode)> done) {
            propose(id, change, std::move(done));
        };
        epochs_[node(index)] = ++last_epoch_;
    }

    // --- the controller

    void publish() {
        for (Broker& broker : brokers_) {
            const bool is_late = world_.random.one_in(20) && !is_calm_;
            const Duration delay = world_.random.up_to(is_late ? milliseconds(2000) : milliseconds(30));
            broker.told_at = std::max(broker.told_at, world_.clock.now() + delay);
            world_.after(broker.told_at - world_.clock.now(),
                         [this, &broker, life = broker.life, state = state_, epochs = epochs_] {
                             // Who begins anew follows images from its own registration on only.
                             if (life == broker.life) told(broker, state, epochs);
                         });
        }
    }
    void told(Broker& broker, const State& state, const std::map<NodeId, int64_t>& epochs) {
        broker.copy->context.active_brokers = epochs;
        if (!broker.copy->is_up() || state.epoch < broker.copy->replica().leader_epoch()) return;
        Replica& replica = broker.copy->replica();
        if (state.leader == no_node) {
            replica.resign(state.epoch);
        } else if (state.leader == broker.copy->node()) {
            Leadership leadership;
            leadership.epoch = state.epoch;
            leadership.partition_epoch = state.partition_epoch;
            leadership.isr = state.isr;
            leadership.replicas = {node(0), node(1), node(2)};
            replica.become_leader(leadership);
        } else {
            replica.become_follower(state.epoch, state.leader);
        }
    }
    void elect(NodeId leader) {
        state_.leader = leader;
        ++state_.epoch;
        ++state_.partition_epoch;
        ++elections;
        publish();
    }
    // Nobody who isn't in sync, and of these somebody who is there.
    void elect_somebody() {
        std::vector<NodeId> able;
        for (const NodeId id : state_.isr)
            if (epochs_.contains(id)) able.push_back(id);
        elect(able.empty() ? no_node : able[world_.random.below(able.size())]);
    }
    ErrorCode decide(NodeId from, const IsrChange& change) {
        if (from != state_.leader || change.leader_epoch != state_.epoch) return ErrorCode::fenced_leader_epoch;
        if (change.partition_epoch != state_.partition_epoch) return ErrorCode::invalid_update_version;
        for (size_t i = 0; i < change.isr.size(); ++i) {
            const auto at = epochs_.find(change.isr[i]);
            const int64_t known = change.broker_epochs[i];
            if (at == epochs_.end() || (known != -1 && known != at->second)) return ErrorCode::ineligible_replica;
        }
        state_.isr = change.isr;
        ++state_.partition_epoch;
        ++isr_changes;
        publish();
        return ErrorCode::none;
    }
    void propose(NodeId from, const IsrChange& change, std::function<void(ErrorCode)> done) {
        world_.after(world_.random.up_to(milliseconds(20)), [this, from, change, done = std::move(done)] {
            const bool is_lost = world_.random.one_in(6);
            ErrorCode answer = is_lost ? ErrorCode::request_timed_out : decide(from, change);
            if (world_.random.one_in(6)) answer = ErrorCode::request_timed_out;
            world_.after(world_.random.up_to(milliseconds(20)), [done, answer] { done(answer); });
        });
    }

    // --- what happens

    void act() {
        switch (world_.random.below(16)) {
            case 0: return crash(any());
            case 1:
            case 2: {
                Broker& broker = any();
                if (!broker.copy->is_up()) restart(broker);
                return;
            }
            case 3: return move_leadership();
            case 4: {
                Broker& broker = any();
                if (broker.link && broker.link->is_open()) broker.link->close();
                return;
            }
            case 5: {
                Broker& broker = any();
                if (broker.copy->is_up()) broker.copy->checkpoint();
                return;
            }
            default: return produce();
        }
    }
    void move_leadership() {
        const NodeId next = state_.isr[world_.random.below(state_.isr.size())];
        if (next != state_.leader && epochs_.contains(next)) elect(next);
    }
    // Where records are acknowledged out of the page cache, the last one in sync keeps what it has.
    void crash(Broker& broker) {
        const NodeId id = broker.copy->node();
        if (!broker.copy->is_up()) return;
        const bool is_last = is_in_sync(id) && state_.isr.size() == 1;
        const bool power_is_lost = world_.random.one_in(2) && (is_fsynced_ || !is_last);
        for (Broker& other : brokers_)
            if (other.link && other.linked_to == id && other.link->is_open()) other.link->close();
        broker.link.reset();
        broker.copy->crash(power_is_lost);
        broker.high_watermark = Offset{0};
        epochs_.erase(id);
        // Its registration goes, and with it its place, unless it is the last one.
        if (is_in_sync(id) && !is_last) {
            std::erase(state_.isr, id);
            ++state_.partition_epoch;
        }
        if (state_.leader == id)
            elect_somebody();
        else
            publish();
    }
    void restart(Broker& broker) {
        broker.copy->start();
        ++broker.life;
        epochs_[broker.copy->node()] = ++last_epoch_;
        if (state_.leader == no_node && is_in_sync(broker.copy->node()))
            elect(broker.copy->node());
        else
            publish();
    }
    void produce() {
        Broker& broker = any();
        if (!broker.copy->is_up() || !broker.copy->replica().is_leader()) return;
        for (uint64_t left = 1 + world_.random.below(5); left > 0; --left) {
            const std::string value = "value " + std::to_string(++values_) + ";";
            Replica& replica = broker.copy->replica();
            const ProduceOutcome outcome = broker.copy->produce(value);
            if (outcome.error != ErrorCode::none) return;
            if (replica.is_acknowledged(outcome.last_offset, Acknowledgement::all_in_sync)) {
                acknowledged_[outcome.last_offset] = value;
                continue;
            }
            replica.when_acknowledged(outcome.last_offset, Acknowledgement::all_in_sync,
                                      [this, value, at = outcome.last_offset](ErrorCode error) {
                                          if (error == ErrorCode::none) acknowledged_[at] = value;
                                      });
        }
    }
    void pass(Duration duration) {
        const Instant end = world_.clock.now() + duration;
        while (world_.clock.now() < end) {
            world_.run_until(std::min(end, world_.clock.now() + milliseconds(10)), [] { return false; });
            for (Broker& broker : brokers_) keep_up(broker);
        }
    }
    // What a broker does by itself: it connects to whom it follows, and looks after who follows it.
    void keep_up(Broker& broker) {
        if (!broker.copy->is_up()) return;
        Replica& replica = broker.copy->replica();
        replica.look_after();
        const NodeId leader = replica.is_follower() ? replica.leader() : no_node;
        if (leader != broker.linked_to || !broker.link) {
            broker.link.reset();
            broker.linked_to = leader;
            if (leader == no_node) return;
            broker.link = std::make_unique<Link>(world_, *broker.copy, *this->broker(leader).copy);
            broker.link->delay_max = world_.random.one_in(4) ? milliseconds(30) : milliseconds(3);
            broker.epoch = no_leader_epoch;
        }
        if (!broker.link->is_open() && this->broker(leader).copy->is_up())
            broker.link->open(epochs_.contains(broker.copy->node()) ? epochs_[broker.copy->node()] : -1);
        if (std::exchange(broker.epoch, replica.leader_epoch()) != replica.leader_epoch())
            broker.link->follow(replica.leader_epoch());
        broker.link->tick();
    }

    // --- what must hold

    void check_high_watermarks() {
        for (Broker& broker : brokers_) {
            if (!broker.copy->is_up()) continue;
            const Offset now = broker.copy->replica().high_watermark();
            EXPECT_GE(now, broker.high_watermark) << broker.copy->node().value;
            EXPECT_LE(now, broker.copy->replica().log().log_end_offset());
            broker.high_watermark = now;
        }
    }
    std::map<Offset, std::string> batches_of(Broker& broker, Offset end) {
        std::map<Offset, std::string> batches;
        const std::string content = broker.copy->content(end);
        wire::BatchCursor cursor(std::as_bytes(std::span(content)));
        for (auto batch = cursor.next(); batch.has_value() && batch->has_value(); batch = cursor.next()) {
            const auto bytes = (*batch)->bytes;
            batches[(*batch)->header.base_offset] = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        }
        return batches;
    }
    void check_logs() {
        std::map<Offset, std::string> committed;
        for (Broker& broker : brokers_) {
            if (!broker.copy->is_up()) continue;
            for (const auto& [offset, batch] : batches_of(broker, broker.copy->replica().high_watermark()))
                EXPECT_TRUE(committed.try_emplace(offset, batch).first->second == batch) << offset.value;
        }
        // Who leads by the newest image, and knows it, has everything.
        if (state_.leader == no_node || !broker(state_.leader).copy->is_up()) return;
        Broker& leader = broker(state_.leader);
        const Replica& replica = leader.copy->replica();
        if (!replica.is_leader() || replica.leader_epoch() != state_.epoch) return;
        const auto all = batches_of(leader, replica.log().log_end_offset());
        for (const auto& [offset, value] : acknowledged_) {
            const auto at = all.find(offset);
            const bool is_there = at != all.end() && at->second.find(value) != std::string::npos;
            EXPECT_TRUE(is_there) << "lost: " << value << " at " << offset.value;
            if (!is_there) return;
        }
    }
    bool is_whole() {
        if (state_.isr.size() != brokers_count || state_.leader == no_node) return false;
        const Replica& leader = broker(state_.leader).copy->replica();
        for (Broker& broker : brokers_)
            if (!broker.copy->is_up() || broker.copy->replica().high_watermark() != leader.log().log_end_offset() ||
                broker.copy->replica().log().log_end_offset() != leader.log().log_end_offset())
                return false;
        return true;
    }

    sim::World world_;
    wire::Codecs codecs_;
    bool is_fsynced_ = false;
    bool is_calm_ = false;
    State state_;
    std::map<NodeId, int64_t> epochs_;  // of the brokers that are registered and not fenced
    int64_t last_epoch_ = 0;
    std::array<Broker, brokers_count> brokers_;
    std::map<Offset, std::string> acknowledged_;
    uint64_t values_ = 0;
};

struct ReplicationProperty : testing::Test {
    ReplicationProperty() {
        set_log_sink([](LogLevel, std::string_view) {});
    }
    ~ReplicationProperty() override { set_log_sink(nullptr); }
};

TEST_F(ReplicationProperty, acknowledged_records_survive_and_all_logs_become_equal) {
    size_t acknowledged = 0;
    int elections = 0;
    int isr_changes = 0;
    for (uint64_t seed = 1; seed <= 150 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        Cluster cluster(seed);
        cluster.run(300);
        cluster.heal();
        acknowledged += cluster.acknowledged_count();
        elections += cluster.elections;
        isr_changes += cluster.isr_changes;
    }
    EXPECT_GT(acknowledged, 5000U);
    EXPECT_GT(elections, 1500);
    EXPECT_GT(isr_changes, 800);
}

}  // namespace
}  // namespace milena::replica
