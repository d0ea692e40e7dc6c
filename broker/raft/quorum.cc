#include "raft/quorum.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/check.h"

namespace milena::raft {

Quorum::Quorum(const ReplicaKey& self, VoterSet voters, const ElectionState& state)
    : self_(self), voters_(std::move(voters)), state_(state) {}

void Quorum::use_voters(VoterSet voters) {
    const VoterSet former = std::exchange(voters_, std::move(voters));
    // Another directory under the same id is another replica, of which nothing is known.
    const auto is_gone = [&](NodeId id) {
        const Voter* was = former.find(id);
        const Voter* is = voters_.find(id);
        return is == nullptr || (was != nullptr && !was->is(is->key()));
    };
    std::erase_if(granted_, is_gone);
    std::erase_if(refused_, is_gone);
    std::erase_if(durable_, [&](const auto& entry) { return is_gone(entry.first); });
}

void Quorum::enter(LeaderEpoch epoch) { state_ = {.epoch = epoch, .awaits_log = state_.awaits_log}; }

void Quorum::unattach(LeaderEpoch epoch) {
    check(epoch >= state_.epoch);
    role_ = Role::unattached;
    epoch_start_ = no_offset;
    if (epoch > state_.epoch)
        enter(epoch);
    else
        state_.leader = no_node;
}

void Quorum::follow(LeaderEpoch epoch, NodeId leader) {
    check(epoch >= state_.epoch && leader != self_.id);
    check(epoch > state_.epoch || role_ != Role::leader);
    role_ = Role::follower;
    epoch_start_ = no_offset;
    // Whom it has voted for in this epoch stays: it may not vote twice, whatever it learns meanwhile.
    if (epoch > state_.epoch) enter(epoch);
    state_.leader = leader;
}

void Quorum::prospect() {
    check(role_ != Role::leader);
    role_ = Role::prospective;
    granted_.clear();
    refused_.clear();
}

const ElectionState& Quorum::campaign(LeaderEpoch epoch_seen_max) {
    role_ = Role::candidate;
    state_ = {.epoch = std::max(state_.epoch, epoch_seen_max) + 1,
              .leader = no_node,
              .voted = self_.id,
              .voted_directory = self_.directory_id};
    granted_.clear();
    refused_.clear();
    durable_.clear();
    epoch_start_ = no_offset;
    return state_;
}

Tally Quorum::vote(NodeId voter, bool is_granted) {
    const bool is_standing = role_ == Role::candidate || role_ == Role::prospective;
    if (!is_standing || voters_.find(voter) == nullptr) return Tally::open;
    (is_granted ? granted_ : refused_).insert(voter);
    if (granted_.size() >= voters_.majority()) {
        if (role_ == Role::candidate) {
            role_ = Role::leader;
            state_.leader = self_.id;
        }
        return Tally::won;
    }
    return voters_.size() - refused_.size() < voters_.majority() ? Tally::lost : Tally::open;
}

bool Quorum::can_vote_for(NodeId candidate, const Uuid& directory) const {
    if (state_.leader != no_node || role_ == Role::leader) return false;
    if (state_.voted == no_node) return true;
    return state_.voted == candidate && (state_.voted_directory.is_zero() || state_.voted_directory == directory);
}

void Quorum::vote_for(NodeId candidate, const Uuid& directory) {
    check(can_vote_for(candidate, directory));
    role_ = Role::unattached;
    state_.voted = candidate;
    state_.voted_directory = directory;
    state_.awaits_log = false;
}

void Quorum::begin_leadership(Offset epoch_start) {
    check(role_ == Role::leader && epoch_start_ == no_offset);
    epoch_start_ = epoch_start;
}

bool Quorum::durable(NodeId voter, Offset end) {
    if (role_ != Role::leader || voters_.find(voter) == nullptr) return false;
    Offset& known = durable_.emplace(voter, no_offset).first->second;
    known = end;
    const Offset committed = majority_end(voters_, durable_);
    if (epoch_start_ == no_offset || committed <= epoch_start_ || committed <= high_watermark_) return false;
    high_watermark_ = committed;
    return true;
}

bool Quorum::commit(Offset high_watermark) {
    if (role_ == Role::leader || high_watermark <= high_watermark_) return false;
    high_watermark_ = high_watermark;
    return true;
}

void Quorum::resign() {
    role_ = Role::resigned;
    state_.leader = no_node;
    epoch_start_ = no_offset;
}

Offset majority_end(const VoterSet& voters, const std::map<NodeId, Offset>& ends) {
    if (voters.empty()) return no_offset;
    std::vector<Offset> sorted;
    for (const auto& [id, voter] : voters) {
        const auto at = ends.find(id);
        sorted.push_back(at == ends.end() ? no_offset : at->second);
    }
    std::ranges::sort(sorted, std::greater<>());
    return sorted[voters.majority() - 1];
}

}  // namespace milena::raft
