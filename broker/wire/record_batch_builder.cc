#include "wire/record_batch_builder.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/varint.h"

namespace milena::wire {
namespace {

using Part = std::optional<std::span<const std::byte>>;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

int64_t length_of(const Part& part) { return part ? static_cast<int64_t>(part->size()) : -1; }

size_t part_size(const Part& part) { return varint_size(length_of(part)) + (part ? part->size() : 0); }

size_t body_size(const NewRecord& record, int64_t timestamp_delta, int32_t offset_delta) {
    size_t size = 1 + varint_size(timestamp_delta) + varint_size(offset_delta) + part_size(record.key) +
                  part_size(record.value) + varint_size(static_cast<int64_t>(record.headers.size()));
    for (const RecordHeader& header : record.headers) size += part_size(bytes_of(header.key)) + part_size(header.value);
    return size;
}

void append_varint(std::vector<std::byte>& to, int64_t value) {
    std::array<std::byte, varlong_bytes_max> bytes;
    const size_t length = write_varint(bytes.data(), value);
    to.insert(to.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
}

void append_part(std::vector<std::byte>& to, const Part& part) {
    append_varint(to, length_of(part));
    if (part) to.insert(to.end(), part->begin(), part->end());
}

int16_t attributes_of(const BatchOptions& options) {
    int attributes = static_cast<int>(options.codec);
    if (options.log_append_time) attributes |= batch_attribute::log_append_time;
    if (options.is_transactional) attributes |= batch_attribute::transactional;
    if (options.is_control) attributes |= batch_attribute::control;
    if (options.delete_horizon) attributes |= batch_attribute::delete_horizon;
    return static_cast<int16_t>(attributes);
}

}  // namespace

RecordBatchBuilder::RecordBatchBuilder(const BatchOptions& options) : options_(options), memory_(batch_header_bytes) {
    header_.base_offset = options.base_offset;
    header_.partition_leader_epoch = options.partition_leader_epoch;
    header_.attributes = attributes_of(options);
    header_.last_offset_delta = -1;
    header_.base_timestamp = options.delete_horizon.value_or(no_timestamp);
    header_.max_timestamp = options.log_append_time.value_or(no_timestamp);
    header_.producer_id = options.producer_id;
    header_.producer_epoch = options.producer_epoch;
    header_.base_sequence = options.base_sequence;
}

void RecordBatchBuilder::add(const NewRecord& record) { add_at(header_.next_offset(), record); }

void RecordBatchBuilder::add_at(Offset offset, const NewRecord& record) {
    check(offset >= header_.next_offset());
    extend_to(offset);
    if (header_.records_count == 0 && !options_.delete_horizon) header_.base_timestamp = record.timestamp;
    if (!options_.log_append_time) header_.max_timestamp = std::max(header_.max_timestamp, record.timestamp);
    ++header_.records_count;

    const int64_t timestamp_delta = record.timestamp - header_.base_timestamp;
    append_varint(memory_, static_cast<int64_t>(body_size(record, timestamp_delta, header_.last_offset_delta)));
    memory_.push_back(std::byte{0});
    append_varint(memory_, timestamp_delta);
    append_varint(memory_, header_.last_offset_delta);
    append_part(memory_, record.key);
    append_part(memory_, record.value);
    append_varint(memory_, static_cast<int64_t>(record.headers.size()));
    for (const RecordHeader& header : record.headers) {
        append_part(memory_, bytes_of(header.key));
        append_part(memory_, header.value);
    }
    check(memory_.size() <= static_cast<size_t>(std::numeric_limits<int32_t>::max()));
}

void RecordBatchBuilder::extend_to(Offset last_offset) {
    const int64_t delta = last_offset - header_.base_offset;
    check(delta >= header_.last_offset_delta && delta <= std::numeric_limits<int32_t>::max());
    header_.last_offset_delta = static_cast<int32_t>(delta);
}

std::vector<std::byte> RecordBatchBuilder::build() {
    check(options_.codec == Codec::none);
    return finish(std::move(memory_));
}

std::vector<std::byte> RecordBatchBuilder::build(Compressor& compressor) {
    // A batch without records keeps the codec's number, but there is nothing to compress.
    if (options_.codec == Codec::none || header_.records_count == 0) return finish(std::move(memory_));
    std::vector<std::byte> batch(batch_header_bytes);
    const int level = options_.compression_level.value_or(default_compression_level(options_.codec));
    compressor.compress(options_.codec, level, records_section(memory_), batch);
    return finish(std::move(batch));
}

std::vector<std::byte> RecordBatchBuilder::finish(std::vector<std::byte> batch) {
    check(header_.last_offset_delta >= 0);
    header_.batch_length = static_cast<int32_t>(batch.size() - batch_prefix_bytes);
    store_batch_header(std::span(batch).first<batch_header_bytes>(), header_);
    header_.crc = batch_crc(batch);
    store_batch_header(std::span(batch).first<batch_header_bytes>(), header_);
    return batch;
}

}  // namespace milena::wire
