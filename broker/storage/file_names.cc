#include "storage/file_names.h"

#include <array>
#include <limits>

#include "base/check.h"
#include "base/parse_number.h"

namespace milena::storage {
namespace {

constexpr size_t offset_digits = 20;
// The offsets in a segment and its indexes are 32 bit numbers from its base, and none of them may overflow.
constexpr int64_t segment_offset_max = std::numeric_limits<int64_t>::max() - std::numeric_limits<int32_t>::max() - 1;
constexpr std::array<std::string_view, 5> kind_suffixes = {".log", ".index", ".timeindex", ".txnindex", ".snapshot"};
constexpr std::array<std::string_view, 4> stage_suffixes = {"", ".deleted", ".cleaned", ".swap"};

}  // namespace

std::string log_file_name(Offset offset, FileKind kind, FileStage stage) {
    check(offset.value >= 0);
    const std::string digits = std::to_string(offset.value);
    std::string name(offset_digits - digits.size(), '0');
    name += digits;
    name += kind_suffixes[static_cast<size_t>(kind)];
    name += stage_suffixes[static_cast<size_t>(stage)];
    return name;
}

std::optional<LogFileName> parse_log_file_name(std::string_view name) {
    if (name.size() <= offset_digits || name[0] == '-') return std::nullopt;
    const auto offset = parse_number<int64_t>(name.substr(0, offset_digits));
    if (!offset.has_value() || *offset < 0 || *offset > segment_offset_max) return std::nullopt;
    const std::string_view suffix = name.substr(offset_digits);
    for (size_t kind = 0; kind < kind_suffixes.size(); ++kind) {
        if (!suffix.starts_with(kind_suffixes[kind])) continue;
        const std::string_view rest = suffix.substr(kind_suffixes[kind].size());
        for (size_t stage = 0; stage < stage_suffixes.size(); ++stage)
            if (rest == stage_suffixes[stage])
                return LogFileName{Offset(*offset), static_cast<FileKind>(kind), static_cast<FileStage>(stage)};
    }
    return std::nullopt;
}

}  // namespace milena::storage
