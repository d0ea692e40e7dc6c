// Release: what this program calls itself, and what it can live with in the metadata log. Two programs come out of one
// tree, milena and milena-next, and differ in release.cc alone: so upgrade and rollback are tried with real processes.
#pragma once

#include <cstdint>
#include <string_view>

namespace milena {

struct Release {
    std::string_view version;
    int16_t milena_version = 0;  // the feature's highest level (metadata/feature_levels.h); 0: it has none yet
};

extern const Release release;

}  // namespace milena
