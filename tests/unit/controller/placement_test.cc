#include "controller/placement.h"

#include <set>

#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

class Placement : public DecideFixture {
  public:
    std::vector<std::vector<NodeId>> placed(int32_t partitions, int32_t factor) {
        auto result = place(*image, random, {.partitions_count = partitions, .replication_factor = factor});
        EXPECT_TRUE(result.has_value());
        return result.value_or({});
    }
};

TEST_F(Placement, leaders_and_replicas_are_spread_evenly) {
    for (int id = 1; id <= 5; ++id) add_broker(id);
    std::map<NodeId, int> leaders;
    std::map<NodeId, int> replicas;
    for (const auto& partition : placed(100, 3)) {
        ++leaders[partition.front()];
        EXPECT_EQ(std::set(partition.begin(), partition.end()).size(), 3U);
        for (const NodeId node : partition) ++replicas[node];
    }
    for (int id = 1; id <= 5; ++id) {
        EXPECT_EQ(leaders[NodeId(id)], 20);
        EXPECT_EQ(replicas[NodeId(id)], 60);
    }
}

TEST_F(Placement, replicas_are_in_different_racks) {
    for (int id = 0; id < 6; ++id) add_broker(id, "rack" + std::to_string(id / 2));
    for (const auto& partition : placed(30, 3)) {
        std::set<std::string> racks;
        for (const NodeId node : partition) racks.insert(*image->broker(node)->rack);
        EXPECT_EQ(racks.size(), 3U);
    }
}

TEST_F(Placement, small_rack_takes_part_in_every_partition) {
    for (const int32_t id : {1, 2, 3}) add_broker(id, "large");
    add_broker(4, "small");
    std::map<NodeId, int> leaders;
    for (const auto& partition : placed(40, 2)) {
        ++leaders[partition.front()];
        EXPECT_EQ(std::ranges::count(partition, NodeId(4)), 1) << "or both replicas would be in one rack";
    }
    for (int id = 1; id <= 4; ++id) EXPECT_EQ(leaders[NodeId(id)], 10);
}

TEST_F(Placement, more_replicas_than_racks_fill_the_racks_evenly) {
    for (const int32_t id : {1, 2, 3}) add_broker(id, "a");
    for (const int32_t id : {4, 5}) add_broker(id, "b");
    for (const auto& partition : placed(20, 4)) {
        const auto in_b = std::ranges::count(partition, NodeId(4)) + std::ranges::count(partition, NodeId(5));
        EXPECT_EQ(in_b, 2);
        EXPECT_EQ(std::set(partition.begin(), partition.end()).size(), 4U);
    }
}

TEST_F(Placement, fenced_brokers_are_the_last_resort) {
    add_broker(1);
    add_broker(2, "", true);
    add_broker(3);
    for (const auto& partition : placed(10, 2)) EXPECT_EQ(std::ranges::count(partition, NodeId(2)), 0);
    for (const auto& partition : placed(10, 3)) EXPECT_EQ(partition.back(), NodeId(2));
}

TEST_F(Placement, more_replicas_than_brokers_are_refused) {
    EXPECT_FALSE(place(*image, random, {1, 1}).has_value());
    add_broker(1);
    EXPECT_TRUE(place(*image, random, {1, 1}).has_value());
    EXPECT_NE(place(*image, random, {1, 2}).error().find("2"), std::string::npos);
}

TEST_F(Placement, directory_is_chosen_only_where_there_is_no_choice) {
    add_broker(1);
    EXPECT_EQ(new_partition(*image, {NodeId(1)})->directories, std::vector{metadata::directory_id});
    auto two = metadata::broker(1, 2);
    two.fenced = false;
    two.log_dirs.push_back(Uuid{8, 800});
    apply({two});
    EXPECT_EQ(new_partition(*image, {NodeId(1)})->directories, std::vector{metadata::unassigned_directory});
}

}  // namespace
}  // namespace milena::controller
