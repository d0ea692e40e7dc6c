// Runs seeds of the simulated cluster and reports. Exit code 1 if a promise was broken or a seed did too little to
// count.
//
//     cluster_sim [--seeds N] [--seed FIRST] [--policy fsync|page_cache|both|alternating] [--jobs N]
//                 [--hashes] [--trace] [--each] [--stop] [--coverage]
//
// --jobs: so many at a time; --stop: after the first that fails; --coverage: all marks must be hit.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "sim/cluster/cluster_scenario.h"

namespace milena::sim::cluster {
namespace {

struct Arguments {
    uint64_t seeds = 1;
    uint64_t first_seed = 1;
    uint64_t jobs = 1;
    std::vector<Policy> policies{Policy::fsync, Policy::page_cache};
    bool alternates = true;  // odd seeds have the first policy, even ones the second
    bool prints_hashes = false;
    bool prints_trace = false;
    bool prints_each = false;
    bool stops = false;
    bool demands_coverage = false;
};

const char* policy_name(Policy policy) { return policy == Policy::fsync ? "fsync" : "page_cache"; }

[[noreturn]] void refuse(const std::string& why) {
    std::fprintf(
        stderr,
        "cluster_sim: %s\nusage: cluster_sim [--seeds N] [--seed FIRST] "
        "[--policy fsync|page_cache|both|alternating] [--jobs N] [--hashes] [--trace] [--each] [--stop] [--coverage]\n",
        why.c_str());
    std::exit(2);
}

uint64_t number(const std::string& text) {
    char* end = nullptr;
    const uint64_t value = std::strtoull(text.c_str(), &end, 10);
    if (text.empty() || *end != '\0') refuse("'" + text + "' is not a number");
    return value;
}

bool take_flag(Arguments& arguments, std::string_view word) {
    if (word == "--hashes") return arguments.prints_hashes = true;
    if (word == "--trace") return arguments.prints_trace = true;
    if (word == "--each") return arguments.prints_each = true;
    if (word == "--stop") return arguments.stops = true;
    if (word == "--coverage") return arguments.demands_coverage = true;
    return false;
}

void take_policy(Arguments& arguments, const std::string& value) {
    arguments.alternates = value == "alternating";
    if (value == "fsync")
        arguments.policies = {Policy::fsync};
    else if (value == "page_cache")
        arguments.policies = {Policy::page_cache};
    else if (value != "both" && value != "alternating")
        refuse("unknown policy '" + value + "'");
}

Arguments parse(const std::vector<std::string>& words) {
    Arguments arguments;
    for (size_t i = 0; i < words.size(); ++i) {
        if (take_flag(arguments, words[i])) continue;
        if (i + 1 == words.size()) refuse("'" + words[i] + "' needs a value or is unknown");
        const std::string& value = words[++i];
        if (words[i - 1] == "--seeds")
            arguments.seeds = number(value);
        else if (words[i - 1] == "--seed")
            arguments.first_seed = number(value);
        else if (words[i - 1] == "--jobs")
            arguments.jobs = std::max<uint64_t>(number(value), 1);
        else if (words[i - 1] == "--policy")
            take_policy(arguments, value);
        else
            refuse("unknown option '" + words[i - 1] + "'");
    }
    return arguments;
}

void print(const ClusterReport& report, const char* how) {
    std::printf(
        "%s seed %llu policy %s: nodes %d voters %d, acknowledged %llu, forgiven losses %llu, faults %llu, starts "
        "%llu, "
        "events %llu, virtual seconds %.0f, whole again after %.1f\n",
        how, static_cast<unsigned long long>(report.seed), policy_name(report.policy), report.nodes, report.voters,
        static_cast<unsigned long long>(report.acknowledged), static_cast<unsigned long long>(report.lost),
        static_cast<unsigned long long>(report.faults), static_cast<unsigned long long>(report.restarts),
        static_cast<unsigned long long>(report.events), report.virtual_seconds, report.recovery_seconds);
}

void print_failure(const ClusterReport& report) {
    print(report, "FAILED");
    for (const std::string& line : report.last_lines) std::printf("  %s\n", line.c_str());
    for (const std::string& violation : report.violations) std::printf("  violation: %s\n", violation.c_str());
    std::printf("  replay: cluster_sim --seed %llu --policy %s --trace\n", static_cast<unsigned long long>(report.seed),
                policy_name(report.policy));
}

struct Totals {
    uint64_t runs = 0;
    uint64_t failed = 0;
    uint64_t acknowledged = 0;
    uint64_t faults = 0;
    Coverage coverage;
};

bool print_coverage(const Coverage& coverage) {
    for (const auto& [what, times] : coverage.counts())
        std::printf("  %-28s %llu\n", what.c_str(), static_cast<unsigned long long>(times));
    bool is_whole = true;
    for (const char* mark : expected_marks) {
        if (coverage.count(mark) > 0) continue;
        std::printf("  %-28s never\n", mark);
        is_whole = false;
    }
    return is_whole;
}

std::vector<ClusterOptions> lives(const Arguments& arguments) {
    std::vector<ClusterOptions> all;
    for (uint64_t seed = arguments.first_seed; seed < arguments.first_seed + arguments.seeds; ++seed)
        for (const Policy policy : arguments.policies)
            if (!arguments.alternates || policy == arguments.policies[(seed + 1) % arguments.policies.size()])
                all.push_back({.seed = seed, .policy = policy, .prints_trace = arguments.prints_trace});
    return all;
}

void take(const Arguments& arguments, const ClusterReport& report, Totals& totals) {
    ++totals.runs;
    totals.acknowledged += report.acknowledged;
    totals.faults += report.faults;
    totals.coverage.add(report.coverage);
    if (arguments.prints_hashes)
        std::printf("%llu %s %016llx\n", static_cast<unsigned long long>(report.seed), policy_name(report.policy),
                    static_cast<unsigned long long>(report.trace_hash));
    if (arguments.prints_each) print(report, is_good(report) ? "passed" : "");
    if (is_good(report)) return;
    ++totals.failed;
    print_failure(report);
}

int run(const Arguments& arguments) {
    Totals totals;
    const auto began = std::chrono::steady_clock::now();
    const std::vector<ClusterOptions> all = lives(arguments);
    for (size_t i = 0; i < all.size() && !(arguments.stops && totals.failed > 0); i += arguments.jobs) {
        // A life may end the program, or never end.
        if (arguments.stops) std::printf("seed %llu begins\n", static_cast<unsigned long long>(all[i].seed));
        std::fflush(stdout);
        std::vector<std::future<ClusterReport>> running;
        for (size_t j = i; j < std::min<size_t>(i + arguments.jobs, all.size()); ++j)
            running.push_back(std::async(std::launch::async, run_cluster_scenario, all[j]));
        for (auto& one : running) take(arguments, one.get(), totals);
    }
    if (arguments.prints_hashes) return totals.failed == 0 ? 0 : 1;
    const double minutes = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() / 60;
    std::printf(
        "cluster simulation: %llu runs, %llu records acknowledged, %llu faults, %llu failed, %.0f seeds a minute\n",
        static_cast<unsigned long long>(totals.runs), static_cast<unsigned long long>(totals.acknowledged),
        static_cast<unsigned long long>(totals.faults), static_cast<unsigned long long>(totals.failed),
        static_cast<double>(totals.runs) / minutes);
    const bool is_covered = print_coverage(totals.coverage);
    return totals.failed == 0 && (is_covered || !arguments.demands_coverage) ? 0 : 1;
}

}  // namespace
}  // namespace milena::sim::cluster

int main(int argc, char** argv) {
    // The brokers log what they do under every fault; a replay shows it, thousands of seeds don't.
    if (std::getenv("SIM_LOG") == nullptr) milena::set_log_sink([](milena::LogLevel, std::string_view) {});
    return milena::sim::cluster::run(milena::sim::cluster::parse({argv + 1, argv + argc}));
}
