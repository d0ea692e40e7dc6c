#include "metadata/feature_levels.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/release.h"

namespace milena::metadata {
namespace {

TEST(FeatureLevels, absent_feature_has_level_zero) {
    EXPECT_EQ(feature_level({{"a", int16_t{3}}}, "a"), 3);
    EXPECT_EQ(feature_level({{"a", int16_t{3}}}, "b"), 0);
}

TEST(FeatureLevels, log_without_metadata_version_has_the_least_one) {
    EXPECT_EQ(metadata_version({}), metadata_version_min);
    EXPECT_EQ(metadata_version({{"metadata.version", int16_t{25}}}), 25);
}

TEST(FeatureLevels, only_what_is_here_is_told) {
    const FeatureLevels of_kafka{{"metadata.version", int16_t{30}}, {"share.version", int16_t{1}}};
    EXPECT_EQ(effective_levels(of_kafka), (FeatureLevels{{"metadata.version", int16_t{30}}}));
}

TEST(FeatureLevels, eligible_replicas_need_a_log_that_can_name_them) {
    EXPECT_FALSE(has_elr({{"metadata.version", int16_t{30}}}));
    EXPECT_FALSE(has_elr({{"metadata.version", int16_t{22}}, {"eligible.leader.replicas.version", int16_t{1}}}));
    EXPECT_TRUE(has_elr({{"metadata.version", int16_t{23}}, {"eligible.leader.replicas.version", int16_t{1}}}));
}

TEST(FeatureLevels, feature_without_a_level_is_none) {
    EXPECT_EQ(supported_feature("milena.version"), nullptr);
    EXPECT_TRUE(effective_levels({{"milena.version", int16_t{1}}}).empty());
}

TEST(FeatureLevels, log_of_a_later_release_is_refused_with_what_to_do) {
    EXPECT_TRUE(check_readable("metadata.version", 30).has_value());
    EXPECT_TRUE(check_readable("milena.version", 0).has_value());
    EXPECT_TRUE(check_readable("share.version", 99).has_value()) << "it says nothing of the records";
    EXPECT_TRUE(check_readable("metadata.version", 31).error().starts_with("metadata.version is finalized at 31, and"));
    const std::string version(release.version);
    EXPECT_EQ(check_readable("milena.version", 1).error(),
              "milena.version is finalized at 1, and milena " + version +
                  " knows it up to 0: start the version that the cluster was upgraded to, or a later one");
}

TEST(FeatureLevels, new_clusters_get_levels_that_are_supported) {
    EXPECT_TRUE(std::ranges::is_sorted(supported_features(), {}, &SupportedLevels::name));
    for (const SupportedLevels& feature : supported_features()) {
        EXPECT_LE(feature.level_new_cluster, feature.level_max);
        EXPECT_EQ(supported_feature(feature.name), &feature);
    }
    EXPECT_EQ(supported_feature("share.version"), nullptr);
}

}  // namespace
}  // namespace milena::metadata
