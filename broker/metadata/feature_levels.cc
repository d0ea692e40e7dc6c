#include "metadata/feature_levels.h"

#include <algorithm>
#include <array>

#include "base/release.h"

namespace milena::metadata {

// kraft.version is the metadata log's own business: its level is a control record there, never a FeatureLevelRecord. A
// new cluster begins without milena.version, so that real Kafka can open its directories until somebody finalizes it.
std::span<const SupportedLevels> supported_features() {
    static const std::array<SupportedLevels, 4> supported{{
        {.name = elr_version_feature, .level_min = 0, .level_max = 1, .level_new_cluster = 1},
        {.name = kraft_version_feature, .level_min = 0, .level_max = 1, .level_new_cluster = 0},
        {.name = metadata_version_feature,
         .level_min = metadata_version_min,
         .level_max = metadata_version_latest,
         .level_new_cluster = metadata_version_latest},
        {.name = milena_version_feature, .level_min = 0, .level_max = release.milena_version, .level_new_cluster = 0},
    }};
    return std::span(supported).first(release.milena_version > 0 ? supported.size() : supported.size() - 1);
}

const SupportedLevels* supported_feature(std::string_view name) {
    const auto supported = supported_features();
    const auto at = std::ranges::find(supported, name, &SupportedLevels::name);
    return at == supported.end() ? nullptr : &*at;
}

int16_t feature_level(const FeatureLevels& levels, std::string_view name) {
    const auto at = levels.find(name);
    return at == levels.end() ? int16_t{0} : at->second;
}

int16_t metadata_version(const FeatureLevels& levels) {
    const int16_t level = feature_level(levels, metadata_version_feature);
    return level == 0 ? metadata_version_min : level;
}

bool metadata_changed_between(int16_t lower, int16_t higher) {
    // Of the levels from 3.3-IV3 on, those that brought new records or new members.
    static constexpr std::array<int16_t, 9> changing{7, 8, 11, 13, 14, 15, 17, 23, 30};
    return std::ranges::any_of(changing, [&](int16_t level) { return level > lower && level <= higher; });
}

Result<void, std::string> check_readable(std::string_view feature, int16_t level) {
    const bool is_ours = feature == milena_version_feature;
    if (!is_ours && feature != metadata_version_feature) return {};
    const int16_t known = is_ours ? release.milena_version : metadata_version_latest;
    if (level <= known) return {};
    return unexpected(std::string(feature) + " is finalized at " + std::to_string(level) + ", and milena " +
                      std::string(release.version) + " knows it up to " + std::to_string(known) +
                      ": start the version that the cluster was upgraded to, or a later one");
}

bool keeps_feature_updates(const FeatureLevels& levels) {
    return feature_level(levels, milena_version_feature) >= milena_version_updates;
}

bool knows_controllers(const FeatureLevels& levels) { return metadata_version(levels) >= metadata_version_controllers; }

bool knows_cordoned_directories(const FeatureLevels& levels) {
    return metadata_version(levels) >= metadata_version_cordoned_directories;
}

bool has_elr(const FeatureLevels& levels) {
    return feature_level(levels, elr_version_feature) > 0 && metadata_version(levels) >= metadata_version_elr;
}

FeatureLevels effective_levels(const FeatureLevels& finalized) {
    FeatureLevels result;
    for (const auto& [name, level] : finalized) {
        const SupportedLevels* known = supported_feature(name);
        if (known != nullptr) result.emplace(name, std::min(level, known->level_max));
    }
    return result;
}

}  // namespace milena::metadata
