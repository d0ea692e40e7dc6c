#include "sim/group_checker.h"

#include <gtest/gtest.h>

namespace milena::sim {
namespace {

constexpr PartitionIndex first{0};

struct Groups : testing::Test {
    void begin(int32_t generation, const std::string& owner) {
        groups.joined("g", generation);
        groups.synced("g", generation, owner, {first});
    }
    void commit(int32_t generation, int64_t offset) {
        groups.commits("g", first, Offset(offset));
        groups.committed("g", generation, first, Offset(offset));
    }
    size_t violations() const { return checker.violations().size(); }

    Checker checker;
    GroupChecker groups{checker};
};

TEST_F(Groups, that_go_forward_break_nothing) {
    begin(1, "a");
    commit(1, 5);
    begin(2, "b");
    groups.fetched("g", first, Offset(5));
    commit(2, 7);
    groups.fetched("g", first, Offset(7));
    EXPECT_EQ(violations(), 0U);
}

TEST_F(Groups, that_lose_a_commit_are_found) {
    begin(1, "a");
    commit(1, 5);
    groups.fetched("g", first, no_offset);
    EXPECT_EQ(violations(), 1U);
}

TEST_F(Groups, that_are_told_what_nobody_has_committed_are_found) {
    begin(1, "a");
    groups.fetched("g", first, Offset(3));
    EXPECT_EQ(violations(), 1U);
}

TEST_F(Groups, whose_generation_goes_back_are_found) {
    begin(1, "a");
    commit(1, 5);
    begin(2, "a");
    begin(1, "a");
    EXPECT_EQ(violations(), 2U);
}

TEST_F(Groups, with_two_owners_of_a_partition_are_found) {
    begin(1, "a");
    groups.synced("g", 1, "b", {first});
    EXPECT_EQ(violations(), 1U);
}

TEST_F(Groups, that_take_a_commit_of_a_generation_that_is_over_are_found) {
    begin(1, "a");
    groups.joined("g", 2);
    commit(1, 5);
    EXPECT_EQ(violations(), 1U);
    groups.restarted();  // a generation that nobody had his part of is forgotten
    commit(1, 6);
    EXPECT_EQ(violations(), 1U);
}

TEST_F(Groups, are_forgiven_what_a_power_loss_takes) {
    begin(3, "a");
    commit(3, 5);
    groups.forgive_losses();
    groups.fetched("g", first, no_offset);
    begin(1, "b");
    EXPECT_EQ(violations(), 0U);
}

}  // namespace
}  // namespace milena::sim
