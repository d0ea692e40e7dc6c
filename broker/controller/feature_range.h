// Which levels of a feature a registration says that its program can live with.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "metadata/image.h"

namespace milena::controller {

// Who doesn't name a feature knows nothing of it, and lives with level 0, which is none.
inline metadata::SupportedFeature feature_range(const std::map<std::string, metadata::SupportedFeature>& features,
                                                std::string_view name) {
    const auto its = features.find(std::string(name));
    return its == features.end() ? metadata::SupportedFeature{} : its->second;
}

inline bool is_within(metadata::SupportedFeature range, int16_t level) {
    return range.level_min <= level && level <= range.level_max;
}

}  // namespace milena::controller
