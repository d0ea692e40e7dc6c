// One partition of three replicas under random crashes, with and without loss of what the disk had, against a model of
// its logs: whoever is elected has everything that was committed, as long as one member of the ISR or ELR kept its
// disk.
#include <algorithm>
#include <map>

#include "controller/partition_change.h"
#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

using Log = std::vector<int>;

size_t common_prefix(const Log& a, const Log& b) {
    return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

class ElrModel : public ClusterFixture {
  public:
    struct Process {
        bool is_up = true;
        bool has_lost = false;     // and has not caught up since
        int64_t clean_epoch = -1;  // of a clean end
        Log log;
    };

    uint64_t draw(uint64_t below) { return random.next() % below; }
    Process& process(NodeId node) { return processes[node.value]; }

    void begin(uint64_t seed) {
        random = sim::SimRandom{seed};
        image = metadata::Image::empty();
        processes.clear();
        committed.clear();
        partitions_count = 0;
        finalize("metadata.version", metadata::metadata_version_latest);
        finalize("eligible.leader.replicas.version", 1);
        for (const int32_t id : {1, 2, 3}) {
            start(id);
            processes[id] = {};
        }
        add_partition({1, 2, 3}, {1, 2, 3}, 1);
    }

    void append() {
        const NodeId leader = partition().leader;
        if (leader != no_node && process(leader).is_up) process(leader).log.push_back(next_record++);
    }
    void replicate(int32_t id) {
        const NodeId leader = partition().leader;
        if (leader == no_node || leader == NodeId(id) || !process(leader).is_up || !processes[id].is_up) return;
        const Log& from = process(leader).log;
        const size_t kept = common_prefix(from, processes[id].log);
        const size_t end = kept + draw(from.size() - kept + 1);
        processes[id].log.assign(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(end));
    }
    // What all members of the ISR have is committed, if they are enough.
    void commit() {
        const metadata::PartitionImage& now = partition();
        if (now.leader == no_node || !process(now.leader).is_up || now.isr.size() < needed()) return;
        size_t end = process(now.leader).log.size();
        for (const NodeId node : now.isr)
            end = std::min(end, common_prefix(process(now.leader).log, process(node).log));
        if (end <= committed.size()) return;
        const Log& log = process(now.leader).log;
        committed.assign(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(end));
    }
    size_t needed() {
        const RulesOfTopics rules(*image, settings);
        return rules.of("orders").needed_in_sync(3);
    }

    void ask_for(const Nodes& isr) {
        const metadata::PartitionImage& now = partition();
        const AlterPartition request{.broker = now.leader,
                                     .broker_epoch = broker(now.leader.value).epoch,
                                     .changes = {{.key = {metadata::orders_id, PartitionIndex(0)},
                                                  .leader_epoch = now.leader_epoch,
                                                  .partition_epoch = now.partition_epoch,
                                                  .isr = isr}}};
        EXPECT_TRUE(done(request).has_value());
    }
    void change_isr(int32_t id) {
        const NodeId node(id);
        const NodeId leader = partition().leader;
        if (leader == no_node || leader == node || !process(leader).is_up) return;
        Nodes isr = partition().isr;
        if (std::erase(isr, node) == 0) {
            const bool has_caught_up = processes[id].is_up && processes[id].log == process(leader).log;
            if (!has_caught_up) return;
            isr.push_back(node);
        }
        ask_for(isr);
        if (contains(partition().isr, node) && processes[id].log == process(leader).log) processes[id].has_lost = false;
    }

    bool is_member(NodeId node) { return contains(partition().isr, node) || contains(partition().elr, node); }
    bool may_lose(int32_t id) {
        for (const auto& [other, its] : processes)
            if (other != id && its.is_up && !its.has_lost && is_member(NodeId(other)) && broker(other).is_active())
                return true;
        return false;
    }
    void crash(int32_t id) {
        Process& crashed = processes[id];
        if (!crashed.is_up) return;
        const bool loses = may_lose(id) && draw(2) == 0;
        crashed.is_up = false;
        if (!loses) return;
        crashed.has_lost = true;
        crashed.log.resize(draw(crashed.log.size() + 1));
        fence(id);
    }
    void notice(int32_t id) {
        if (!broker(id).is_fenced) fence(id);
    }
    void come_back(int32_t id) {
        if (!processes[id].is_up) {
            EXPECT_TRUE(restart(id, processes[id].clean_epoch).has_value());
            processes[id].is_up = true;
            processes[id].clean_epoch = -1;
        }
        if (draw(3) > 0) beat(heartbeat(id));
    }
    void leave(int32_t id) {
        if (!processes[id].is_up || broker(id).is_fenced) return;
        BrokerHeartbeat sent = heartbeat(id);
        sent.wants_shutdown = true;
        for (int i = 0; i < 3; ++i) {
            if (!beat(sent).should_shut_down) continue;
            processes[id].is_up = false;
            processes[id].clean_epoch = broker(id).epoch;
            return;
        }
    }
    void configure_min_isr() {
        const std::string value = std::to_string(1 + draw(3));
        wire::IncrementalAlterConfigsRequest request;
        request.resources.push_back(
            {.resource_type = 2, .resource_name = "orders", .configs = {{"min.insync.replicas", 0, value}}});
        done(request);
    }

    void step() {
        const auto id = static_cast<int32_t>(1 + draw(3));
        switch (draw(16)) {
            case 0: crash(id); break;
            case 1: notice(id); break;
            case 2:
            case 3:
            case 4: come_back(id); break;
            case 5: leave(id); break;
            case 6: configure_min_isr(); break;
            case 7:
            case 8: change_isr(id); break;
            case 9:
            case 10: append(); break;
            case 11: commit(); break;
            default: replicate(id); break;
        }
    }
    void check_all(uint64_t seed) {
        const metadata::PartitionImage& now = partition();
        for (const NodeId node : now.elr) ASSERT_FALSE(contains(now.isr, node)) << "seed " << seed;
        ASSERT_LE(now.last_known_elr.size(), 1U) << "seed " << seed;
        if (now.leader == no_node) return;
        ++led_count;
        ASSERT_TRUE(contains(now.isr, now.leader)) << "seed " << seed;
        const Log& log = process(now.leader).log;
        ASSERT_EQ(common_prefix(log, committed), committed.size())
            << "seed " << seed << ": broker " << now.leader.value << " leads without what was committed";
    }

    std::map<int32_t, Process> processes;
    Log committed;
    int next_record = 0;
    size_t led_count = 0;
    size_t committed_count = 0;
};

TEST_F(ElrModel, whoever_leads_has_everything_that_was_committed) {
    for (uint64_t seed = 1; seed <= 150; ++seed) {
        begin(seed);
        for (int i = 0; i < 200; ++i) {
            step();
            check_all(seed);
            if (HasFatalFailure()) return;
        }
        committed_count += committed.size();
    }
    EXPECT_GT(led_count, 10'000U) << "most of the time somebody leads";
    EXPECT_GT(committed_count, 500U);
}

}  // namespace
}  // namespace milena::controller
