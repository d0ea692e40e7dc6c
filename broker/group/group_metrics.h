// What the coordinators of one shard have done since it began, and what they hold now.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "group/classic_group.h"

namespace milena::group {

// Shared by all coordinators of a shard: who takes over a partition counts on.
struct GroupCounts {
    uint64_t rebalances = 0;       // that came to their end with members
    uint64_t members_expired = 0;  // that were silent for their session's timeout
    uint64_t offset_commits = 0;   // offsets, not requests
    uint64_t offsets_expired = 0;
};

struct GroupMetrics {
    static constexpr size_t states = 4;  // ClassicState

    GroupCounts counts;
    std::array<size_t, states> groups{};
    size_t members = 0;
    size_t loading = 0;   // partitions of __consumer_offsets
    size_t unloaded = 0;  // those whose log can't be read

    void add(const GroupMetrics& other) {
        counts.rebalances += other.counts.rebalances;
        counts.members_expired += other.counts.members_expired;
        counts.offset_commits += other.counts.offset_commits;
        counts.offsets_expired += other.counts.offsets_expired;
        for (size_t i = 0; i < states; ++i) groups[i] += other.groups[i];
        members += other.members;
        loading += other.loading;
        unloaded += other.unloaded;
    }
};

}  // namespace milena::group
