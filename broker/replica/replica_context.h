// What the replicas of one shard share besides their logs: who this node is, which brokers may be in sync, and the ways
// to the controller and to the checkpoint files. Owned by the shard's table (or a test), outlives its replicas; used by
// its shard's thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/error_code.h"
#include "base/ids.h"
#include "base/time.h"
#include "env/clock.h"
#include "replica/isr_change.h"
#include "replica/partition_key.h"
#include "replica/replication_throttle.h"

namespace milena::replica {

// `done` is told what the controller answered, or an error of the way there. What was agreed comes with the next image.
using ProposeIsr = std::function<void(const IsrChange&, std::function<void(ErrorCode)> done)>;

// Writes the checkpoint files of the partition's directory as its table says now; see PartitionLog::truncate_to().
using SaveOffsets = std::function<void(const PartitionKey&, std::function<void(ErrorCode)> done)>;

struct ReplicaContext {
    NodeId node;
    env::Clock& clock;
    Duration lag_time_max = std::chrono::seconds(30);    // replica.lag.time.max.ms
    Duration session_timeout = std::chrono::seconds(9);  // broker.session.timeout.ms
    std::optional<Instant> heard_by_controller = {};     // what it has answered was said then; none: nobody tells
    std::map<NodeId, int64_t> active_brokers = {};       // epochs of those that are neither fenced nor shutting down
    ProposeIsr propose = {};                             // none: sets of in-sync replicas stay as they are
    SaveOffsets save_offsets = {};                       // none: nobody reads the files again
    ReplicationThrottle leader_throttle = {};            // of what followers get that aren't in sync

    // Kafka's numbers.
    uint64_t isr_shrinks = 0;
    uint64_t isr_expands = 0;
    uint64_t isr_changes_failed = 0;

    // Whether the broker may become in sync; `broker_epoch` is the one that its stream began with, -1: not known.
    bool may_join(NodeId broker, int64_t broker_epoch) const {
        const auto at = active_brokers.find(broker);
        return at != active_brokers.end() && (broker_epoch == -1 || broker_epoch == at->second);
    }

    // Whether the controller, if there is one, may have fenced this broker for its silence.
    bool may_be_fenced() const { return heard_by_controller && clock.now() - *heard_by_controller > session_timeout; }
};

}  // namespace milena::replica
