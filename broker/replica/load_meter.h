// LoadMeter: how large the logs of a table are, and how fast those grow that are led there: what has come between two
// looks, by where the logs ended then. Nothing is counted where records are appended. Belongs to the table's shard.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "replica/replica.h"

namespace milena::replica {

struct LedLog {
    PartitionKey key;
    uint64_t bytes = 0;
    uint64_t bytes_in_per_second = 0;  // since the last look; 0 of what wasn't there then

    bool operator==(const LedLog&) const = default;
};

struct TableLoad {
    uint64_t logs_bytes = 0;  // of all replicas, led or not
    std::vector<LedLog> led;
};

class LoadMeter {
  public:
    // Each replica once in a pass, at any time of it.
    void look_at(const Replica& replica, Instant now);
    // What this pass has seen. The next one begins.
    TableLoad finish_pass();

  private:
    struct End {
        Offset offset;
        Instant at;
    };

    TableLoad load_;
    // Of all replicas: a follower's log grows as its leader's does, and may be led from here at the next look.
    std::unordered_map<PartitionKey, End> before_;
    std::unordered_map<PartitionKey, End> now_;
};

}  // namespace milena::replica
