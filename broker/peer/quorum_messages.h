// Messages of the metadata log's replicas between Raft's structs and proto/quorum.proto. What comes from the network is
// checked here: a struct that was read has no negative id where there must be one, and nothing larger than it may be.
// Pure functions, any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "raft/messages.h"

namespace milena::quorum::v1 {
class QuorumRequest;
class QuorumResponse;
}  // namespace milena::quorum::v1

namespace milena::peer {

void write(const raft::Request& request, quorum::v1::QuorumRequest& to);
void write(const raft::Response& response, quorum::v1::QuorumResponse& to);

// The error says what is wrong. Records and bytes of snapshots are taken out of the message without a copy.
Result<raft::Request, std::string> read(const quorum::v1::QuorumRequest& from);
Result<raft::Response, std::string> read(quorum::v1::QuorumResponse& from);

}  // namespace milena::peer
