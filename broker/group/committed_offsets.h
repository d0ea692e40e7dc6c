// CommittedOffsets: how far each group has read each partition. Millions of them are held: one cache line each, by
// partition within a topic within a group. Owned by a Coordinator; changed by its apply() only.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "base/uuid.h"

namespace milena::group {

struct CommittedOffset {
    Offset offset;
    Offset record_offset;                         // of the commit in the log: of two commits the later one counts
    Timestamp commit_timestamp;                   //
    Timestamp expire_timestamp = no_timestamp;    // chosen by the client; only before OffsetCommit version 5
    Uuid topic_id;                                // zero: committed by name
    std::unique_ptr<const std::string> metadata;  // null: empty, as nearly always
    LeaderEpoch leader_epoch = no_leader_epoch;
    PartitionIndex partition;

    std::string_view text() const { return metadata ? std::string_view(*metadata) : std::string_view(); }
};

// Those of one topic, ascending by partition: in short sorted pieces, because clients commit the partitions of a large
// topic in any order.
class PartitionOffsets {
  public:
    // True if the partition had none before.
    bool put(CommittedOffset offset);
    bool remove(PartitionIndex partition);
    // Null where nothing was committed.
    const CommittedOffset* find(PartitionIndex partition) const;
    bool is_empty() const { return pieces_.empty(); }
    size_t size() const;

    template <class F>
    void each(F&& visit) const {
        for (const Piece& piece : pieces_)
            for (const CommittedOffset& offset : piece.offsets) visit(offset);
    }

  private:
    static constexpr int32_t piece_partitions = 64;

    struct Piece {
        int32_t number = 0;                    // of its partitions, divided by piece_partitions
        std::vector<CommittedOffset> offsets;  // never empty
    };

    std::vector<Piece>::iterator place_of(PartitionIndex partition);

    std::vector<Piece> pieces_;
};

class CommittedOffsets {
  public:
    using Topics = std::map<std::string, PartitionOffsets, std::less<>>;  // never empty

    void put(std::string_view group, std::string_view topic, CommittedOffset offset);
    void remove(std::string_view group, std::string_view topic, PartitionIndex partition);

    // Null where nothing was committed.
    const CommittedOffset* find(std::string_view group, std::string_view topic, PartitionIndex partition) const;
    const Topics* of_group(std::string_view group) const;
    size_t size() const { return size_; }

    // visit(group, topics) in the order of the groups' names, beginning with `first`, until it returns false.
    template <class F>
    void each_from(std::string_view first, F&& visit) const {
        for (auto at = groups_.lower_bound(first); at != groups_.end(); ++at)
            if (!visit(at->first, at->second)) return;
    }

  private:
    std::map<std::string, Topics, std::less<>> groups_;
    size_t size_ = 0;
};

}  // namespace milena::group
