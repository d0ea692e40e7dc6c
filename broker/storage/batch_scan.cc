#include "storage/batch_scan.h"

#include <algorithm>

namespace milena::storage {
namespace {

constexpr size_t block_bytes_max = 256U << 10;

}  // namespace

Result<std::span<const std::byte>, BatchScan::Fault> BatchScan::look(size_t bytes) {
    const auto left = static_cast<size_t>(std::min<uint64_t>(end_ - position_, SIZE_MAX));
    bytes = std::min(bytes, left);
    const bool is_loaded = position_ >= loaded_from_ && position_ + bytes <= loaded_from_ + loaded_bytes_;
    if (!is_loaded) {
        const size_t wanted = std::min(std::max(bytes, block_bytes_), left);
        if (depth_ == Depth::whole) block_bytes_ = std::min(2 * block_bytes_, block_bytes_max);
        if (wanted > memory_bytes_) {
            memory_ = std::make_unique_for_overwrite<std::byte[]>(wanted);
            memory_bytes_ = wanted;
        }
        loaded_bytes_ = 0;
        const auto read = file_.read_at(position_, std::span(memory_.get(), wanted));
        if (!read.has_value()) {
            disk_error_ = read.error();
            return unexpected(Fault::disk);
        }
        loaded_from_ = position_;
        loaded_bytes_ = *read;
        if (*read < bytes) return unexpected(Fault::damaged);
    }
    const auto at = static_cast<size_t>(position_ - loaded_from_);
    return std::span<const std::byte>(memory_.get() + at, loaded_bytes_ - at);
}

Result<std::optional<BatchScan::Batch>, BatchScan::Fault> BatchScan::next() {
    if (position_ >= end_) return std::optional<Batch>();
    ASSIGN_OR_RETURN(auto bytes, look(wire::batch_header_bytes));
    const auto header = wire::parse_batch_header(bytes);
    if (!header.has_value() || header->size_bytes() > end_ - position_) return unexpected(Fault::damaged);
    Batch batch{*header, position_, {}};
    if (depth_ == Depth::whole || header->is_control()) {
        ASSIGN_OR_RETURN(bytes, look(header->size_bytes()));
        batch.bytes = bytes.first(header->size_bytes());
        if (depth_ == Depth::whole && !wire::crc_matches(batch.bytes)) return unexpected(Fault::damaged);
    }
    position_ += header->size_bytes();
    return std::optional(batch);
}

}  // namespace milena::storage
