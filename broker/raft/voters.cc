#include "raft/voters.h"

namespace milena::raft {

VoterSet::VoterSet(const std::vector<Voter>& voters) {
    for (const Voter& voter : voters) voters_.emplace(voter.id, voter);
}

const Voter* VoterSet::find(NodeId id) const {
    const auto at = voters_.find(id);
    return at == voters_.end() ? nullptr : &at->second;
}

bool VoterSet::contains(NodeId id, const Uuid& directory_id) const {
    const Voter* voter = find(id);
    return voter != nullptr && (voter->directory_id.is_zero() || voter->directory_id == directory_id);
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
