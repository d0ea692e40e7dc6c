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
    void assign(int32_t id, const Uuid& to) { EXPECT_TRUE(done(assignment(id, to)).has_value()); }
    static AssignDirectories assignment(int32_t id, const Uuid& to, int32_t index = 0) {
        return {NodeId(id), -1, {{metadata::orders_id, PartitionIndex(index), to}}};
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
    EXPECT_TRUE(decided(assignment(1, other)).records.empty());
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

TEST_F(Directories, what_has_no_replica_there_is_passed_over) {
    add_partition({2}, {2}, 2);
    add_partition({1, 2}, {1, 2}, 1);
    AssignDirectories asked = assignment(1, other);
    asked.assignments.push_back({Uuid{9, 9}, PartitionIndex(0), other});
    asked.assignments.push_back({metadata::orders_id, PartitionIndex(7), other});
    EXPECT_TRUE(decided(asked).records.empty());
    asked.assignments.push_back({metadata::orders_id, PartitionIndex(1), other});
    EXPECT_TRUE(done(asked).has_value());
    EXPECT_EQ(partition(1).directory_of(NodeId(1)), other);
    EXPECT_EQ(partition(0).directories, std::vector{directory(2)});
}

TEST_F(Directories, replica_whose_directory_failed_before_it_was_known_leads_no_longer) {
    add_partition({1, 2}, {1, 2}, 1);
    wire::PartitionChangeRecord unknown{.partition_id = 0, .topic_id = metadata::orders_id};
    unknown.directories.emplace(std::vector{metadata::unassigned_directory, directory(2)});
    apply({unknown});
    BrokerHeartbeat failing = heartbeat(1);
    failing.offline_directories = {other};
    beat(failing);
    EXPECT_EQ(partition().leader, NodeId(1));
    assign(1, other);
    EXPECT_EQ(partition().leader, NodeId(2));
    EXPECT_EQ(partition().isr, nodes({2}));
    EXPECT_TRUE(partition().elr.empty());
    EXPECT_EQ(partition().directory_of(NodeId(1)), other);
}

TEST_F(Directories, older_metadata_version_has_no_place_for_them) {
    finalize("metadata.version", metadata::metadata_version_directories - 1);
    add_partition({1, 2}, {1, 2}, 1);
    const auto decision = decided(assignment(1, other));
    EXPECT_TRUE(decision.response.has_value() && decision.records.empty());
}

}  // namespace
}  // namespace milena::controller
