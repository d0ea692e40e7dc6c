// Coverage: how often what a run is meant to provoke has come to pass. A simulation that never truncates a log says
// nothing about truncation.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/ids.h"

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
    // Likewise, and who it has happened to.
    void mark_at(std::string_view what, NodeId node) {
        mark(what);
        last_at_.insert_or_assign(std::string(what), node);
    }
    NodeId last_at(std::string_view what) const {
        const auto at = last_at_.find(what);
        return at == last_at_.end() ? no_node : at->second;
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
    std::map<std::string, NodeId, std::less<>> last_at_;
};

// What every run of many seeds has to reach.
inline constexpr const char* expected_marks[] = {
    "controller election", "partition election", "isr shrink",          "isr growth",  "truncation",
    "snapshot install",    "broker fenced",      "reassignment",        "elr growth",  "controlled shutdown",
    "stream broken",       "produce refused",    "leader change",       "unclean end", "drain",
    "voter change",        "offset commit",      "silent broker fenced"};

}  // namespace milena::sim::cluster
