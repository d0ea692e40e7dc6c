// The file `quorum-state` beside the metadata log, in which a replica keeps its vote over a restart. Kafka's JSON, one
// line; version 0 with kraft.version 0, version 1 with kraft.version 1:
//
//     {"clusterId":"","leaderId":1,"leaderEpoch":3,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],
//      "data_version":0}
//     {"leaderId":1,"leaderEpoch":3,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "env/disk.h"
#include "raft/quorum.h"

namespace milena::raft {

inline constexpr std::string_view quorum_state_file = "quorum-state";

enum class StateFault : uint8_t { malformed, unreadable };

std::string quorum_state_text(const ElectionState& state, const VoterSet& voters, int16_t kraft_version);
std::optional<ElectionState> parse_quorum_state(std::string_view text);

// Nothing where there is no such file: the replica has never voted.
Result<std::optional<ElectionState>, StateFault> read_quorum_state(env::Disk& disk, const std::string& path);
// Durable when `done` comes without an error.
void write_quorum_state(env::Disk& disk, const std::string& path, const std::string& text, env::DiskDone<void> done);

}  // namespace milena::raft
