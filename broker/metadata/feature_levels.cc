#include "metadata/feature_levels.h"

#include <algorithm>
#include <array>

namespace milena::metadata {

namespace {

// kraft.version is the metadata log's own business: its level is a control record there, never a FeatureLevelRecord.
constexpr std::array<SupportedLevels, 3> supported{{
    {.name = elr_version_feature, .level_min = 0, .level_max = 1, .level_new_cluster = 1},
    {.name = kraft_version_feature, .level_min = 0, .level_max = 1, .level_new_cluster = 0},
    {.name = metadata_version_feature,
     .level_min = metadata_version_min,
     .level_max = metadata_version_latest,
     .level_new_cluster = metadata_version_latest},
}};

}  // namespace

std::span<const SupportedLevels> supported_features() { return supported; }

const SupportedLevels* supported_feature(std::string_view name) {
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
