#include "raft/quorum_state_file.h"

#include "base/parse_number.h"

namespace milena::raft {

namespace {

constexpr size_t file_bytes_max = 1 << 20;

// What stands behind `"name":` in one flat JSON object. The file has no strings in which such a text could hide.
std::optional<std::string_view> json_value(std::string_view text, std::string_view name) {
    const std::string key = "\"" + std::string(name) + "\"";
    const size_t at = text.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    const size_t colon = text.find_first_not_of(" \t\r\n", at + key.size());
    if (colon == std::string_view::npos || text[colon] != ':') return std::nullopt;
    const size_t begin = text.find_first_not_of(" \t\r\n", colon + 1);
    if (begin == std::string_view::npos) return std::nullopt;
    const size_t end = text.find_first_of(",}]", begin);
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view value = text.substr(begin, end - begin);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\n' || value.back() == '\r'))
        value.remove_suffix(1);
    return value;
}

std::optional<int32_t> json_int(std::string_view text, std::string_view name) {
    const auto value = json_value(text, name);
    return value ? parse_number<int32_t>(*value) : std::nullopt;
}

}  // namespace

std::string quorum_state_text(const ElectionState& state, const VoterSet& voters, int16_t kraft_version) {
    const std::string election = "\"leaderId\":" + std::to_string(state.leader.value) +
                                 ",\"leaderEpoch\":" + std::to_string(state.epoch.value) +
                                 ",\"votedId\":" + std::to_string(state.voted.value);
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
    const auto version = json_int(text, "data_version");
    const auto leader = json_int(text, "leaderId");
    const auto epoch = json_int(text, "leaderEpoch");
    const auto voted = json_int(text, "votedId");
    if (!version || *version < 0 || *version > 1 || !leader || !epoch || *epoch < 0 || !voted) return std::nullopt;
    ElectionState state{.epoch = LeaderEpoch(*epoch), .leader = NodeId(*leader), .voted = NodeId(*voted)};
    if (*version == 1) {
        const auto quoted = json_value(text, "votedDirectoryId");
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
