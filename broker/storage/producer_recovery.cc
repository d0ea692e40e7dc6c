#include <algorithm>

#include "base/log.h"
#include "storage/batch_scan.h"
#include "storage/end_marker.h"
#include "storage/recovery.h"

namespace milena::storage {
namespace {

constexpr size_t snapshot_bytes_max = 256U << 20;

// The newest snapshot in [begin, end] that is whole. Those that can't be used are removed: they are damaged, beyond the
// end of the log, or so old that batches since are gone.
Result<ProducerState> load_snapshot(const LogEnvironment& environment, const std::string& path, Offset begin,
                                    Offset end, Offset& snapshot_offset) {
    env::Disk& disk = environment.directory.disk();
    snapshot_offset = no_offset;
    const auto entries = disk.list(path);
    if (!entries.has_value()) return unexpected(environment.directory.failed(entries.error(), "list", path));
    std::vector<Offset> offsets;
    for (const env::DirectoryEntry& entry : *entries) {
        const auto name = parse_log_file_name(entry.name);
        if (!entry.is_directory && name.has_value() && name->kind == FileKind::producer_snapshot &&
            name->stage == FileStage::current)
            offsets.push_back(name->offset);
    }
    for (auto offset = offsets.rbegin(); offset != offsets.rend(); ++offset) {
        const std::string file = log_file_path(path, *offset, FileKind::producer_snapshot);
        if (*offset >= begin && *offset <= end) {
            const auto content = env::read_file(disk, file, snapshot_bytes_max);
            auto state = content.has_value() ? ProducerState::parse_snapshot(content->span()) : std::nullopt;
            if (state.has_value()) {
                snapshot_offset = *offset;
                return *std::move(state);
            }
            log_warn("producer snapshot refused: malformed", {{"file", file}});
        }
        if (const auto removed = disk.remove(file); !removed.has_value())
            return unexpected(environment.directory.failed(removed.error(), "removal", file));
    }
    return ProducerState();
}

}  // namespace

Result<ProducerState> rebuild_producers(const LogEnvironment& environment, const std::string& path,
                                        std::span<Segment> segments, Offset end, Offset& snapshot_offset) {
    const Offset begin = segments.empty() ? Offset(0) : segments.front().base_offset;
    ASSIGN_OR_RETURN(ProducerState state, load_snapshot(environment, path, begin, end, snapshot_offset));
    env::Disk& disk = environment.directory.disk();
    for (size_t i = 0; i < segments.size() && segments[i].base_offset < end; ++i) {
        const bool is_before = i + 1 < segments.size() && segments[i + 1].base_offset <= snapshot_offset;
        if (is_before || snapshot_offset >= end) continue;
        if (const auto opened = open_records(disk, path, segments[i]); !opened.has_value())
            return unexpected(environment.directory.failed(opened.error(), "open", path));
        uint64_t position = 0;
        if (snapshot_offset > segments[i].base_offset) {
            const auto found = position_before(disk, path, segments[i], snapshot_offset);
            if (!found.has_value()) return unexpected(environment.directory.failed(found.error(), "read", path));
            position = *found;
        }
        BatchScan scan(*segments[i].file, position, segments[i].bytes, BatchScan::Depth::headers);
        for (;;) {
            const auto batch = scan.next();
            if (!batch.has_value() && batch.error() == BatchScan::Fault::disk)
                return unexpected(environment.directory.failed(scan.disk_error(), "read", path));
            // Damage is found and reported by those who read the records.
            if (!batch.has_value() || !batch->has_value() || (*batch)->header.base_offset >= end) break;
            const wire::BatchHeader& header = (*batch)->header;
            if (header.base_offset < snapshot_offset || !header.has_producer_id()) continue;
            if (!header.is_control())
                state.apply(header);
            else if (const auto marker = parse_end_marker(header, (*batch)->bytes))
                state.apply(header, *marker);
        }
    }
    return state;
}

}  // namespace milena::storage
