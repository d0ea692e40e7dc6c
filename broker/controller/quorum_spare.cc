#include "controller/quorum_spare.h"

#include <algorithm>

namespace milena::controller {

std::string QuorumSpare::reason() const {
    return "of the " + std::to_string(voters_count) + " voters of the metadata quorum " +
           std::to_string(others_keep_up) + " other(s) keep up, and " + std::to_string(needed) + " are needed";
}

QuorumSpare quorum_spare(const raft::VoterSet& voters, const std::vector<raft::ReplicaProgress>& replicas,
                         NodeId leader, NodeId broker, Timestamp now, Milliseconds patience) {
    QuorumSpare spare{.voters_count = voters.size(),
                      .others_keep_up = 0,
                      .needed = voters.majority(),
                      .is_voter = voters.find(broker) != nullptr};
    for (const auto& [id, voter] : voters) {
        if (id == broker) continue;
        const auto at = std::ranges::find(replicas, id, &raft::ReplicaProgress::id);
        const bool keeps_up = id == leader || (at != replicas.end() && at->last_caught_up != no_timestamp &&
                                               now.value - at->last_caught_up.value <= patience.count());
        spare.others_keep_up += keeps_up ? 1 : 0;
    }
    return spare;
}

}  // namespace milena::controller
