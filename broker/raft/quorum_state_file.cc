#include "raft/quorum_state_file.h"

#include "base/flat_json.h"

namespace milena::raft {

namespace {

constexpr size_t file_bytes_max = 1 << 20;

}  // namespace

std::string quorum_state_text(const ElectionState& state, const VoterSet& voters, int16_t kraft_version) {
    const std::string election =
        "\"leaderId\":" + std::to_string(state.leader.value) + ",\"leaderEpoch\":" + std::to_string(state.epoch.value) +
        ",\"votedId\":" + std::to_string(state.voted.value) + (state.awaits_log ? ",\"awaitsLog\":true" : "");
    if (kraft_version > 0)
        return "{" + election + R"(,"votedDirectoryId":")" + state.voted_directory.to_string() +
               R"(","data_version":1})";
    std::string ids;
    for (const auto& [id, voter] : voters)
        ids += (ids.empty() ? "" : ",") + std::string("{\"voterId\":") + std::to_string(id.value) + "}";
    return R"({"clusterId":"",)" + election + R"(,"appliedOffset":0,"currentVoters":[)" + ids +
           R"(],"data_version":0})";
}

std::optional<ElectionState> parse_quorum_state(std::string_view text) {
    const auto version = flat_json_number<int32_t>(text, "data_version");
    const auto leader = flat_json_number<int32_t>(text, "leaderId");
    const auto epoch = flat_json_number<int32_t>(text, "leaderEpoch");
    const auto voted = flat_json_number<int32_t>(text, "votedId");
    if (!version || *version < 0 || *version > 1 || !leader || !epoch || *epoch < 0 || !voted) return std::nullopt;
    ElectionState state{.epoch = LeaderEpoch(*epoch), .leader = NodeId(*leader), .voted = NodeId(*voted)};
    state.awaits_log = flat_json_value(text, "awaitsLog") == "true";
    if (*version == 1) {
        const auto quoted = flat_json_value(text, "votedDirectoryId");
        if (!quoted || quoted->size() < 2 || quoted->front() != '"' || quoted->back() != '"') return std::nullopt;
        const auto directory = Uuid::parse(quoted->substr(1, quoted->size() - 2));
        if (!directory) return std::nullopt;
        state.voted_directory = *directory;
    }
    return state;
}

Result<std::optional<ElectionState>, StateFault> read_quorum_state(env::Disk& disk, const std::string& path) {
    const auto content = env::read_file(disk, path, file_bytes_max);
    if (!content) {
        if (content.error() == env::DiskError::not_found) return std::optional<ElectionState>();
        return unexpected(StateFault::unreadable);
    }
    const auto state = parse_quorum_state(content->view());
    if (!state) return unexpected(StateFault::malformed);
    return state;
}

void write_quorum_state(env::Disk& disk, const std::string& path, const std::string& text, env::DiskDone<void> done) {
    env::replace_file_async(disk, path, text, std::move(done));
}

}  // namespace milena::raft
