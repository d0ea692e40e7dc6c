// One run of a simulated cluster: clients produce and consume, faults come and go, then peace; the cluster must become
// whole again within a bound, everything is read, all replicas are compared, and the checker has the last word.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/cluster/coverage.h"
#include "sim/cluster/sim_node.h"

namespace milena::sim::cluster {

struct ClusterOptions {
    uint64_t seed = 1;
    Policy policy = Policy::page_cache;
    bool prints_trace = false;  // every line at once, to stdout
};

struct ClusterReport {
    uint64_t seed = 0;
    Policy policy = Policy::page_cache;
    int32_t nodes = 0;
    int32_t voters = 0;
    uint64_t acknowledged = 0;
    uint64_t lost = 0;  // of what was forgiven
    uint64_t faults = 0;
    uint64_t restarts = 0;
    uint64_t events = 0;
    uint64_t messages = 0;
    double virtual_seconds = 0;
    double recovery_seconds = 0;  // from peace to being whole
    uint64_t trace_hash = 0;
    Coverage coverage;
    std::vector<std::string> violations;
    std::vector<std::string> last_lines;  // only with violations
};

inline constexpr uint64_t acknowledged_min = 1000;
inline constexpr uint64_t faults_min = 3;
inline constexpr double virtual_seconds_min = 60;

bool is_good(const ClusterReport& report);
ClusterReport run_cluster_scenario(const ClusterOptions& options);

}  // namespace milena::sim::cluster
