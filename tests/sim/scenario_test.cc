#include "sim/scenario.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "cases.h"
#include "sim/damage.h"

namespace milena::sim {
namespace {

struct Simulation : testing::Test {
    Simulation() {
        set_log_sink([](LogLevel, std::string_view) {});
    }
    ~Simulation() override { set_log_sink(nullptr); }
};

TEST_F(Simulation, the_same_seed_gives_the_same_trace) {
    const ScenarioOptions options{.seed = 7, .policy = Policy::fsync};
    EXPECT_EQ(run_scenario(options).trace_hash, run_scenario(options).trace_hash);
}

TEST_F(Simulation, different_seeds_give_different_traces) {
    EXPECT_NE(run_scenario({.seed = 1}).trace_hash, run_scenario({.seed = 2}).trace_hash);
}

TEST_F(Simulation, checker_finds_the_loss_that_the_page_cache_has_under_power_loss) {
    const uint64_t seeds = cases(10);
    size_t found = 0;
    for (uint64_t seed = 1; seed <= seeds; ++seed)
        if (!run_scenario({.seed = seed, .policy = Policy::page_cache, .expects_too_much = true}).violations.empty())
            ++found;
    EXPECT_GE(found, seeds / 2);
}

TEST_F(Simulation, some_seeds_compact_and_lose_no_last_value) {
    const uint64_t seeds = cases(12);
    size_t compacting = 0;
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
        const Report report = run_scenario({.seed = seed, .policy = Policy::fsync});
        EXPECT_TRUE(report.violations.empty()) << "seed " << seed << ": " << report.violations.front();
        compacting += report.compacted > 1000 ? 1 : 0;
    }
    EXPECT_GE(compacting, seeds / 6);
}

TEST_F(Simulation, damaged_records_are_never_taken_for_others_and_harm_nothing_else) {
    for (uint64_t seed = 1; seed <= cases(40); ++seed) {
        const DamageReport report = run_damage(seed);
        EXPECT_GT(report.acknowledged, 1000U);
        for (const std::string& violation : report.violations)
            ADD_FAILURE() << "seed " << seed << ", " << report.damaged_file << ": " << violation;
    }
}

}  // namespace
}  // namespace milena::sim
