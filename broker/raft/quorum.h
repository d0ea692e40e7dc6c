// Quorum: which role this replica plays in the election of the metadata log's leader, and up to where the log is
// committed. Pure: it is told what has become durable where and says what has to be made durable next. The roles have
// the names of Kafka's QuorumState; those that need other voters' answers come with them.
//
//     unattached ─ campaign() ─▶ candidate ─ the vote is durable, a majority has voted ─▶ leader
//         ▲                                                                                  │
//         └─────────────────────────────── resign() ─────────────────────────────────────────┘
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "base/ids.h"
#include "base/uuid.h"
#include "raft/voters.h"

namespace milena::raft {

// What a replica may never forget: in which epoch it has voted, and for whom.
struct ElectionState {
    LeaderEpoch epoch{0};
    NodeId leader = no_node;
    NodeId voted = no_node;
    Uuid voted_directory;  // zero: not known

    bool operator==(const ElectionState&) const = default;
};

enum class Role : uint8_t { unattached, candidate, leader };

class Quorum {
  public:
    struct Replica {
        NodeId id = no_node;
        Uuid directory_id;
    };
    Quorum(const Replica& self, VoterSet voters, const ElectionState& state);

    Role role() const { return role_; }
    LeaderEpoch epoch() const { return state_.epoch; }
    NodeId leader() const { return state_.leader; }
    const ElectionState& state() const { return state_; }
    const VoterSet& voters() const { return voters_; }
    Offset high_watermark() const { return high_watermark_; }
    bool is_voter() const { return voters_.contains(self_.id, self_.directory_id); }

    // The voters as a record of the log says; they count from the moment the record is in the log (Raft §6).
    void use_voters(VoterSet voters);

    // Stands for election in a new epoch after `epoch_seen_max`, the latest one in the log. The state must be durable
    // before vote() counts the own vote.
    const ElectionState& campaign(LeaderEpoch epoch_seen_max);
    // `voter` has voted for this candidate; true if that makes it leader. Its state must be durable before it acts.
    bool vote(NodeId voter);
    // The leader's first record has this offset: only from there on may it count replicas (Raft §5.4.2).
    void begin_leadership(Offset epoch_start);
    // Everything below `end` is durable at `voter`; true if that moved the high watermark.
    bool durable(NodeId voter, Offset end);
    void resign();

  private:
    const Replica self_;
    VoterSet voters_;
    ElectionState state_;
    Role role_ = Role::unattached;
    std::set<NodeId> votes_;            // of this epoch, for this candidate
    std::map<NodeId, Offset> durable_;  // log ends of the voters, in this leadership
    Offset epoch_start_ = no_offset;
    Offset high_watermark_{0};
};

// The offset below which a majority has everything; `ends` are the log ends of all voters, none where unknown.
Offset majority_end(const VoterSet& voters, const std::map<NodeId, Offset>& ends);

}  // namespace milena::raft
