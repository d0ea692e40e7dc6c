// What clients ask of the voters of the metadata log (KIP-853), handed to the replica of the log in this process, and
// what it refuses in the form of each API. Kept in one place with the feature that makes it possible, kraft.version.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "raft/raft.h"
#include "wire/messages/quorum.h"

namespace milena::controller {

// `done` is called once: when the voters have changed, or with why they haven't.
void add_raft_voter(raft::Raft& raft, const std::string& cluster_id, const wire::AddRaftVoterRequest& request,
                    std::function<void(wire::AddRaftVoterResponse)> done);
void remove_raft_voter(raft::Raft& raft, const std::string& cluster_id, const wire::RemoveRaftVoterRequest& request,
                       std::function<void(wire::RemoveRaftVoterResponse)> done);

// The level of kraft.version that is asked for, if one is.
std::optional<int16_t> asked_kraft_version(const wire::UpdateFeaturesRequest& request);
wire::UpdateFeaturesResponse refused_kraft_version(int16_t level, const raft::VoterRefusal& refusal);

}  // namespace milena::controller
