#include "storage/checkpoints.h"

#include "base/log.h"
#include "base/parse_number.h"
#include "storage/checkpoint_text.h"

namespace milena::storage {
namespace {

constexpr size_t checkpoint_bytes_max = 256U << 20;

}  // namespace

Result<std::vector<PartitionOffset>, CheckpointFault> parse_checkpoint(std::string_view text) {
    const auto lines = parse_checkpoint_lines(text);
    if (!lines.has_value()) return unexpected(CheckpointFault::malformed);
    std::vector<PartitionOffset> offsets;
    offsets.reserve(lines->size());
    for (const std::string_view line : *lines) {
        const auto words = split_words(line);
        if (words.size() != 3) return unexpected(CheckpointFault::malformed);
        const auto partition = parse_number<int32_t>(words[1]);
        const auto offset = parse_number<int64_t>(words[2]);
        if (!partition || *partition < 0 || !offset || *offset < 0) return unexpected(CheckpointFault::malformed);
        offsets.push_back({std::string(words[0]), PartitionIndex(*partition), Offset(*offset)});
    }
    return offsets;
}

Result<std::vector<PartitionOffset>, CheckpointFault> read_checkpoint(env::Disk& disk, const std::string& path) {
    const auto content = env::read_file(disk, path, checkpoint_bytes_max);
    if (!content.has_value()) {
        if (content.error() == env::DiskError::not_found) return std::vector<PartitionOffset>();
        return unexpected(CheckpointFault::unreadable);
    }
    auto offsets = parse_checkpoint(content->view());
    if (!offsets.has_value()) log_warn("checkpoint refused: malformed", {{"file", path}});
    return offsets;
}

std::string offsets_text(std::span<const PartitionOffset> offsets) {
    std::vector<std::string> lines;
    lines.reserve(offsets.size());
    for (const PartitionOffset& at : offsets)
        lines.push_back(at.topic + " " + std::to_string(at.partition.value) + " " + std::to_string(at.offset.value));
    return checkpoint_text(lines);
}

}  // namespace milena::storage
