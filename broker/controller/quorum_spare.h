// Whether the metadata quorum can do without one of its voters, as its leader sees it: the others that have kept up
// must be a majority. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "raft/raft.h"

namespace milena::controller {

struct QuorumSpare {
    size_t voters_count = 0;
    size_t others_keep_up = 0;  // voters but for the one that is to go
    size_t needed = 0;          // a majority
    bool is_voter = false;

    // One voter alone has nobody to wait for: the cluster stops and goes on with it.
    bool can_spare() const { return !is_voter || voters_count == 1 || others_keep_up >= needed; }
    std::string reason() const;
};

// `replicas` are what the leader knows of those that fetch from it, itself included. Who had all that there was within
// `patience` before `now` counts.
QuorumSpare quorum_spare(const raft::VoterSet& voters, const std::vector<raft::ReplicaProgress>& replicas,
                         NodeId leader, NodeId broker, Timestamp now, Milliseconds patience);

}  // namespace milena::controller
