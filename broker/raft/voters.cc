#include "raft/voters.h"

#include <algorithm>

namespace milena::raft {

const VoterEndpoint* Voter::endpoint(std::string_view listener) const {
    const auto at = std::ranges::find(endpoints, listener, &VoterEndpoint::name);
    if (at != endpoints.end()) return &*at;
    return endpoints.empty() ? nullptr : &endpoints.front();
}

VoterSet::VoterSet(const std::vector<Voter>& voters) {
    for (const Voter& voter : voters) voters_.emplace(voter.id, voter);
}

const Voter* VoterSet::find(NodeId id) const {
    const auto at = voters_.find(id);
    return at == voters_.end() ? nullptr : &at->second;
}

bool VoterSet::contains(const ReplicaKey& replica) const {
    const Voter* voter = find(replica.id);
    return voter != nullptr && voter->is(replica);
}

VoterSet VoterSet::with(const Voter& voter) const {
    VoterSet result = *this;
    result.voters_.insert_or_assign(voter.id, voter);
    return result;
}

VoterSet VoterSet::without(NodeId id) const {
    VoterSet result = *this;
    result.voters_.erase(id);
    return result;
}

wire::VotersRecord VoterSet::to_record() const {
    wire::VotersRecord record;
    for (const auto& [id, voter] : voters_) {
        wire::VotersRecord::Voter to;
        to.voter_id = id.value;
        to.voter_directory_id = voter.directory_id;
        for (const VoterEndpoint& e : voter.endpoints) to.endpoints.push_back({e.name, e.host, e.port});
        to.kraft_version_feature = {voter.kraft_version_min, voter.kraft_version_max};
        record.voters.push_back(std::move(to));
    }
    return record;
}

VoterSet VoterSet::from_record(const wire::VotersRecord& record) {
    VoterSet result;
    for (const auto& from : record.voters) {
        Voter voter{.id = NodeId(from.voter_id),
                    .directory_id = from.voter_directory_id,
                    .endpoints = {},
                    .kraft_version_min = from.kraft_version_feature.min_supported_version,
                    .kraft_version_max = from.kraft_version_feature.max_supported_version};
        for (const auto& e : from.endpoints) voter.endpoints.push_back({e.name, e.host, e.port});
        result.voters_[voter.id] = std::move(voter);
    }
    return result;
}

}  // namespace milena::raft
