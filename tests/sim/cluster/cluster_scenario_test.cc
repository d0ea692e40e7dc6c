#include "sim/cluster/cluster_scenario.h"

#include <gtest/gtest.h>

#include "base/log.h"

namespace milena::sim::cluster {
namespace {

struct ClusterSimulation : testing::Test {
    ClusterSimulation() {
        set_log_sink([](LogLevel, std::string_view) {});
    }
    ~ClusterSimulation() override { set_log_sink(nullptr); }
};

TEST_F(ClusterSimulation, the_same_seed_gives_the_same_trace) {
    const ClusterOptions options{.seed = 7, .policy = Policy::fsync};
    EXPECT_EQ(run_cluster_scenario(options).trace_hash, run_cluster_scenario(options).trace_hash);
}

TEST_F(ClusterSimulation, different_seeds_give_different_traces) {
    EXPECT_NE(run_cluster_scenario({.seed = 1}).trace_hash, run_cluster_scenario({.seed = 2}).trace_hash);
}

}  // namespace
}  // namespace milena::sim::cluster
