// Runs seeds of the simulation and reports. Exit code 1 if a promise was broken or a seed did too little to count.
//
//     sim [--seeds N] [--seed FIRST] [--policy fsync|page_cache|both|alternating] [--stop] [--hashes] [--trace]
//
// With --stop the first seed that fails is the last.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "sim/scenario.h"

namespace milena::sim {
namespace {

struct Arguments {
    uint64_t seeds = 1;
    uint64_t first_seed = 1;
    std::vector<Policy> policies{Policy::fsync, Policy::page_cache};
    bool alternates = false;  // odd seeds have the first policy, even ones the second
    bool stops = false;       // at the first that fails
    bool prints_hashes = false;
    bool prints_trace = false;
};

const char* policy_name(Policy policy) { return policy == Policy::fsync ? "fsync" : "page_cache"; }

[[noreturn]] void refuse(const std::string& why) {
    std::fprintf(stderr,
                 "sim: %s\nusage: sim [--seeds N] [--seed FIRST] [--policy fsync|page_cache|both|alternating] "
                 "[--stop] [--hashes] [--trace]\n",
                 why.c_str());
    std::exit(2);
}

uint64_t number(const std::string& text) {
    char* end = nullptr;
    const uint64_t value = std::strtoull(text.c_str(), &end, 10);
    if (text.empty() || *end != '\0') refuse("'" + text + "' is not a number");
    return value;
}

Arguments parse(const std::vector<std::string>& words) {
    Arguments arguments;
    for (size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--stop") {
            arguments.stops = true;
            continue;
        }
        if (words[i] == "--hashes") {
            arguments.prints_hashes = true;
            continue;
        }
        if (words[i] == "--trace") {
            arguments.prints_trace = true;
            continue;
        }
        if (i + 1 == words.size()) refuse("'" + words[i] + "' needs a value or is unknown");
        const std::string& value = words[++i];
        if (words[i - 1] == "--seeds")
            arguments.seeds = number(value);
        else if (words[i - 1] == "--seed")
            arguments.first_seed = number(value);
        else if (words[i - 1] == "--policy" && value == "fsync")
            arguments.policies = {Policy::fsync};
        else if (words[i - 1] == "--policy" && value == "page_cache")
            arguments.policies = {Policy::page_cache};
        else if (words[i - 1] == "--policy" && value == "alternating")
            arguments.alternates = true;
        else if (words[i - 1] != "--policy" || value != "both")
            refuse("unknown option '" + words[i - 1] + " " + value + "'");
    }
    return arguments;
}

bool is_good(const Report& report) {
    return report.violations.empty() && report.acknowledged >= acknowledged_min && report.faults >= faults_min &&
           report.generations >= generations_min && report.commits >= commits_min &&
           report.virtual_seconds >= virtual_seconds_min;
}

void print_failure(const Report& report) {
    std::printf(
        "FAILED seed %llu policy %s: acknowledged %llu, generations %llu, commits %llu, faults %llu, virtual seconds "
        "%.0f\n",
        static_cast<unsigned long long>(report.seed), policy_name(report.policy),
        static_cast<unsigned long long>(report.acknowledged), static_cast<unsigned long long>(report.generations),
        static_cast<unsigned long long>(report.commits), static_cast<unsigned long long>(report.faults),
        report.virtual_seconds);
    for (const std::string& violation : report.violations) std::printf("  violation: %s\n", violation.c_str());
    for (const std::string& line : report.last_lines) std::printf("  %s\n", line.c_str());
    std::printf("  replay: sim --seed %llu --policy %s --trace\n", static_cast<unsigned long long>(report.seed),
                policy_name(report.policy));
}

int run(const Arguments& arguments) {
    uint64_t failed = 0;
    uint64_t runs = 0;
    uint64_t acknowledged = 0;
    uint64_t faults = 0;
    uint64_t compacted = 0;
    uint64_t generations = 0;
    uint64_t commits = 0;
    for (uint64_t seed = arguments.first_seed; seed < arguments.first_seed + arguments.seeds; ++seed) {
        for (const Policy policy : arguments.policies) {
            if (arguments.alternates && policy != arguments.policies[(seed + 1) % 2]) continue;
            const Report report =
                run_scenario({.seed = seed, .policy = policy, .prints_trace = arguments.prints_trace});
            ++runs;
            acknowledged += report.acknowledged;
            faults += report.faults;
            compacted += report.compacted;
            generations += report.generations;
            commits += report.commits;
            if (arguments.prints_hashes)
                std::printf("%llu %s %016llx\n", static_cast<unsigned long long>(seed), policy_name(policy),
                            static_cast<unsigned long long>(report.trace_hash));
            if (is_good(report)) continue;
            ++failed;
            print_failure(report);
            if (arguments.stops) return 1;
        }
    }
    std::printf(
        "simulation: %llu runs, %llu records acknowledged, %llu compacted, %llu generations of groups, "
        "%llu offsets committed, %llu faults, %llu failed\n",
        static_cast<unsigned long long>(runs), static_cast<unsigned long long>(acknowledged),
        static_cast<unsigned long long>(compacted), static_cast<unsigned long long>(generations),
        static_cast<unsigned long long>(commits), static_cast<unsigned long long>(faults),
        static_cast<unsigned long long>(failed));
    return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace milena::sim

int main(int argc, char** argv) {
    // The broker logs what it does under every fault; a replay shows it, thousands of seeds don't.
    if (std::getenv("SIM_LOG") == nullptr) milena::set_log_sink([](milena::LogLevel, std::string_view) {});
    return milena::sim::run(milena::sim::parse({argv + 1, argv + argc}));
}
