#include <algorithm>

#include "base/log.h"
#include "storage/batch_scan.h"
#include "storage/file_names.h"
#include "storage/recovery.h"

namespace milena::storage {
namespace {

struct NamedFile {
    LogFileName name;
    std::string path;
};

env::DiskResult<std::vector<NamedFile>> list_files(env::Disk& disk, const std::string& path) {
    ASSIGN_OR_RETURN(const auto entries, disk.list(path));
    std::vector<NamedFile> files;
    for (const env::DirectoryEntry& entry : entries) {
        if (entry.is_directory) continue;
        const auto name = parse_log_file_name(entry.name);
        if (name.has_value()) files.push_back({*name, path + "/" + entry.name});
    }
    return files;
}

// The offset after the last record of a compacted segment.
env::DiskResult<Offset> end_of(env::Disk& disk, const NamedFile& records) {
    ASSIGN_OR_RETURN(const auto file, disk.open(records.path, env::OpenMode::read_only));
    BatchScan scan(*file, 0, file->size(), BatchScan::Depth::headers);
    Offset end = records.name.offset;
    for (;;) {
        const auto batch = scan.next();
        if (!batch.has_value() && batch.error() == BatchScan::Fault::disk) return unexpected(scan.disk_error());
        if (!batch.has_value() || !batch->has_value()) return end;
        end = (*batch)->header.next_offset();
    }
}

// Segments are replaced in three steps: the new ones are written as .cleaned, all are renamed to .swap beginning with
// the last one, then the old ones go and .swap is taken off. So a .swap at or beyond a .cleaned is a replacement that
// was not complete yet, and any other stands for the segments in its range; what was known of producers there doesn't
// go with it. A power cut leaves the first few of these steps, since a file system keeps the order of names, and the
// next start goes on from there.
env::DiskResult<void> finish_swap(env::Disk& disk, const std::vector<NamedFile>& files) {
    Offset cleaned_min{INT64_MAX};
    for (const NamedFile& file : files)
        if (file.name.stage == FileStage::cleaned) cleaned_min = std::min(cleaned_min, file.name.offset);
    Offset swap_min{INT64_MAX};
    Offset swap_end = no_offset;
    std::vector<const NamedFile*> swaps;
    for (const NamedFile& file : files) {
        const bool is_incomplete = file.name.stage == FileStage::swap && file.name.offset >= cleaned_min;
        if (file.name.stage == FileStage::cleaned || is_incomplete) {
            RETURN_IF_ERROR(disk.remove(file.path));
        } else if (file.name.stage == FileStage::swap) {
            swaps.push_back(&file);
            if (file.name.kind != FileKind::records) continue;
            ASSIGN_OR_RETURN(const Offset end, end_of(disk, file));
            swap_min = std::min(swap_min, file.name.offset);
            swap_end = std::max(swap_end, end);
        }
    }
    for (const NamedFile& file : files) {
        const bool is_replaced =
            file.name.stage == FileStage::current && file.name.offset >= swap_min && file.name.offset < swap_end;
        if (is_replaced) RETURN_IF_ERROR(disk.remove(file.path));
    }
    for (const NamedFile* swap : swaps) {
        log_info("segment replacement finished", {{"file", swap->path}});
        RETURN_IF_ERROR(disk.rename(swap->path, swap->path.substr(0, swap->path.rfind('.'))));
    }
    return {};
}

}  // namespace

env::DiskResult<void> clean_up_files(env::Disk& disk, const std::string& path) {
    ASSIGN_OR_RETURN(const auto files, list_files(disk, path));
    for (const NamedFile& file : files)
        if (file.name.stage == FileStage::deleted) RETURN_IF_ERROR(disk.remove(file.path));
    return finish_swap(disk, files);
}

}  // namespace milena::storage
