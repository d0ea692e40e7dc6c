// The aborted transactions that ended in a segment, `.txnindex`, in Kafka's format: entries of 34 bytes, by the offset
// of the abort marker.
//
//     version int16 = 0 | producer id int64 | first offset int64 | last offset int64 | last stable offset int64
//
// Rarely written and short, so it is read and written whole. May wait for the device.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "env/disk.h"
#include "storage/producer_state.h"

namespace milena::storage {

struct AbortedEntry {
    ProducerId producer_id;
    Offset first_offset;
    Offset last_offset;
    Offset last_stable_offset;
    bool operator==(const AbortedEntry&) const = default;
};

// The entries up to the first that isn't whole; none where there is no file.
env::DiskResult<std::vector<AbortedEntry>> read_transaction_index(env::Disk& disk, const std::string& path);
std::vector<AbortedEntry> parse_transaction_index(std::span<const std::byte> bytes);

// True if it made the file, whose name is not durable then.
env::DiskResult<bool> append_transaction_index(env::Disk& disk, const std::string& path, const AbortedEntry& entry);

// Keeps the entries whose marker is before `offset`.
env::DiskResult<void> truncate_transaction_index(env::Disk& disk, const std::string& path, Offset offset);

}  // namespace milena::storage
