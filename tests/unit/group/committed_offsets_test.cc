#include "group/committed_offsets.h"

#include <gtest/gtest.h>

namespace milena::group {
namespace {

CommittedOffset offset(int32_t partition, int64_t value) {
    CommittedOffset offset;
    offset.partition = PartitionIndex(partition);
    offset.offset = Offset(value);
    return offset;
}

TEST(CommittedOffsets, one_takes_a_cache_line) { EXPECT_LE(sizeof(CommittedOffset), 72U); }

TEST(CommittedOffsets, the_last_one_of_a_partition_counts) {
    CommittedOffsets offsets;
    offsets.put("g", "t", offset(3, 1));
    offsets.put("g", "t", offset(3, 2));
    EXPECT_EQ(offsets.size(), 1U);
    EXPECT_EQ(offsets.find("g", "t", PartitionIndex(3))->offset, Offset(2));
}

TEST(CommittedOffsets, partitions_are_in_order_however_they_came) {
    CommittedOffsets offsets;
    for (const int32_t partition : {5, 1, 300, 3, 0, 64, 128, 63, 65}) offsets.put("g", "t", offset(partition, 1));
    std::vector<int32_t> order;
    offsets.of_group("g")->at("t").each([&](const CommittedOffset& each) { order.push_back(each.partition.value); });
    EXPECT_EQ(order, (std::vector<int32_t>{0, 1, 3, 5, 63, 64, 65, 128, 300}));
    for (const int32_t partition : order) EXPECT_NE(offsets.find("g", "t", PartitionIndex(partition)), nullptr);
    for (const int32_t partition : {2, 62, 66, 127, 129, 299, 301, 100'000})
        EXPECT_EQ(offsets.find("g", "t", PartitionIndex(partition)), nullptr);
}

TEST(CommittedOffsets, any_number_may_be_a_partition) {
    CommittedOffsets offsets;
    for (const int32_t partition : {INT32_MIN, -65, -1, 0, INT32_MAX}) offsets.put("g", "t", offset(partition, 1));
    for (const int32_t partition : {INT32_MIN, -65, -1, 0, INT32_MAX}) {
        EXPECT_NE(offsets.find("g", "t", PartitionIndex(partition)), nullptr);
        offsets.remove("g", "t", PartitionIndex(partition));
    }
    EXPECT_EQ(offsets.size(), 0U);
}

TEST(CommittedOffsets, a_group_without_any_left_is_not_there) {
    CommittedOffsets offsets;
    offsets.put("g", "t", offset(0, 1));
    offsets.remove("g", "t", PartitionIndex(1));
    offsets.remove("g", "other", PartitionIndex(0));
    offsets.remove("other", "t", PartitionIndex(0));
    EXPECT_EQ(offsets.size(), 1U);
    offsets.remove("g", "t", PartitionIndex(0));
    EXPECT_EQ(offsets.of_group("g"), nullptr);
    EXPECT_EQ(offsets.size(), 0U);
}

}  // namespace
}  // namespace milena::group
