#include "group/smallest_groups.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace milena::group {
namespace {

using Offered = std::pair<size_t, std::string>;

std::vector<Offered> kept_of(size_t partitions_max, const std::vector<Offered>& groups) {
    SmallestGroups smallest(partitions_max);
    for (const auto& [partitions, name] : groups) smallest.offer(name, partitions);
    return {smallest.kept().begin(), smallest.kept().end()};
}

TEST(SmallestGroups, all_are_kept_while_there_is_room) {
    EXPECT_EQ(kept_of(6, {{3, "c"}, {1, "a"}, {2, "b"}}), (std::vector<Offered>{{1, "a"}, {2, "b"}, {3, "c"}}));
}

TEST(SmallestGroups, large_ones_make_room_for_small_ones) {
    EXPECT_EQ(kept_of(5, {{5, "large"}, {2, "b"}, {2, "a"}, {7, "huge"}}), (std::vector<Offered>{{2, "a"}, {2, "b"}}));
}

TEST(SmallestGroups, order_does_not_matter) {
    std::vector<Offered> groups{{1, "a"}, {1, "b"}, {2, "c"}, {3, "d"}, {3, "e"}, {8, "f"}};
    const std::vector<Offered> expected{{1, "a"}, {1, "b"}, {2, "c"}, {3, "d"}};
    do {
        ASSERT_EQ(kept_of(9, groups), expected);
    } while (std::next_permutation(groups.begin(), groups.end()));
}

TEST(SmallestGroups, what_is_left_out_is_counted) {
    SmallestGroups smallest(4);
    for (const size_t partitions : {3U, 2U, 9U}) smallest.offer("g" + std::to_string(partitions), partitions);
    EXPECT_EQ(smallest.groups_left_out(), 2U);
    EXPECT_EQ(smallest.partitions_left_out(), 12U);
}

TEST(SmallestGroups, without_room_nothing_is_kept) { EXPECT_TRUE(kept_of(0, {{1, "a"}}).empty()); }

}  // namespace
}  // namespace milena::group
