// The small text files in which Kafka remembers one offset a partition for a whole log directory:
//
//     0                          <- version of the format
//     2                          <- number of lines that follow
//     orders 0 1204              <- topic, partition, offset
//     orders 1 998
//
// Functions; the caller decides when the text is written, and which shard writes for all. A torn or foreign file is an
// outcome: the reader is told, and recovers more of the logs than it would have had to.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"

namespace milena::storage {

inline constexpr std::string_view recovery_point_file = "recovery-point-offset-checkpoint";
inline constexpr std::string_view log_start_offset_file = "log-start-offset-checkpoint";
inline constexpr std::string_view high_watermark_file = "replication-offset-checkpoint";
inline constexpr std::string_view cleaner_offset_file = "cleaner-offset-checkpoint";

struct PartitionOffset {
    std::string topic;
    PartitionIndex partition;
    Offset offset;
    bool operator==(const PartitionOffset&) const = default;
};

enum class CheckpointFault : uint8_t { malformed, unreadable };

// Empty where there is no such file.
Result<std::vector<PartitionOffset>, CheckpointFault> read_checkpoint(env::Disk& disk, const std::string& path);
Result<std::vector<PartitionOffset>, CheckpointFault> parse_checkpoint(std::string_view text);

std::string offsets_text(std::span<const PartitionOffset> offsets);

}  // namespace milena::storage
