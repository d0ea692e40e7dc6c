#include <algorithm>
#include <array>

#include "base/log.h"
#include "replica/partition_table.h"

namespace milena::replica {
namespace {

using Entry = DirectoryInventory::Entry;

template <class Member>
void add_offsets(env::Disk& disk, const std::string& path, std::string_view file, Member Entry::* member,
                 DirectoryInventory& inventory) {
    const auto offsets = storage::read_checkpoint(disk, path + "/" + std::string(file));
    if (!offsets.has_value()) {
        log_warn("checkpoint ignored", {{"directory", path}, {"file", file}, {"reason", "damaged or unreadable"}});
        return;
    }
    for (const storage::PartitionOffset& entry : *offsets) {
        const auto at = inventory.partitions.find({entry.topic, entry.partition});
        if (at != inventory.partitions.end()) at->second.*member = entry.offset;
    }
}

std::pair<std::string, std::string> file(const std::string& path, std::string_view name,
                                         const std::vector<storage::PartitionOffset>& offsets) {
    return {path + "/" + std::string(name), storage::offsets_text(offsets)};
}

// The file of the log start offsets and what it is to hold; then the others.
std::pair<std::string, std::string> log_starts_of(const std::string& path, const DirectoryOffsets& offsets) {
    return file(path, storage::log_start_offset_file, offsets.log_starts);
}

std::array<std::pair<std::string, std::string>, 3> checkpoints_of(const std::string& path,
                                                                  const DirectoryOffsets& offsets) {
    return {file(path, storage::recovery_point_file, offsets.recovery_points),
            file(path, storage::high_watermark_file, offsets.high_watermarks),
            file(path, storage::cleaner_offset_file, offsets.cleaned)};
}

}  // namespace

env::DiskResult<DirectoryInventory> take_inventory(env::Disk& disk, const std::string& path) {
    DirectoryInventory inventory;
    ASSIGN_OR_RETURN(const auto marker, storage::take_clean_marker(disk, path));
    inventory.was_closed_cleanly = marker.has_value();
    if (marker) inventory.closed_by = marker->broker_epoch;
    ASSIGN_OR_RETURN(const auto found, storage::list_partitions(disk, path));
    for (const storage::PartitionDirectory& directory : found) {
        if (directory.state == storage::PartitionDirectory::State::current)
            inventory.partitions.emplace(std::pair(directory.topic, directory.partition), Entry{});
        if (directory.state == storage::PartitionDirectory::State::future) inventory.futures.push_back(directory);
        if (directory.state == storage::PartitionDirectory::State::deleted) inventory.deleted.push_back(directory.name);
    }
    add_offsets(disk, path, storage::recovery_point_file, &Entry::recovery_point, inventory);
    add_offsets(disk, path, storage::log_start_offset_file, &Entry::log_start_offset, inventory);
    add_offsets(disk, path, storage::high_watermark_file, &Entry::high_watermark, inventory);
    add_offsets(disk, path, storage::cleaner_offset_file, &Entry::cleaned_to, inventory);
    return inventory;
}

int64_t closed_by(const Inventories& inventories) {
    if (inventories.empty()) return -1;
    const int64_t first = inventories.front()->closed_by;
    const bool all_agree = std::ranges::all_of(inventories, [&](const auto& one) { return one->closed_by == first; });
    return all_agree ? std::max<int64_t>(first, -1) : -1;
}

env::DiskResult<void> write_offsets(env::Disk& disk, const std::string& path, const DirectoryOffsets& offsets) {
    for (const auto& [file, text] : checkpoints_of(path, offsets)) RETURN_IF_ERROR(env::replace_file(disk, file, text));
    const auto [file, text] = log_starts_of(path, offsets);
    return env::replace_file(disk, file, text);
}

void write_offsets_async(env::Disk& disk, const std::string& path, const DirectoryOffsets& offsets,
                         env::DiskDone<void> done) {
    struct Writing {
        size_t missing;
        env::DiskResult<void> outcome;
        env::DiskDone<void> done;
    };
    const auto files = checkpoints_of(path, offsets);
    const auto writing = std::make_shared<Writing>(Writing{files.size(), {}, std::move(done)});
    for (const auto& [file, text] : files)
        env::replace_file_async(disk, file, text, [writing](env::DiskResult<void> replaced) {
            if (!replaced.has_value()) writing->outcome = replaced;
            if (--writing->missing == 0) writing->done(writing->outcome);
        });
}

void write_log_starts_async(env::Disk& disk, const std::string& path, const DirectoryOffsets& offsets,
                            env::DiskDone<void> done) {
    const auto [file, text] = log_starts_of(path, offsets);
    env::replace_file_async(disk, file, text, std::move(done));
}

}  // namespace milena::replica
