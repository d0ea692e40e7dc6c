#include "sim/group_checker.h"

#include <algorithm>

namespace milena::sim {

void GroupChecker::joined(const std::string& group, int32_t generation) {
    Group& known = groups_[group];
    // An empty group that has committed nothing is forgotten after a while, and its next one begins anew.
    if (generation == 1 && known.committed.empty()) {
        known.generation = -1;
        known.owners.clear();
    }
    if (generation < known.generation) checker_.complain("a group began a generation that is over");
    known.begun = generation;
}

void GroupChecker::synced(const std::string& group, int32_t generation, const std::string& member,
                          const Partitions& partitions) {
    Group& known = groups_[group];
    if (generation < known.generation) checker_.complain("a group's generation went back");
    if (generation > known.generation) {
        known.generation = generation;
        known.owners.clear();
        ++generations_count_;
    }
    for (const PartitionIndex partition : partitions) {
        const auto [at, is_new] = known.owners.emplace(partition, member);
        if (!is_new && at->second != member) checker_.complain("two members of a generation own the same partition");
    }
}

void GroupChecker::commits(const std::string& group, PartitionIndex partition, Offset offset) {
    groups_[group].tried[partition].insert(offset);
}

void GroupChecker::committed(const std::string& group, int32_t generation, PartitionIndex partition, Offset offset) {
    Group& known = groups_[group];
    if (generation < known.begun) checker_.complain("a member of a generation that is over committed an offset");
    Offset& latest = known.committed.try_emplace(partition, offset).first->second;
    latest = std::max(latest, offset);
    ++commits_count_;
}

void GroupChecker::fetched(const std::string& group, PartitionIndex partition, Offset offset) {
    Group& known = groups_[group];
    const auto latest = known.committed.find(partition);
    if (latest != known.committed.end() && offset < latest->second)
        checker_.complain("a committed offset was lost or went back");
    if (offset != no_offset && !known.tried[partition].contains(offset))
        checker_.complain("a group was told an offset that nobody has committed");
}

void GroupChecker::restarted() {
    for (auto& [name, group] : groups_) group.begun = group.generation;
}

void GroupChecker::forgive_losses() {
    for (auto& [name, group] : groups_) {
        group.begun = group.generation = -1;
        group.owners.clear();
        group.committed.clear();
    }
}

}  // namespace milena::sim
