// Quorum: which role this replica plays in the election of the metadata log's leader, and up to where the log is
// committed. Pure: it is told what others have said and what has become durable where, and says what follows; it sends
// nothing and knows no time. The roles have the names of Kafka's QuorumState (KIP-595, KIP-996).
//
//     unattached ── prospect() ──▶ prospective ── most would vote ── campaign() ──▶ candidate ── most have voted ──▶
//     leader
//        ▲  ▲                          │ lost                                          │ lost │ │
//        └──────────────────────────┴───────────────────────────────────────────────┘                   resign()    │
//        │ unattach(later epoch), from any role ▼
//     follower ◀── follow(epoch, leader), from any role but leader of that epoch resigned
//
// Whoever is no voter is unattached or a follower, but for the one that a record not yet committed has removed: it may
// be the only one that has this record, and then nobody else could be elected.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>

#include "base/ids.h"
#include "base/uuid.h"
#include "raft/voters.h"

namespace milena::raft {

// What a replica may never forget: in which epoch it is, and for whom it has voted there.
struct ElectionState {
    LeaderEpoch epoch{0};
    NodeId leader = no_node;
    NodeId voted = no_node;
    Uuid voted_directory;  // zero: not known
    // The disk was empty, and hasn't held yet all that is committed: what this voter has promised before, if it was
    // there before, is forgotten.
    bool awaits_log = false;

    bool operator==(const ElectionState&) const = default;
};

enum class Role : uint8_t { unattached, prospective, candidate, leader, follower, resigned };
inline constexpr std::array<std::string_view, 6> role_names{"unattached", "prospective", "candidate",
                                                            "leader",     "follower",    "resigned"};

// How an election stands.
enum class Tally : uint8_t { open, won, lost };

class Quorum {
  public:
    Quorum(const ReplicaKey& self, VoterSet voters, const ElectionState& state);

    Role role() const { return role_; }
    LeaderEpoch epoch() const { return state_.epoch; }
    NodeId leader() const { return state_.leader; }
    const ElectionState& state() const { return state_; }
    const VoterSet& voters() const { return voters_; }
    Offset high_watermark() const { return high_watermark_; }
    // On a leader: of the record that began its leadership; none before it is written.
    Offset epoch_start() const { return epoch_start_; }
    bool is_voter() const { return voters_.contains(self_); }
    bool is_only_voter() const { return is_voter() && voters_.size() == 1; }

    // The voters as a record of the log says; they count from the moment the record is in the log (Raft §6).
    void use_voters(VoterSet voters);

    // A later epoch (or the same one, of which the leader is lost), and nobody is known to lead it.
    void unattach(LeaderEpoch epoch);
    void follow(LeaderEpoch epoch, NodeId leader);

    // Asks whether an election would be won, without beginning one; its own answer is yes.
    void prospect();
    // Stands for election in a new epoch after `epoch_seen_max`, the latest one in the log. The state must be durable
    // before anybody hears of it, or vote() counts the own vote.
    const ElectionState& campaign(LeaderEpoch epoch_seen_max);
    // What `voter` has answered to this prospect or candidate.
    Tally vote(NodeId voter, bool is_granted);

    // Whether every voter has said what it thinks of this prospect or candidate, or can't be reached.
    bool is_answered_by_all() const { return granted_.size() + refused_.size() >= voters_.size(); }

    // Whether a candidate in this epoch may have the vote of this replica, as far as others have had it.
    bool can_vote_for(NodeId candidate, const Uuid& directory) const;
    // The state must be durable before the candidate hears of it.
    void vote_for(NodeId candidate, const Uuid& directory);

    // Of a voter that awaited it: all that is committed is durable here.
    void has_log() { state_.awaits_log = false; }

    // The leader's first record has this offset: only from there on may it count replicas (Raft §5.4.2).
    void begin_leadership(Offset epoch_start);
    // Everything below `end` is durable at `voter`, and no more, whatever it has said before: it may have lost its
    // disk. True if that moved the leader's high watermark.
    bool durable(NodeId voter, Offset end);
    // What the leader says, to a follower whose log ends at or beyond it; true if that moved the high watermark.
    bool commit(Offset high_watermark);
    // Leads no longer, and nobody does in this epoch.
    void resign();

  private:
    void enter(LeaderEpoch epoch);

    const ReplicaKey self_;
    VoterSet voters_;
    ElectionState state_;
    Role role_ = Role::unattached;
    std::set<NodeId> granted_;          // by these, of this election
    std::set<NodeId> refused_;          // by these
    std::map<NodeId, Offset> durable_;  // log ends of the voters, in this leadership
    Offset epoch_start_ = no_offset;
    Offset high_watermark_{0};  // never goes back while the process lives
};

// The offset below which a majority has everything; `ends` are the log ends of all voters, none where unknown.
Offset majority_end(const VoterSet& voters, const std::map<NodeId, Offset>& ends);

}  // namespace milena::raft
