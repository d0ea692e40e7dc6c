// A bit of the records flips at rest. What consumers get then is what was written, or visibly damaged, or an error; the
// broker lives on, and every other partition is as it was.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace milena::sim {

struct DamageReport {
    std::string damaged_file;
    uint64_t acknowledged = 0;
    std::vector<std::string> violations;
};

DamageReport run_damage(uint64_t seed);

}  // namespace milena::sim
