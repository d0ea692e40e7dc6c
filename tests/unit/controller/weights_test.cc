#include "controller/weights.h"

#include "unit/controller/weighed_fixture.h"

namespace milena::controller {
namespace {

class WeightsTest : public WeighedFixture {
  public:
    WeightsTest() {
        start_all(2);
        add_weighed({1, 2}, 7 * gigabyte, 70);
        add_weighed({2, 1}, 9 * gigabyte, 90);
    }
    PartitionWeight of(int32_t index) { return weights.of(metadata::orders_id, PartitionIndex(index)); }
};

TEST_F(WeightsTest, what_leaders_tell_is_known) {
    tell();
    EXPECT_EQ(of(0), (PartitionWeight{7 * gigabyte, 70}));
    EXPECT_EQ(of(1), (PartitionWeight{9 * gigabyte, 90}));
    ASSERT_NE(weights.disk_of(NodeId(2)), nullptr);
    EXPECT_EQ(weights.disk_of(NodeId(2))->logs_bytes, 16 * gigabyte);
    EXPECT_TRUE(weights.unheard(*image).empty());
}

TEST_F(WeightsTest, who_has_not_told_all_of_it_is_unheard) {
    EXPECT_EQ(weights.unheard(*image), nodes({1, 2}));
    EXPECT_TRUE(weights.take(*image, report_of(NodeId(1))).has_value());
    ReportLoad half = report_of(NodeId(2));
    half.are_more = true;
    EXPECT_TRUE(weights.take(*image, half).has_value());
    EXPECT_EQ(weights.unheard(*image), nodes({2}));
    half.are_more = false;
    EXPECT_TRUE(weights.take(*image, half).has_value());
    EXPECT_TRUE(weights.unheard(*image).empty());
    start(3);
    EXPECT_EQ(weights.unheard(*image), nodes({3}));
    fence(3);
    EXPECT_TRUE(weights.unheard(*image).empty()) << "who is away leads nothing";
}

TEST_F(WeightsTest, only_the_leader_is_believed) {
    ReportLoad report = report_of(NodeId(1));
    report.partitions.push_back({metadata::orders_id, PartitionIndex(1), {1, 1}});
    EXPECT_TRUE(weights.take(*image, report).has_value());
    EXPECT_EQ(of(1), PartitionWeight{});
}

TEST_F(WeightsTest, what_is_not_there_is_passed_over) {
    ReportLoad report = report_of(NodeId(1));
    report.partitions.push_back({Uuid{9, 9}, PartitionIndex(0), {1, 1}});
    report.partitions.push_back({metadata::orders_id, PartitionIndex(2'000'000'000), {1, 1}});
    report.partitions.push_back({metadata::orders_id, PartitionIndex(-1), {1, 1}});
    EXPECT_TRUE(weights.take(*image, report).has_value());
    EXPECT_EQ(of(0), (PartitionWeight{7 * gigabyte, 70}));
    EXPECT_EQ(weights.of(Uuid{9, 9}, PartitionIndex(0)), PartitionWeight{});
    EXPECT_EQ(of(2'000'000'000), PartitionWeight{});
    EXPECT_EQ(of(-1), PartitionWeight{});
}

TEST_F(WeightsTest, registration_that_is_over_is_refused) {
    ReportLoad report = report_of(NodeId(1));
    report.broker_epoch += 1;
    EXPECT_EQ(weights.take(*image, report).error(), ErrorCode::stale_broker_epoch);
    report.broker = NodeId(7);
    EXPECT_EQ(weights.take(*image, report).error(), ErrorCode::broker_id_not_registered);
    EXPECT_EQ(of(0), PartitionWeight{});
    EXPECT_EQ(weights.unheard(*image), nodes({1, 2}));
}

}  // namespace
}  // namespace milena::controller
