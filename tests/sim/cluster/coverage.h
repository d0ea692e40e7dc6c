// Coverage: how often what a run is meant to provoke has come to pass. A simulation that never truncates a log says
// nothing about truncation.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace milena::sim::cluster {

class Coverage {
  public:
    void mark(std::string_view what, uint64_t times = 1) {
        const auto at = counts_.find(what);
        if (at != counts_.end())
            at->second += times;
        else
            counts_.emplace(what, times);
    }
    void add(const Coverage& other) {
        for (const auto& [what, times] : other.counts_) mark(what, times);
    }
    uint64_t count(std::string_view what) const {
        const auto at = counts_.find(what);
        return at == counts_.end() ? 0 : at->second;
    }
    const std::map<std::string, uint64_t, std::less<>>& counts() const { return counts_; }

  private:
    std::map<std::string, uint64_t, std::less<>> counts_;
};

// What every run of many seeds has to reach.
inline constexpr const char* expected_marks[] = {
    "controller election", "partition election", "isr shrink",    "isr growth", "truncation",
    "snapshot install",    "broker fenced",      "reassignment",  "elr growth", "controlled shutdown",
    "stream broken",       "produce refused",    "leader change", "unclean end"};

}  // namespace milena::sim::cluster
