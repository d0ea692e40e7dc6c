// Messages between the replicas of the metadata log, as plain structs: what KIP-595, KIP-630, KIP-853 and KIP-996 ask
// for and nothing else. Each request has its response; each response says whom its sender takes for the leader. A zero
// Uuid is a directory that isn't known. Nothing here knows how messages travel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/ids.h"
#include "base/uuid.h"
#include "raft/snapshot.h"
#include "raft/voters.h"
#include "storage/epoch_cache.h"

namespace milena::raft {

// A pre-vote asks whether an election would succeed, and changes nothing at the voter (KIP-996, Raft §9.6).
struct VoteRequest {
    std::string cluster_id;
    LeaderEpoch epoch;
    NodeId candidate = no_node;
    Uuid candidate_directory;
    NodeId voter = no_node;  // whom this was meant for
    Uuid voter_directory;
    LeaderEpoch last_epoch;  // of the last record in the candidate's log
    Offset end_offset;       // of the candidate's log
    bool is_pre_vote = false;

    bool operator==(const VoteRequest&) const = default;
};

// From a new leader to each voter until it has fetched; and to a replica that is about to become a voter, to see that
// it is where it is said to be.
struct BeginEpochRequest {
    std::string cluster_id;
    LeaderEpoch epoch;
    NodeId leader = no_node;
    Uuid leader_directory;
    NodeId voter = no_node;
    Uuid voter_directory;
    std::vector<VoterEndpoint> endpoints;  // of the leader

    bool operator==(const BeginEpochRequest&) const = default;
};

// From a leader that resigns: those in front may stand for election at once.
struct EndEpochRequest {
    std::string cluster_id;
    LeaderEpoch epoch;
    NodeId leader = no_node;
    std::vector<NodeId> preferred;

    bool operator==(const EndEpochRequest&) const = default;
};

struct FetchRequest {
    std::string cluster_id;
    LeaderEpoch epoch;
    NodeId replica = no_node;
    Uuid replica_directory;
    Offset fetch_offset;  // everything below is durable at the replica
    LeaderEpoch last_fetched_epoch = no_leader_epoch;
    Offset high_watermark{0};  // that the replica knows of: the leader answers at once where its own is higher
    int32_t max_wait_ms = 0;

    bool operator==(const FetchRequest&) const = default;
};

struct FetchSnapshotRequest {
    std::string cluster_id;
    LeaderEpoch epoch;
    NodeId replica = no_node;
    Uuid replica_directory;
    SnapshotId snapshot;
    uint64_t position = 0;  // of the first byte that is wanted

    bool operator==(const FetchSnapshotRequest&) const = default;
};

// From a replica to the leader (KIP-853): it becomes a voter itself, another directory of its id no longer is one, or
// it is to be found elsewhere than the voters say.
enum class VoterChange : uint8_t { add, remove, update };

struct ChangeVoterRequest {
    std::string cluster_id;
    LeaderEpoch epoch;
    VoterChange change = VoterChange::add;
    Voter voter;

    bool operator==(const ChangeVoterRequest&) const = default;
};

using Request = std::variant<VoteRequest, BeginEpochRequest, EndEpochRequest, FetchRequest, FetchSnapshotRequest,
                             ChangeVoterRequest>;

// Whom the sender of a response takes for the leader, and what was wrong with the request.
struct Leadership {
    ErrorCode error = ErrorCode::none;
    LeaderEpoch epoch;
    NodeId leader = no_node;
    std::vector<VoterEndpoint> endpoints;  // of that leader, if known

    bool operator==(const Leadership&) const = default;
};

struct VoteResponse {
    Leadership current;
    bool is_granted = false;
    bool has_log = false;  // the log has been begun, as far as the voter knows

    bool operator==(const VoteResponse&) const = default;
};

// To BeginEpochRequest, EndEpochRequest and ChangeVoterRequest.
struct EpochResponse {
    Leadership current;

    bool operator==(const EpochResponse&) const = default;
};

// Of these at most one is there: records; where the logs part; a snapshot that must be fetched first.
struct FetchResponse {
    Leadership current;
    Offset high_watermark = no_offset;
    Offset log_start = no_offset;
    std::optional<storage::EpochEnd> diverging;
    std::optional<SnapshotId> snapshot;
    Bytes records;  // whole batches

    bool operator==(const FetchResponse&) const = default;
};

struct FetchSnapshotResponse {
    Leadership current;
    SnapshotId snapshot;
    uint64_t size = 0;      // of the whole snapshot
    uint64_t position = 0;  // of `bytes` in it
    Bytes bytes;

    bool operator==(const FetchSnapshotResponse&) const = default;
};

using Response = std::variant<VoteResponse, EpochResponse, FetchResponse, FetchSnapshotResponse>;

}  // namespace milena::raft
