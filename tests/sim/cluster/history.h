// History: what clients saw of the records, and what must hold of it at the end: nothing that was acknowledged or read
// is lost or changed unless it was forgiven, nothing is doubled, and a producer's records keep their order.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/ids.h"

namespace milena::sim::cluster {

using Value = uint64_t;  // unique in a run: producer << 32 | sequence number

inline constexpr int producer_shift = 32;

class History {
  public:
    using Complain = std::function<void(std::string)>;
    explicit History(Complain complain) : complain_(std::move(complain)) {}

    void acknowledged(PartitionIndex partition, Offset offset, Value value);
    // The broker says only that it has had the record already.
    void acknowledged_somewhere(PartitionIndex partition, Value value);
    void read(PartitionIndex partition, Offset offset, Value value);
    // Below it records may be gone, for a client wanted it so.
    void deleted(PartitionIndex partition, Offset before);
    // What was seen before may be gone: it is counted, not complained of.
    void forgive(PartitionIndex partition);
    bool is_forgiven(PartitionIndex partition) const { return forgiven_.contains(partition); }
    // An answer that was given before the last forgiveness is about what may be gone.
    uint64_t generation(PartitionIndex partition) const {
        const auto at = forgiven_.find(partition);
        return at == forgiven_.end() ? 0 : at->second;
    }
    // All of a partition as it stands at the end.
    void finish(PartitionIndex partition, Offset log_start, const std::map<Offset, Value>& values);

    uint64_t acknowledged_count() const { return acknowledged_count_; }
    uint64_t lost_count() const { return lost_count_; }

  private:
    struct Seen {
        Value value = 0;
        bool may_be_lost = false;
    };
    void note(PartitionIndex partition, Offset offset, Value value);

    const Complain complain_;
    std::map<PartitionIndex, std::map<Offset, Seen>> seen_;
    std::map<PartitionIndex, std::set<Value>> somewhere_;
    std::map<PartitionIndex, Offset> deleted_;
    std::map<PartitionIndex, uint64_t> forgiven_;  // how often
    uint64_t acknowledged_count_ = 0;
    uint64_t lost_count_ = 0;
};

}  // namespace milena::sim::cluster
