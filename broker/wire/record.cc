#include "wire/record.h"

#include "base/check.h"
#include "base/varint.h"
#include "wire/record_frame.h"

namespace milena::wire {
namespace {

std::optional<std::span<const std::byte>> nullable_part(std::span<const std::byte> body, uint32_t at, int32_t length) {
    if (length < 0) return std::nullopt;
    return body.subspan(at, static_cast<size_t>(length));
}

// Of checked bytes: the length and what it counts; both are taken off `rest`.
std::optional<std::span<const std::byte>> take_nullable(std::span<const std::byte>& rest) {
    const auto length = read_varint(rest);
    check(length.bytes > 0);
    const auto part = nullable_part(rest, static_cast<uint32_t>(length.bytes), length.value);
    rest = rest.subspan(length.bytes + (part ? part->size() : 0));
    return part;
}

}  // namespace

void RecordHeaders::Iterator::load() {
    if (left_ == 0) return;
    const auto key = take_nullable(rest_);
    check(key.has_value());
    header_.key = {reinterpret_cast<const char*>(key->data()), key->size()};
    header_.value = take_nullable(rest_);
}

Result<std::optional<Record>> RecordCursor::next() {
    if (has_failed_) return unexpected(ErrorCode::invalid_record);
    has_failed_ = true;
    if (read_count_ == header_.records_count) {
        if (!rest_.empty()) return unexpected(ErrorCode::invalid_record);
        has_failed_ = false;
        return std::optional<Record>();
    }
    WholeSource source(rest_);
    RecordFrame frame;
    if (!read_record_frame(source, frame)) return unexpected(ErrorCode::invalid_record);
    if (frame.offset_delta <= last_delta_ || frame.offset_delta > header_.last_offset_delta)
        return unexpected(ErrorCode::invalid_record);
    int64_t timestamp = header_.max_timestamp.value;
    if (header_.timestamp_type() == TimestampType::create_time &&
        __builtin_add_overflow(header_.base_timestamp.value, frame.timestamp_delta, &timestamp))
        return unexpected(ErrorCode::invalid_record);

    const auto body = rest_.first(source.position()).last(frame.body_bytes);
    rest_ = rest_.subspan(source.position());
    ++read_count_;
    last_delta_ = frame.offset_delta;
    has_failed_ = false;
    return std::optional(Record{
        .attributes = frame.attributes,
        .timestamp = Timestamp(timestamp),
        .offset = header_.base_offset + frame.offset_delta,
        .key = nullable_part(body, frame.key_at, frame.key_bytes),
        .value = nullable_part(body, frame.value_at, frame.value_bytes),
        .headers = RecordHeaders(body.subspan(frame.headers_at), frame.headers_count),
    });
}

std::span<const std::byte> records_section(std::span<const std::byte> batch) {
    check(batch.size() >= batch_header_bytes);
    return batch.subspan(batch_header_bytes);
}

Result<std::span<const std::byte>> uncompressed_records(std::span<const std::byte> batch, size_t bytes_max,
                                                        Decompressor& decompressor, std::vector<std::byte>& memory) {
    const BatchHeader header = load_batch_header(batch.first<batch_header_bytes>());
    const auto section = records_section(batch);
    // A batch that compaction has emptied names its codec still, but has no compressed bytes.
    if (header.compression() == Codec::none || header.records_count == 0) return section;
    if (!header.has_known_codec()) return unexpected(ErrorCode::unsupported_compression_type);
    memory.clear();
    RETURN_IF_ERROR(decompressor.decompress_all(header.compression(), section, bytes_max, memory));
    return std::span<const std::byte>(memory);
}

}  // namespace milena::wire
