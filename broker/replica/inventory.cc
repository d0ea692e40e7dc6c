#include "base/log.h"
#include "replica/partition_table.h"

namespace milena::replica {
namespace {

using Entry = DirectoryInventory::Entry;

void add_offsets(env::Disk& disk, const std::string& path, std::string_view file, Offset Entry::* member,
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

}  // namespace

env::DiskResult<DirectoryInventory> take_inventory(env::Disk& disk, const std::string& path) {
    DirectoryInventory inventory;
    ASSIGN_OR_RETURN(inventory.was_closed_cleanly, storage::take_clean_marker(disk, path));
    ASSIGN_OR_RETURN(const auto found, storage::list_partitions(disk, path));
    for (const storage::PartitionDirectory& directory : found)
        if (directory.state == storage::PartitionDirectory::State::current)
            inventory.partitions.emplace(std::pair(directory.topic, directory.partition), Entry{});
    add_offsets(disk, path, storage::recovery_point_file, &Entry::recovery_point, inventory);
    add_offsets(disk, path, storage::log_start_offset_file, &Entry::log_start_offset, inventory);
    return inventory;
}

env::DiskResult<void> write_offsets(env::Disk& disk, const std::string& path, const DirectoryOffsets& offsets) {
    const auto file = [&path](std::string_view name) { return path + "/" + std::string(name); };
    RETURN_IF_ERROR(storage::write_checkpoint(disk, file(storage::recovery_point_file), offsets.recovery_points));
    RETURN_IF_ERROR(storage::write_checkpoint(disk, file(storage::log_start_offset_file), offsets.log_starts));
    return storage::write_checkpoint(disk, file(storage::high_watermark_file), offsets.high_watermarks);
}

}  // namespace milena::replica
