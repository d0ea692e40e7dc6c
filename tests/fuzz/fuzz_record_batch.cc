// Hostile bytes through everything that reads record batches. The checksum keeps nearly all of them from the deeper
// code, so each input is also tried with its checksum made right.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/big_endian.h"
#include "base/check.h"
#include "wire/batch_validation.h"
#include "wire/record.h"

namespace {

using namespace milena;
using namespace milena::wire;

constexpr size_t decompressed_bytes_max = 256 * 1024;  // several pieces, and a bomb costs no time

Codecs codecs;
std::vector<std::byte> memory;

void walk_records(const BatchCursor::Batch& batch) {
    const auto section = uncompressed_records(batch.bytes, decompressed_bytes_max, codecs.decompressor, memory);
    if (!section) return;
    RecordCursor cursor(batch.header, *section);
    Offset last = batch.header.base_offset - 1;
    for (;;) {
        const auto record = cursor.next();
        if (!record || !*record) break;
        check((*record)->offset > last && (*record)->offset <= batch.header.last_offset());
        last = (*record)->offset;
        size_t headers_count = 0;
        for ([[maybe_unused]] const RecordHeader& header : (*record)->headers) ++headers_count;
        check(headers_count == (*record)->headers.size());
    }
}

void walk_batches(std::span<const std::byte> range) {
    BatchCursor cursor(range);
    for (;;) {
        const auto batch = cursor.next();
        if (!batch || !*batch) break;
        check((*batch)->bytes.size() == (*batch)->header.size_bytes());
        walk_records(**batch);
    }
    check(cursor.position() <= range.size());
}

// What was accepted must be sound: the log stores it, and every consumer reads it.
void validate(std::vector<std::byte> records, ValidationRules rules) {
    rules.now = Timestamp(1'700'000'000'000);
    rules.decompressed_bytes_max = decompressed_bytes_max;
    const auto validated = validate_produced(records, rules, codecs);
    if (!validated) return;
    const auto& stored = validated->rebuilt ? *validated->rebuilt : records;
    check(stored.size() == validated->header.size_bytes() && crc_matches(stored));
    const auto section = uncompressed_records(stored, decompressed_bytes_max, codecs.decompressor, memory);
    check(section.has_value());
    RecordCursor cursor(validated->header, *section);
    Timestamp timestamp_max = no_timestamp;
    for (int32_t i = 0; i < validated->header.records_count; ++i) {
        const auto record = cursor.next();
        check(record && *record && (*record)->offset == Offset(i));
        check(!rules.is_compacted || (*record)->key);
        timestamp_max = std::max(timestamp_max, (*record)->timestamp);
    }
    check(cursor.next().has_value());
    check(timestamp_max == validated->header.max_timestamp);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    walk_batches(input);
    std::vector<std::byte> records(input.begin(), input.end());
    validate(records, {});
    if (records.size() < batch_header_bytes) return 0;
    store_big_endian(records.data() + batch_field::base_offset, int64_t{0});
    store_big_endian(records.data() + batch_field::batch_length,
                     static_cast<int32_t>(records.size() - batch_prefix_bytes));
    store_big_endian(records.data() + batch_field::crc, batch_crc(records));
    validate(records, {});
    ValidationRules rules;
    rules.codec = Codec::lz4;
    rules.is_compacted = true;
    validate(records, rules);
    rules = {};
    rules.codec = Codec::none;
    rules.timestamp_type = TimestampType::log_append_time;
    validate(records, rules);
    return 0;
}
