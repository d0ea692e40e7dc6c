#include "metadata/feature_levels.h"
#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

class Features : public DecideFixture {
  public:
    void SetUp() override { finalize("metadata.version", 20); }
    void finalize(const std::string& feature, int16_t level) {
        apply({wire::FeatureLevelRecord{.name = feature, .feature_level = level}});
    }
    ErrorCode update(std::string_view feature, int16_t level, int8_t type, bool validate_only = false) {
        wire::UpdateFeaturesRequest request;
        request.feature_updates.push_back({.feature = feature, .max_version_level = level, .upgrade_type = type});
        request.validate_only = validate_only;
        return done(request).error_code;
    }
    int16_t level() { return metadata::metadata_version(*image->features); }
};

TEST_F(Features, metadata_version_goes_up_to_the_latest) {
    EXPECT_EQ(update("metadata.version", 30, upgrade), ErrorCode::none);
    EXPECT_EQ(level(), 30);
    EXPECT_EQ(update("metadata.version", 31, upgrade), ErrorCode::invalid_update_version);
}

TEST_F(Features, validation_changes_nothing) {
    EXPECT_EQ(update("metadata.version", 30, upgrade, true), ErrorCode::none);
    EXPECT_EQ(level(), 20);
}

TEST_F(Features, downgrade_must_be_named_so_and_must_lose_nothing) {
    EXPECT_EQ(update("metadata.version", 18, upgrade), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("metadata.version", 16, safe_downgrade), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("metadata.version", 16, unsafe_downgrade), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("metadata.version", 17, safe_downgrade), ErrorCode::none);
    EXPECT_EQ(level(), 17);
}

TEST_F(Features, downgrade_to_a_higher_level_is_refused) {
    EXPECT_EQ(update("metadata.version", 25, safe_downgrade), ErrorCode::invalid_update_version);
}

TEST_F(Features, feature_whose_behaviour_is_not_here_can_only_be_disabled) {
    finalize("group.version", 1);
    EXPECT_EQ(update("share.version", 1, upgrade), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("group.version", 0, safe_downgrade), ErrorCode::none);
    EXPECT_EQ(metadata::feature_level(*image->features, "group.version"), 0);
}

TEST_F(Features, level_that_a_registered_broker_cannot_live_with_is_refused) {
    auto old = metadata::broker(2, 2);
    old.features = {{"metadata.version", 7, 25}};
    old.fenced = true;
    apply({metadata::broker(1, 1), old});
    EXPECT_EQ(update("metadata.version", 26, upgrade), ErrorCode::invalid_update_version) << "it may come back";
    EXPECT_EQ(update("metadata.version", 25, upgrade), ErrorCode::none);
    EXPECT_EQ(update("eligible.leader.replicas.version", 1, upgrade), ErrorCode::invalid_update_version);
}

// Of a controller that is not a broker, and whose program is older.
TEST_F(Features, level_that_a_voter_cannot_read_is_refused) {
    voters = raft::VoterSet({{.id = NodeId(1)}, {.id = NodeId(8)}, {.id = NodeId(9)}});
    apply({metadata::broker(1, 1)});
    const auto registered = [this](int32_t id, int16_t level_max, uint64_t run) {
        return done(ControllerRegistration{
            .id = NodeId(id), .incarnation_id = Uuid{8, run}, .features = {{"metadata.version", {7, level_max}}}});
    };
    EXPECT_TRUE(registered(8, 30, 1).has_value());
    EXPECT_EQ(update("metadata.version", 25, upgrade), ErrorCode::invalid_update_version) << "9 may be of any version";
    EXPECT_TRUE(registered(9, 25, 1).has_value());
    EXPECT_EQ(update("metadata.version", 26, upgrade), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("metadata.version", 25, upgrade), ErrorCode::none);
    EXPECT_TRUE(registered(9, 30, 2).has_value());
    EXPECT_EQ(update("metadata.version", 26, upgrade), ErrorCode::none);
    voters = raft::VoterSet({{.id = NodeId(1)}, {.id = NodeId(8)}});
    EXPECT_TRUE(registered(9, 25, 3).has_value());
    EXPECT_EQ(update("metadata.version", 27, upgrade), ErrorCode::none) << "nobody waits for one that was removed";
}

TEST_F(Features, controllers_are_registered_once_in_each_run_and_where_kafka_has_a_record_for_it) {
    ControllerRegistration registration{.id = NodeId(8),
                                        .incarnation_id = Uuid{8, 1},
                                        .endpoints = {{"CONTROLLER", "host", 9093}},
                                        .features = {{"metadata.version", {7, 25}}}};
    EXPECT_EQ(decided(registration).records.size(), 1U);
    EXPECT_TRUE(done(registration).has_value());
    const metadata::ControllerImage& known = image->controllers->at(NodeId(8));
    EXPECT_EQ(known.endpoints, registration.endpoints);
    EXPECT_EQ(known.features, registration.features);
    EXPECT_TRUE(decided(registration).records.empty());
    registration.endpoints[0].host = "elsewhere";
    EXPECT_EQ(decided(registration).records.size(), 1U);
    registration.endpoints = known.endpoints;
    registration.incarnation_id = Uuid{8, 2};
    EXPECT_EQ(decided(registration).records.size(), 1U);
    finalize("metadata.version", 14);
    EXPECT_EQ(done(registration).error(), ErrorCode::unsupported_version);
    registration.id = NodeId(-2);
    EXPECT_EQ(done(registration).error(), ErrorCode::invalid_request);
}

TEST_F(Features, updates_are_not_written_down_by_a_release_without_that_record) {
    wire::UpdateFeaturesRequest request;
    request.feature_updates.push_back(
        {.feature = "metadata.version", .max_version_level = 21, .upgrade_type = upgrade});
    EXPECT_EQ(decided(request).records.size(), 1U);
    EXPECT_EQ(update("milena.version", 1, upgrade), ErrorCode::invalid_update_version);
}

TEST_F(Features, one_refused_update_refuses_all) {
    wire::UpdateFeaturesRequest request;
    request.feature_updates.push_back({.feature = "metadata.version", .max_version_level = 30});
    request.feature_updates.push_back({.feature = "nothing.version", .max_version_level = 1});
    const auto response = done(request);
    EXPECT_EQ(response.error_code, ErrorCode::invalid_update_version);
    EXPECT_TRUE(response.results.empty());
    EXPECT_EQ(level(), 20);
}

}  // namespace
}  // namespace milena::controller
