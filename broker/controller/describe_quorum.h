// DescribeQuorum: who leads the metadata log, who votes, and how far they are. A pure function of the replica of the
// log in this process, which leads it.
#pragma once

#include "base/time.h"
#include "raft/raft.h"
#include "wire/messages/quorum.h"

namespace milena::controller {

wire::DescribeQuorumResponse describe_quorum(const raft::Raft& raft, const wire::DescribeQuorumRequest& request);

}  // namespace milena::controller
