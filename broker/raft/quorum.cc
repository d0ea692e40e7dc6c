#include "raft/quorum.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/check.h"

namespace milena::raft {

Quorum::Quorum(const Replica& self, VoterSet voters, const ElectionState& state)
    : self_(self), voters_(std::move(voters)), state_(state) {}

void Quorum::use_voters(VoterSet voters) {
    voters_ = std::move(voters);
    std::erase_if(votes_, [&](NodeId id) { return voters_.find(id) == nullptr; });
    std::erase_if(durable_, [&](const auto& entry) { return voters_.find(entry.first) == nullptr; });
}

const ElectionState& Quorum::campaign(LeaderEpoch epoch_seen_max) {
    check(is_voter());
    role_ = Role::candidate;
    state_ = {.epoch = std::max(state_.epoch, epoch_seen_max) + 1,
              .leader = no_node,
              .voted = self_.id,
              .voted_directory = self_.directory_id};
    votes_.clear();
    durable_.clear();
    epoch_start_ = no_offset;
    return state_;
}

bool Quorum::vote(NodeId voter) {
    if (role_ != Role::candidate || voters_.find(voter) == nullptr) return false;
    votes_.insert(voter);
    if (votes_.size() < voters_.majority()) return false;
    role_ = Role::leader;
    state_ = {.epoch = state_.epoch, .leader = self_.id, .voted = no_node, .voted_directory = {}};
    return true;
}

void Quorum::begin_leadership(Offset epoch_start) {
    check(role_ == Role::leader && epoch_start_ == no_offset);
    epoch_start_ = epoch_start;
}

bool Quorum::durable(NodeId voter, Offset end) {
    if (role_ != Role::leader || voters_.find(voter) == nullptr) return false;
    Offset& known = durable_.emplace(voter, no_offset).first->second;
    known = std::max(known, end);
    const Offset committed = majority_end(voters_, durable_);
    if (epoch_start_ == no_offset || committed <= epoch_start_ || committed <= high_watermark_) return false;
    high_watermark_ = committed;
    return true;
}

void Quorum::resign() {
    role_ = Role::unattached;
    state_.leader = no_node;
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
