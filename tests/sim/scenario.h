// One run of the world: a broker on a failing disk, clients on a failing network, faults drawn from the seed, then
// peace, recovery, and the checker's verdict.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/sim_broker.h"

namespace milena::sim {

struct ScenarioOptions {
    uint64_t seed = 1;
    Policy policy = Policy::page_cache;
    // page_cache only: nothing but power losses happens, and what the policy loses then by nature counts as violation.
    // For the test that shows that the checker sees it.
    bool expects_too_much = false;
    bool prints_trace = false;  // every line at once, to stdout
};

struct Report {
    uint64_t seed = 0;
    Policy policy = Policy::page_cache;
    uint64_t acknowledged = 0;
    uint64_t faults = 0;
    uint64_t restarts = 0;
    uint64_t lost = 0;
    uint64_t compacted = 0;    // records that vanished because there are later ones of their keys
    uint64_t generations = 0;  // of consumer groups
    uint64_t commits = 0;      // offsets that a coordinator has taken
    uint64_t events = 0;
    double virtual_seconds = 0;
    uint64_t trace_hash = 0;
    std::vector<std::string> violations;
    std::vector<std::string> last_lines;  // only with violations
};

inline constexpr uint64_t acknowledged_min = 1000;
inline constexpr uint64_t faults_min = 3;
inline constexpr uint64_t generations_min = 2;
inline constexpr uint64_t commits_min = 8;
inline constexpr double virtual_seconds_min = 60;

Report run_scenario(const ScenarioOptions& options);

}  // namespace milena::sim
