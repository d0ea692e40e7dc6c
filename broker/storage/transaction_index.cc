#include "storage/transaction_index.h"

#include "base/big_endian.h"

namespace milena::storage {
namespace {

constexpr size_t aborted_entry_bytes = 34;
constexpr size_t index_bytes_max = 64U << 20;

}  // namespace

std::vector<AbortedEntry> parse_transaction_index(std::span<const std::byte> bytes) {
    std::vector<AbortedEntry> entries;
    for (; bytes.size() >= aborted_entry_bytes; bytes = bytes.subspan(aborted_entry_bytes)) {
        const std::byte* from = bytes.data();
        const AbortedEntry entry{
            ProducerId(load_big_endian<int64_t>(from + 2)), Offset(load_big_endian<int64_t>(from + 10)),
            Offset(load_big_endian<int64_t>(from + 18)), Offset(load_big_endian<int64_t>(from + 26))};
        const bool is_sound = load_big_endian<int16_t>(from) == 0 && entry.producer_id.value >= 0 &&
                              entry.first_offset.value >= 0 && entry.first_offset <= entry.last_offset &&
                              (entries.empty() || entries.back().last_offset < entry.last_offset);
        if (!is_sound) break;
        entries.push_back(entry);
    }
    return entries;
}

env::DiskResult<std::vector<AbortedEntry>> read_transaction_index(env::Disk& disk, const std::string& path) {
    const auto content = env::read_file(disk, path, index_bytes_max);
    if (content.has_value()) return parse_transaction_index(content->span());
    if (content.error() == env::DiskError::not_found) return std::vector<AbortedEntry>();
    return unexpected(content.error());
}

env::DiskResult<bool> append_transaction_index(env::Disk& disk, const std::string& path, const AbortedEntry& entry) {
    ASSIGN_OR_RETURN(const auto file, disk.open(path, env::OpenMode::create));
    std::vector<std::byte> bytes(aborted_entry_bytes);
    store_big_endian<int16_t>(bytes.data(), 0);
    store_big_endian(bytes.data() + 2, entry.producer_id.value);
    store_big_endian(bytes.data() + 10, entry.first_offset.value);
    store_big_endian(bytes.data() + 18, entry.last_offset.value);
    store_big_endian(bytes.data() + 26, entry.last_stable_offset.value);
    const Bytes part = Bytes::from(std::move(bytes));
    // A torn entry at the end is overwritten.
    const uint64_t position = file->size() - file->size() % aborted_entry_bytes;
    RETURN_IF_ERROR(file->write_at(position, std::span(&part, 1)));
    return position == 0;
}

env::DiskResult<void> truncate_transaction_index(env::Disk& disk, const std::string& path, Offset offset) {
    ASSIGN_OR_RETURN(const auto entries, read_transaction_index(disk, path));
    const auto file = disk.open(path, env::OpenMode::read_write);
    if (!file.has_value()) {
        if (file.error() == env::DiskError::not_found) return {};
        return unexpected(file.error());
    }
    size_t count = 0;
    while (count < entries.size() && entries[count].last_offset < offset) ++count;
    if ((*file)->size() == count * aborted_entry_bytes) return {};
    return (*file)->truncate(count * aborted_entry_bytes);
}

}  // namespace milena::storage
