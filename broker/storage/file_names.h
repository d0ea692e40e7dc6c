// The names of the files of a log: twenty digits of the first offset, then what the file holds, then what is about to
// happen to it.
//
//     00000000000000001204.log[.deleted | .cleaned | .swap]
//     00000000000000001204.index   .timeindex   .txnindex   .snapshot
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace milena::storage {

enum class FileKind : uint8_t { records, offset_index, time_index, transaction_index, producer_snapshot };
enum class FileStage : uint8_t { current, deleted, cleaned, swap };

struct LogFileName {
    Offset offset;
    FileKind kind = FileKind::records;
    FileStage stage = FileStage::current;
};

// The kinds that make up a segment, the records first.
inline constexpr FileKind segment_kinds[] = {FileKind::records, FileKind::offset_index, FileKind::time_index,
                                             FileKind::transaction_index};

std::string log_file_name(Offset offset, FileKind kind, FileStage stage = FileStage::current);
std::optional<LogFileName> parse_log_file_name(std::string_view name);

}  // namespace milena::storage
