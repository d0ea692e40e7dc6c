#include "controller/elr_safety.h"

#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

constexpr int8_t of_topic = 2;
constexpr int8_t of_broker = 4;
constexpr int8_t op_set = 0;
constexpr int8_t op_remove = 1;

class ElrSafety : public ClusterFixture {
  public:
    ElrSafety() { start_all(3); }

    wire::IncrementalAlterConfigsResponse::Resource alter(int8_t type, std::string_view name, int8_t operation,
                                                          std::optional<std::string_view> value) {
        wire::IncrementalAlterConfigsRequest request;
        request.resources.push_back(
            {.resource_type = type, .resource_name = name, .configs = {{"min.insync.replicas", operation, value}}});
        return done(request).responses.front();
    }
    ErrorCode update_elr(int16_t level) {
        wire::UpdateFeaturesRequest request;
        request.feature_updates.push_back({.feature = "eligible.leader.replicas.version",
                                           .max_version_level = level,
                                           .upgrade_type = static_cast<int8_t>(level == 0 ? 2 : 1)});
        return done(request).error_code;
    }
};

TEST_F(ElrSafety, who_can_be_done_without_is_no_longer_eligible) {
    add_partition({1, 2, 3}, {1}, 1, {2});
    add_partition({1, 2, 3}, {}, -1, {2});
    EXPECT_EQ(alter(of_topic, "orders", op_set, "1").error_code, ErrorCode::none);
    EXPECT_TRUE(partition(0).elr.empty());
    EXPECT_EQ(partition(1).elr, nodes({2})) << "without a leader nothing was committed";
}

TEST_F(ElrSafety, default_of_the_cluster_counts_for_topics_without_their_own) {
    add_partition({1, 2, 3}, {1}, 1, {2});
    EXPECT_EQ(alter(of_broker, "", op_set, "3").error_code, ErrorCode::none);
    EXPECT_EQ(partition().elr, nodes({2}));
    EXPECT_EQ(alter(of_broker, "", op_set, "1").error_code, ErrorCode::none);
    EXPECT_TRUE(partition().elr.empty());
}

TEST_F(ElrSafety, setting_of_the_cluster_stays_and_brokers_have_none) {
    EXPECT_EQ(alter(of_broker, "", op_set, "2").error_code, ErrorCode::none);
    EXPECT_EQ(alter(of_broker, "", op_remove, std::nullopt).error_message,
              "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.");
    const auto refused = alter(of_broker, "1", op_set, "2");
    EXPECT_EQ(refused.error_code, ErrorCode::invalid_config);
    EXPECT_EQ(refused.error_message, "Broker-level min.insync.replicas cannot be altered while ELR is enabled.");
}

TEST_F(ElrSafety, beginning_makes_the_setting_known) {
    finalize("eligible.leader.replicas.version", 0);
    apply({metadata::config(of_broker, "2", "min.insync.replicas", "3")});
    EXPECT_EQ(update_elr(1), ErrorCode::none);
    EXPECT_EQ(image->broker_defaults().at("min.insync.replicas"), "2");
    EXPECT_TRUE(image->broker_config(NodeId(2)).empty());
    EXPECT_TRUE(metadata::has_elr(*image->features));
}

TEST_F(ElrSafety, cluster_that_begins_with_it_has_the_setting_too) {
    const metadata::Records formatted{
        wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 30},
        wire::FeatureLevelRecord{.name = "eligible.leader.replicas.version", .feature_level = 1}};
    image = metadata::Image::empty();
    apply(decide_bootstrap(formatted, settings));
    EXPECT_EQ(image->broker_defaults().at("min.insync.replicas"), "2");
}

TEST_F(ElrSafety, end_leaves_only_what_is_left_to_elect_from) {
    add_partition({1, 2, 3}, {1}, 1, {2});
    add_partition({1, 2, 3}, {}, -1, {2});
    EXPECT_EQ(update_elr(0), ErrorCode::none);
    EXPECT_TRUE(partition(0).elr.empty());
    EXPECT_EQ(partition(1).elr, nodes({2}));
}

TEST_F(ElrSafety, metadata_that_cannot_say_it_refuses_it) {
    finalize("eligible.leader.replicas.version", 0);
    finalize("metadata.version", metadata::metadata_version_elr - 1);
    EXPECT_EQ(update_elr(1), ErrorCode::invalid_update_version);
}

}  // namespace
}  // namespace milena::controller
