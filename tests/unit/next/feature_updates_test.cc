#include "base/release.h"
#include "metadata/feature_levels.h"
#include "metadata/image_records.h"
#include "metadata/loader.h"
#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

class FeatureUpdates : public DecideFixture {
  public:
    void SetUp() override {
        apply({wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 20}});
        start(1);
        start(2);
    }
    void start(int32_t id) {
        auto record = metadata::broker(id, id);
        record.features.push_back({"milena.version", 0, 1});
        apply({record});
    }
    Decision<wire::UpdateFeaturesResponse> decided_update(std::string_view feature, int16_t level,
                                                          int8_t type = upgrade) {
        wire::UpdateFeaturesRequest request;
        request.feature_updates.push_back({.feature = feature, .max_version_level = level, .upgrade_type = type});
        Context now = context();
        now.node = NodeId(2);
        now.timestamp = Timestamp(1'700'000'000'000);
        return decide(now, request);
    }
    ErrorCode update(std::string_view feature, int16_t level, int8_t type = upgrade) {
        const auto decision = decided_update(feature, level, type);
        apply(decision.records);
        return decision.response.error_code;
    }
    const std::vector<metadata::FeatureUpdate>& updates() { return *image->feature_updates; }
};

TEST_F(FeatureUpdates, this_program_is_the_next_release) {
    EXPECT_EQ(release.milena_version, 1);
    ASSERT_NE(metadata::supported_feature("milena.version"), nullptr);
    EXPECT_TRUE(std::ranges::is_sorted(metadata::supported_features(), {}, &metadata::SupportedLevels::name));
}

TEST_F(FeatureUpdates, new_cluster_is_one_that_older_programs_can_read) {
    for (const metadata::Record& record : decide_bootstrap({}))
        if (const auto* feature = std::get_if<wire::FeatureLevelRecord>(&record))
            EXPECT_NE(feature->name, "milena.version");
}

TEST_F(FeatureUpdates, nothing_new_is_written_until_the_level_is_finalized) {
    const auto decision = decided_update("metadata.version", 21);
    ASSERT_EQ(decision.records.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<wire::FeatureLevelRecord>(decision.records.front()));
}

TEST_F(FeatureUpdates, level_is_not_finalized_while_a_broker_of_the_release_before_may_come_back) {
    auto old = metadata::broker(2, 3);
    old.fenced = true;
    apply({old});
    const auto decision = decided_update("milena.version", 1);
    EXPECT_EQ(decision.response.error_code, ErrorCode::invalid_update_version);
    EXPECT_NE(decision.response.error_message->find("Broker 2 does not support this feature."), std::string::npos);
    start(2);
    EXPECT_EQ(update("milena.version", 1), ErrorCode::none);
}

TEST_F(FeatureUpdates, from_the_level_on_each_update_is_noted_its_own_first) {
    ASSERT_EQ(update("milena.version", 1), ErrorCode::none);
    ASSERT_EQ(update("metadata.version", 21), ErrorCode::none);
    ASSERT_EQ(update("metadata.version", 21), ErrorCode::none) << "which changes nothing";
    ASSERT_EQ(updates().size(), 2U);
    EXPECT_EQ(updates().front(), (metadata::FeatureUpdate{.feature = "milena.version",
                                                          .level_before = 0,
                                                          .level = 1,
                                                          .at = Timestamp(1'700'000'000'000),
                                                          .controller = NodeId(2),
                                                          .version = std::string(release.version)}));
    EXPECT_EQ(updates().back().level_before, 20);
    EXPECT_EQ(updates().back().level, 21);
}

TEST_F(FeatureUpdates, level_is_not_taken_back) {
    ASSERT_EQ(update("milena.version", 1), ErrorCode::none);
    EXPECT_EQ(update("milena.version", 0, safe_downgrade), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("milena.version", 0, unsafe_downgrade), ErrorCode::invalid_update_version);
    EXPECT_TRUE(metadata::keeps_feature_updates(*image->features));
}

TEST_F(FeatureUpdates, newest_ones_are_kept) {
    ASSERT_EQ(update("milena.version", 1), ErrorCode::none);
    for (size_t i = 0; i < metadata::feature_updates_max; ++i)
        apply({wire::FeatureUpdateRecord{.name = "x", .level = static_cast<int16_t>(i)}});
    ASSERT_EQ(updates().size(), metadata::feature_updates_max);
    EXPECT_EQ(updates().front().level, 0);
    EXPECT_EQ(updates().back().level, static_cast<int16_t>(metadata::feature_updates_max - 1));
    EXPECT_EQ(updates().front().feature, "x") << "the first one has gone";
}

TEST_F(FeatureUpdates, log_and_snapshot_give_them_back) {
    metadata::Loader loader;
    const auto applied = [&](const metadata::Records& records) {
        std::vector<Bytes> values;
        for (const metadata::Record& record : records) values.push_back(metadata::encode_record(record, 20));
        return loader.apply(values, {Offset(1), LeaderEpoch(1)}).has_value();
    };
    const auto decision = decided_update("milena.version", 1);
    ASSERT_TRUE(applied(decision.records));
    ASSERT_EQ(loader.image()->feature_updates->size(), 1U);
    std::vector<Bytes> snapshot;
    metadata::write_image(*loader.image(), [&](const metadata::Record& record) {
        snapshot.push_back(metadata::encode_record(record, 20));
    });
    metadata::Loader again;
    again.load_begin();
    ASSERT_TRUE(again.load(snapshot).has_value());
    const auto restored = again.load_end({Offset(1), LeaderEpoch(1)}).after;
    EXPECT_EQ(*restored->feature_updates, *loader.image()->feature_updates);
}

}  // namespace
}  // namespace milena::controller
