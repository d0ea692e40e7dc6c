#include "wire/record_batch.h"

#include <limits>

#include "base/big_endian.h"
#include "base/check.h"
#include "base/crc32c.h"

namespace milena::wire {
namespace {

constexpr int32_t batch_length_min = batch_header_bytes - batch_prefix_bytes;

bool is_plausible(const BatchHeader& header) {
    if (header.magic != magic_current || header.batch_length < batch_length_min) return false;
    if (!header.has_known_codec() || header.last_offset_delta < 0 || header.records_count < 0) return false;
    const int64_t base_offset_max = std::numeric_limits<int64_t>::max() - header.last_offset_delta - 1;
    return header.base_offset.value >= 0 && header.base_offset.value <= base_offset_max;
}

}  // namespace

int32_t BatchHeader::last_sequence() const {
    if (base_sequence == no_sequence) return no_sequence;
    constexpr int64_t sequences = int64_t{std::numeric_limits<int32_t>::max()} + 1;
    return static_cast<int32_t>((int64_t{base_sequence} + last_offset_delta) % sequences);
}

BatchHeader load_batch_header(std::span<const std::byte, batch_header_bytes> from) {
    const std::byte* p = from.data();
    BatchHeader header;
    header.base_offset = Offset(load_big_endian<int64_t>(p + batch_field::base_offset));
    header.batch_length = load_big_endian<int32_t>(p + batch_field::batch_length);
    header.partition_leader_epoch = LeaderEpoch(load_big_endian<int32_t>(p + batch_field::partition_leader_epoch));
    header.magic = load_big_endian<int8_t>(p + batch_field::magic);
    header.crc = load_big_endian<uint32_t>(p + batch_field::crc);
    header.attributes = load_big_endian<int16_t>(p + batch_field::attributes);
    header.last_offset_delta = load_big_endian<int32_t>(p + batch_field::last_offset_delta);
    header.base_timestamp = Timestamp(load_big_endian<int64_t>(p + batch_field::base_timestamp));
    header.max_timestamp = Timestamp(load_big_endian<int64_t>(p + batch_field::max_timestamp));
    header.producer_id = ProducerId(load_big_endian<int64_t>(p + batch_field::producer_id));
    header.producer_epoch = load_big_endian<int16_t>(p + batch_field::producer_epoch);
    header.base_sequence = load_big_endian<int32_t>(p + batch_field::base_sequence);
    header.records_count = load_big_endian<int32_t>(p + batch_field::records_count);
    return header;
}

Result<BatchHeader, BatchFault> parse_batch_header(std::span<const std::byte> bytes) {
    if (bytes.size() < batch_header_bytes) return unexpected(BatchFault::truncated);
    const BatchHeader header = load_batch_header(bytes.first<batch_header_bytes>());
    if (!is_plausible(header)) return unexpected(BatchFault::corrupt);
    return header;
}

void store_batch_header(std::span<std::byte, batch_header_bytes> to, const BatchHeader& header) {
    std::byte* p = to.data();
    store_big_endian(p + batch_field::base_offset, header.base_offset.value);
    store_big_endian(p + batch_field::batch_length, header.batch_length);
    store_big_endian(p + batch_field::partition_leader_epoch, header.partition_leader_epoch.value);
    store_big_endian(p + batch_field::magic, header.magic);
    store_big_endian(p + batch_field::crc, header.crc);
    store_big_endian(p + batch_field::attributes, header.attributes);
    store_big_endian(p + batch_field::last_offset_delta, header.last_offset_delta);
    store_big_endian(p + batch_field::base_timestamp, header.base_timestamp.value);
    store_big_endian(p + batch_field::max_timestamp, header.max_timestamp.value);
    store_big_endian(p + batch_field::producer_id, header.producer_id.value);
    store_big_endian(p + batch_field::producer_epoch, header.producer_epoch);
    store_big_endian(p + batch_field::base_sequence, header.base_sequence);
    store_big_endian(p + batch_field::records_count, header.records_count);
}

uint32_t batch_crc(std::span<const std::byte> batch) {
    check(batch.size() >= batch_header_bytes);
    return crc32c(batch.subspan(batch_field::attributes));
}

bool crc_matches(std::span<const std::byte> batch) {
    const uint32_t computed = batch_crc(batch);
    return load_big_endian<uint32_t>(batch.data() + batch_field::crc) == computed;
}

void patch_base_offset(std::span<std::byte> batch, Offset base_offset) {
    check(batch.size() >= batch_header_bytes);
    store_big_endian(batch.data() + batch_field::base_offset, base_offset.value);
}

void patch_partition_leader_epoch(std::span<std::byte> batch, LeaderEpoch epoch) {
    check(batch.size() >= batch_header_bytes);
    store_big_endian(batch.data() + batch_field::partition_leader_epoch, epoch.value);
}

void patch_max_timestamp(std::span<std::byte> batch, TimestampType type, Timestamp max_timestamp) {
    check(batch.size() >= batch_header_bytes);
    const auto before = load_big_endian<int16_t>(batch.data() + batch_field::attributes);
    const bool is_append_time = type == TimestampType::log_append_time;
    const int others = before & ~batch_attribute::log_append_time;
    const auto after = static_cast<int16_t>(is_append_time ? others | batch_attribute::log_append_time : others);
    if (before == after && load_big_endian<int64_t>(batch.data() + batch_field::max_timestamp) == max_timestamp.value)
        return;
    store_big_endian(batch.data() + batch_field::attributes, after);
    store_big_endian(batch.data() + batch_field::max_timestamp, max_timestamp.value);
    store_big_endian(batch.data() + batch_field::crc, batch_crc(batch));
}

Result<std::optional<BatchCursor::Batch>, BatchFault> BatchCursor::next() {
    const auto rest = range_.subspan(position_);
    if (rest.empty()) return std::optional<Batch>();
    ASSIGN_OR_RETURN(const BatchHeader header, parse_batch_header(rest));
    if (header.size_bytes() > rest.size()) return unexpected(BatchFault::truncated);
    const Batch batch{header, rest.first(header.size_bytes()), position_};
    position_ += header.size_bytes();
    return std::optional(batch);
}

}  // namespace milena::wire
