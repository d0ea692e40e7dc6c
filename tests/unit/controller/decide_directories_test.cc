#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

class Directories : public ClusterFixture {
  public:
    Directories() {
        start_all(2);
        auto record = metadata::broker(1, 1);
        record.fenced = false;
        record.log_dirs = std::vector{directory(1), other};
        apply({record});
    }
    void assign(int32_t id, const Uuid& to) {
        EXPECT_TRUE(done(AssignDirectory{NodeId(id), metadata::orders_id, PartitionIndex(0), to}).has_value());
    }
    // Broker 1 has come back with another disk in place of the first one.
    void replace_disk() {
        auto record = metadata::broker(1, 1);
        record.fenced = false;
        record.log_dirs = std::vector{other};
        apply({record});
    }

    static constexpr Uuid other{41, 1};
};

TEST_F(Directories, move_between_directories_that_work_changes_nothing_else) {
    add_partition({1, 2}, {1, 2}, 1);
    assign(1, other);
    EXPECT_EQ(partition().directories, (std::vector{other, directory(2)}));
    EXPECT_EQ(partition().isr, nodes({1, 2}));
    EXPECT_EQ(partition().leader_epoch, LeaderEpoch(0));
    EXPECT_TRUE(decided(AssignDirectory{NodeId(1), metadata::orders_id, PartitionIndex(0), other}).records.empty());
}

TEST_F(Directories, log_in_place_of_a_lost_one_is_in_sync_with_nothing) {
    add_partition({1, 2}, {1, 2}, 2);
    replace_disk();
    assign(1, other);
    EXPECT_EQ(partition().isr, nodes({2}));
    EXPECT_TRUE(partition().elr.empty());
    EXPECT_EQ(partition().leader, NodeId(2));
}

TEST_F(Directories, empty_log_never_leads_as_if_it_had_what_the_lost_one_had) {
    for (const int16_t elr : {int16_t{1}, int16_t{0}}) {
        finalize("eligible.leader.replicas.version", elr);
        partitions_count = 0;
        if (image->topic("orders") != nullptr) apply({wire::RemoveTopicRecord{.topic_id = metadata::orders_id}});
        Directories::start(2);
        auto both = metadata::broker(1, 1);
        both.fenced = false;
        both.log_dirs = std::vector{directory(1), other};
        apply({both});
        add_partition({1}, {1}, 1);
        replace_disk();
        assign(1, other);
        EXPECT_EQ(partition().leader, no_node);
        EXPECT_TRUE(partition().isr.empty() && partition().elr.empty() && partition().last_known_elr.empty());
        EXPECT_EQ(partition().directories, std::vector{other});
        fence(1);
        beat(heartbeat(1));
        EXPECT_EQ(partition().leader, no_node);
    }
}

TEST_F(Directories, what_has_no_replica_there_is_unknown) {
    add_partition({2}, {2}, 2);
    const auto decision = decided(AssignDirectory{NodeId(1), metadata::orders_id, PartitionIndex(0), other});
    EXPECT_EQ(decision.response.error(), ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(decided(AssignDirectory{NodeId(1), Uuid{9, 9}, PartitionIndex(0), other}).response.error(),
              ErrorCode::unknown_topic_or_partition);
}

}  // namespace
}  // namespace milena::controller
