// Checker: the history as clients saw it, and what must hold of it.
//
// The promise, by policy. fsync: nothing that was acknowledged or read is ever lost. page_cache: the same, except that
// a power loss may take it. In both cases no record is doubled or changed, a producer's records keep their order, and
// offsets have no gaps. Where the topic is compacted a record may vanish as soon as there is a later one of its key.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/ids.h"
#include "sim/sim_broker.h"

namespace milena::sim {

using Value = uint64_t;  // unique in a run: producer and sequence number

// The key of the record that has this value. Few enough that compaction has much to do.
inline uint64_t key_of(Value value) { return (value * 0x9e3779b97f4a7c15 >> 32) % 50; }

class Checker {
  public:
    void acknowledged(PartitionIndex partition, Offset offset, Value value);
    // A consumer got this record.
    void read(PartitionIndex partition, Offset offset, Value value);
    // From now on what was acknowledged before may be gone, for such is the policy: it is counted, not complained of.
    void forgive_losses();
    // Records below `before` may be gone, for a client wanted it so.
    void deleted(PartitionIndex partition, Offset before);
    // The oldest records may be gone while at least so many are left.
    void allow_retention(size_t records_left_min) { records_left_min_ = records_left_min; }
    void allow_compaction() { allows_compaction_ = true; }
    bool allows_compaction() const { return allows_compaction_; }
    // The whole of a partition as it stands at the end, from its log start.
    void finish(PartitionIndex partition, Offset log_start, const std::map<Offset, Value>& values);
    void complain(std::string what);

    uint64_t acknowledged_count() const { return acknowledged_count_; }
    uint64_t lost_count() const { return lost_count_; }
    uint64_t compacted_count() const { return compacted_count_; }
    const std::vector<std::string>& violations() const { return violations_; }

  private:
    struct Seen {
        Value value = 0;
        bool may_be_lost = false;
    };

    void note(PartitionIndex partition, Offset offset, Value value);

    std::map<PartitionIndex, std::map<Offset, Seen>> seen_;  // acknowledged or read
    std::map<PartitionIndex, Offset> deleted_;
    size_t records_left_min_ = SIZE_MAX;
    bool forgives_losses_ = false;
    bool allows_compaction_ = false;
    uint64_t acknowledged_count_ = 0;
    uint64_t lost_count_ = 0;
    uint64_t compacted_count_ = 0;
    std::vector<std::string> violations_;
};

}  // namespace milena::sim
