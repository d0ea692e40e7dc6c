// GroupChecker: what coordinators have answered, in the order in which they did, and what must hold of it.
//
// The promise. A generation never goes back, and no partition belongs to two members of the same one. A member of a
// generation that is over commits nothing. What was committed is what a group is told, until it commits more: a group
// whose members only go forward never sees its offsets go back. Under the page_cache policy a power loss may take all
// that.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/checker.h"

namespace milena::sim {

class GroupChecker {
  public:
    explicit GroupChecker(Checker& checker) : checker_(checker) {}

    using Partitions = std::vector<PartitionIndex>;
    // A generation has begun.
    void joined(const std::string& group, int32_t generation);
    // A member was given its part. A static one is known by its instance: when it comes back, it has another id.
    void synced(const std::string& group, int32_t generation, const std::string& member, const Partitions& partitions);
    // A member is about to commit; nobody knows yet whether the coordinator takes it.
    void commits(const std::string& group, PartitionIndex partition, Offset offset);
    void committed(const std::string& group, int32_t generation, PartitionIndex partition, Offset offset);
    // no_offset: nothing is committed.
    void fetched(const std::string& group, PartitionIndex partition, Offset offset);
    // Coordinators begin anew: a generation that nobody had his part of is forgotten, as in Kafka.
    void restarted();
    void forgive_losses();

    uint64_t generations_count() const { return generations_count_; }
    uint64_t commits_count() const { return commits_count_; }

  private:
    struct Group {
        int32_t begun = -1;                            // the latest generation
        int32_t generation = -1;                       // the latest one that was given its parts
        std::map<PartitionIndex, std::string> owners;  // in that generation
        std::map<PartitionIndex, Offset> committed;
        std::map<PartitionIndex, std::set<Offset>> tried;
    };

    Checker& checker_;
    std::map<std::string, Group> groups_;
    uint64_t generations_count_ = 0;
    uint64_t commits_count_ = 0;
};

}  // namespace milena::sim
