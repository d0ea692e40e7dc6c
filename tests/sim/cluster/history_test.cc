#include "sim/cluster/history.h"

#include <vector>

#include <gtest/gtest.h>

namespace milena::sim::cluster {
namespace {

constexpr PartitionIndex first{0};

Value value(uint64_t producer, uint64_t number) { return producer << producer_shift | number; }

struct Histories : testing::Test {
    std::vector<std::string> violations;
    History history{[this](std::string what) { violations.push_back(std::move(what)); }};
};

TEST_F(Histories, that_keep_everything_break_nothing) {
    history.acknowledged(first, Offset(0), value(1, 1));
    history.read(first, Offset(0), value(1, 1));
    history.finish(first, Offset(0), {{Offset(0), value(1, 1)}, {Offset(1), value(1, 2)}});
    EXPECT_TRUE(violations.empty());
}

TEST_F(Histories, that_lose_what_was_acknowledged_are_found) {
    history.acknowledged(first, Offset(1), value(1, 2));
    history.finish(first, Offset(0), {{Offset(0), value(1, 1)}});
    EXPECT_EQ(violations.size(), 1U);
}

TEST_F(Histories, that_put_another_record_in_the_place_of_one_that_was_read_are_found) {
    history.read(first, Offset(0), value(1, 1));
    history.acknowledged(first, Offset(0), value(2, 1));
    EXPECT_EQ(violations.size(), 1U);
}

TEST_F(Histories, that_double_a_record_are_found) {
    history.finish(first, Offset(0), {{Offset(0), value(1, 1)}, {Offset(1), value(1, 1)}});
    EXPECT_EQ(violations.size(), 1U);
}

TEST_F(Histories, whose_log_begins_later_than_anybody_asked_for_are_found) {
    history.deleted(first, Offset(3));
    history.finish(first, Offset(3), {});
    EXPECT_TRUE(violations.empty());
    history.finish(first, Offset(4), {});
    EXPECT_EQ(violations.size(), 1U);
}

TEST_F(Histories, are_forgiven_only_what_was_seen_before) {
    history.acknowledged(first, Offset(0), value(1, 1));
    history.forgive(first);
    history.acknowledged(first, Offset(1), value(1, 2));
    history.finish(first, Offset(0), {});
    EXPECT_EQ(history.lost_count(), 1U);
    EXPECT_EQ(violations.size(), 1U);
}

}  // namespace
}  // namespace milena::sim::cluster
