// What partitions and brokers weigh: how large the logs are, how fast they grow, how full the disks are. Each broker
// tells it from time to time of what it leads; soft state of the active controller, lost with it and told anew within a
// report's interval. Who hasn't told yet is known, so that nobody takes silence for emptiness. Owned by the
// controller's shard; a value, so that plans which look at it are pure.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/uuid.h"
#include "metadata/image.h"

namespace milena::controller {

struct PartitionWeight {
    uint64_t bytes = 0;                // of the leader's log
    uint64_t bytes_in_per_second = 0;  // that the leader has appended lately

    bool operator==(const PartitionWeight&) const = default;
};

// Of all log directories of a broker together.
struct DiskLoad {
    uint64_t total_bytes = 0;
    uint64_t usable_bytes = 0;  // of these, those that may still be written
    uint64_t logs_bytes = 0;    // of the replicas there, led or not

    bool operator==(const DiskLoad&) const = default;
};

struct PartitionLoad {
    Uuid topic_id;
    PartitionIndex partition;
    PartitionWeight weight;

    bool operator==(const PartitionLoad&) const = default;
};

struct ReportLoad {
    NodeId broker = no_node;
    int64_t broker_epoch = -1;
    DiskLoad disk;
    std::vector<PartitionLoad> partitions;  // that it leads
    bool are_more = false;                  // which come in the next request

    bool operator==(const ReportLoad&) const = default;
};

class Weights {
  public:
    // What isn't led by the asker, or isn't there any more, is passed over: another one knows better.
    // STALE_BROKER_EPOCH, BROKER_ID_NOT_REGISTERED: nothing has changed.
    Result<void> take(const metadata::Image& image, const ReportLoad& report);

    // Nothing of a partition of which nobody has told.
    PartitionWeight of(const Uuid& topic_id, PartitionIndex partition) const;
    // Null of a broker that hasn't told.
    const DiskLoad* disk_of(NodeId broker) const;
    // The brokers that run and haven't told everything yet, by id: as long as there is one, what all of them store is
    // a guess.
    std::vector<NodeId> unheard(const metadata::Image& image) const;

  private:
    struct Heard {
        DiskLoad disk;
        bool is_whole = false;  // of all that it leads, once at least
    };

    // No more topics than the image has, but for some that were deleted since.
    std::map<Uuid, std::vector<PartitionWeight>> by_topic_;
    std::map<NodeId, Heard> brokers_;
};

}  // namespace milena::controller
