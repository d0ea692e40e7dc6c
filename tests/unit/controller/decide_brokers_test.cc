#include "metadata/feature_levels.h"
#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

using metadata::PartitionImage;

class Brokers : public DecideFixture {
  public:
    BrokerRegistration registration(int32_t id = 1) {
        return {.id = NodeId(id),
                .incarnation_id = Uuid{6, ++incarnations_count},
                .endpoints = {{"PLAINTEXT", "localhost", 9092, metadata::SecurityProtocol::plaintext}},
                .rack = "r1",
                .directories = {metadata::directory_id},
                .is_local = true};
    }
    void register_broker() { EXPECT_TRUE(done(registration()).has_value()); }
    const PartitionImage& partition(int32_t index = 0) {
        return *image->partition(metadata::orders_id, PartitionIndex(index));
    }
    // A topic with one partition that looks like this.
    void add_partition(const std::function<void(wire::PartitionRecord&)>& change, std::vector<int32_t> replicas = {1}) {
        auto record = metadata::partition(metadata::orders_id, 0, std::move(replicas));
        change(record);
        apply({metadata::topic("orders", metadata::orders_id), record});
    }

    uint64_t incarnations_count = 600;
};

TEST_F(Brokers, registration_is_active_at_once_with_the_offset_as_epoch) {
    const auto epoch = done(registration());
    ASSERT_TRUE(epoch.has_value());
    EXPECT_EQ(epoch->value, 50);
    const metadata::BrokerImage* broker = image->broker(NodeId(1));
    ASSERT_NE(broker, nullptr);
    EXPECT_TRUE(broker->is_active());
    EXPECT_EQ(broker->epoch, 50);
    EXPECT_EQ(broker->rack, "r1");
    EXPECT_EQ(broker->endpoint("PLAINTEXT")->port, 9092);
    EXPECT_EQ(broker->directories, std::vector{metadata::directory_id});
    EXPECT_EQ(broker->features.at("metadata.version").level_max, metadata::metadata_version_latest);
}

TEST_F(Brokers, restart_raises_the_leader_epoch_of_every_partition) {
    register_broker();
    create("a", 3);
    register_broker();
    for (const auto& p : image->topic("a")->partitions) {
        EXPECT_EQ(p->leader, NodeId(1));
        EXPECT_EQ(p->leader_epoch, LeaderEpoch(1));
        EXPECT_EQ(p->isr, std::vector{NodeId(1)});
    }
}

TEST_F(Brokers, partition_left_without_leader_gets_one_back_from_its_elr) {
    add_partition([](auto& record) {
        record.leader = -1;
        record.isr.clear();
        record.eligible_leader_replicas.emplace(std::vector<int32_t>{1});
        record.last_known_elr.emplace(std::vector<int32_t>{1});
    });
    register_broker();
    EXPECT_EQ(partition().leader, NodeId(1));
    EXPECT_EQ(partition().isr, std::vector{NodeId(1)});
    EXPECT_TRUE(partition().elr.empty());
    EXPECT_TRUE(partition().last_known_elr.empty());
}

TEST_F(Brokers, last_known_leader_leads_when_nobody_else_is_eligible) {
    add_partition([](auto& record) {
        record.leader = -1;
        record.isr.clear();
        record.last_known_elr.emplace(std::vector<int32_t>{1});
    });
    register_broker();
    EXPECT_EQ(partition().leader, NodeId(1));
}

TEST_F(Brokers, replica_out_of_sync_does_not_lead) {
    add_partition(
        [](auto& record) {
            record.leader = -1;
            record.isr = {2};
        },
        {1, 2});
    register_broker();
    EXPECT_EQ(partition().leader, no_node);
    EXPECT_EQ(partition().isr, std::vector{NodeId(2)});
}

TEST_F(Brokers, partition_of_another_living_leader_is_left_alone) {
    const Uuid its_directory{5, 500};
    auto other = metadata::broker(2, 2);
    other.fenced = false;
    other.log_dirs = std::vector{its_directory};
    apply({other});
    add_partition([&](auto& record) { record.directories = std::vector{its_directory, metadata::directory_id}; },
                  {2, 1});
    register_broker();
    EXPECT_EQ(partition().leader, NodeId(2));
    EXPECT_EQ(partition().leader_epoch, LeaderEpoch(0));
}

TEST_F(Brokers, partition_in_a_directory_that_did_not_come_back_has_no_leader) {
    add_partition([](auto& record) { record.directories = {Uuid{9, 900}}; });
    register_broker();
    EXPECT_EQ(partition().leader, no_node);
    EXPECT_EQ(partition().isr, std::vector{NodeId(1)});
}

TEST_F(Brokers, producer_ids_come_in_blocks_of_a_thousand) {
    register_broker();
    const auto first = done(AllocateProducerIds{NodeId(1)});
    const auto second = done(AllocateProducerIds{NodeId(1)});
    ASSERT_TRUE(first.has_value() && second.has_value());
    EXPECT_EQ(first->first, ProducerId(0));
    EXPECT_EQ(first->count, 1000);
    EXPECT_EQ(second->first, ProducerId(1000));
    EXPECT_EQ(image->producer_ids.next_producer_id, ProducerId(2000));
    EXPECT_EQ(image->producer_ids.broker_epoch, 50);
}

TEST_F(Brokers, unregistered_broker_gets_no_producer_ids) {
    EXPECT_EQ(decided(AllocateProducerIds{NodeId(1)}).response.error(), ErrorCode::broker_id_not_registered);
}

TEST_F(Brokers, former_registration_gets_nothing_done) {
    register_broker();
    add_partition([](auto&) {});
    const Uuid other{8, 800};
    EXPECT_EQ(decided(AllocateProducerIds{NodeId(1), 49}).response.error(), ErrorCode::stale_broker_epoch);
    EXPECT_EQ(decided(CordonDirectories{NodeId(1), {}, 49}).response.error(), ErrorCode::stale_broker_epoch);
    const AssignDirectories asked{NodeId(1), 49, {{metadata::orders_id, PartitionIndex(0), other}}};
    EXPECT_EQ(decided(asked).response.error(), ErrorCode::stale_broker_epoch);
    EXPECT_TRUE(decided(AllocateProducerIds{NodeId(1), 50}).response.has_value());
}

TEST_F(Brokers, producer_ids_run_out_some_day) {
    register_broker();
    apply({wire::ProducerIdsRecord{
        .broker_id = 1, .broker_epoch = 1, .next_producer_id = std::numeric_limits<int64_t>::max() - 10}});
    EXPECT_FALSE(decided(AllocateProducerIds{NodeId(1)}).response.has_value());
}

TEST_F(Brokers, new_cluster_begins_with_our_feature_levels_or_with_those_it_was_formatted_with) {
    apply(decide_bootstrap({}));
    EXPECT_EQ(*image->features, (metadata::FeatureLevels{{"eligible.leader.replicas.version", int16_t{1}},
                                                         {"metadata.version", metadata::metadata_version_latest}}));
    EXPECT_EQ(image->broker_defaults(), (settings::Texts{{"min.insync.replicas", "1"}}));
    const metadata::Records formatted{wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 25}};
    apply(decide_bootstrap(formatted));
    EXPECT_EQ(metadata::metadata_version(*image->features), 25);
}

}  // namespace
}  // namespace milena::controller
