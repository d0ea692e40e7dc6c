// The header of a record batch (magic 2): reading it, walking a range of batches, and changing the few fields a leader
// may change in a batch it has just received. The one unit that producers send, logs store and consumers get.
// Pure functions over memory of the caller; never looks into the records (record.h) and never decompresses.
//
//     0        8        12       16 17       21   23       27 <- byte
//     ┌────────┬────────┬────────┬──┬────────┬────┬────────┐
//     │ base   │ batch  │ leader │ma│ crc    │att-│ last   │  The batch length counts from byte 12 to the end of the
//     │ offset │ length │ epoch  │gi│        │rib-│ offset │  batch; the crc (CRC-32C) covers byte 21 to the end.
//     │        │        │        │c │        │utes│ delta  │
//     └────────┴────────┴────────┴──┴────────┴────┴────────┘
//     27       35       43       51   53       57       61
//     ┌────────┬────────┬────────┬────┬────────┬────────┬─────────────────────────────
//     │ base   │ max    │ pro-   │pro-│ base   │ records│ the records (record.h),
//     │ time-  │ time-  │ ducer  │du- │ sequen-│ count  │ as one compressed whole if
//     │ stamp  │ stamp  │ id     │cer │ ce     │        │ the attributes name a codec
//     │        │        │        │epo-│        │        │
//     │        │        │        │ch  │        │        │
//     └────────┴────────┴────────┴────┴────────┴────────┴─────────────────────────────
//     attributes: bits 0-2 codec, 3 log append time, 4 transactional, 5 control, 6 base timestamp is delete horizon
//
// All numbers are big-endian. Base offset and leader epoch lie outside the checksum, so the leader assigns both in
// place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace milena::wire {

enum class Codec : uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };
enum class TimestampType : uint8_t { create_time = 0, log_append_time = 1 };

inline constexpr size_t batch_header_bytes = 61;
inline constexpr size_t batch_prefix_bytes = 12;  // base offset and batch length: not counted by batch length
inline constexpr int8_t magic_current = 2;
inline constexpr int16_t no_producer_epoch = -1;
inline constexpr int32_t no_sequence = -1;

namespace batch_field {
inline constexpr size_t base_offset = 0;
inline constexpr size_t batch_length = 8;
inline constexpr size_t partition_leader_epoch = 12;
inline constexpr size_t magic = 16;
inline constexpr size_t crc = 17;
inline constexpr size_t attributes = 21;  // first byte under the checksum
inline constexpr size_t last_offset_delta = 23;
inline constexpr size_t base_timestamp = 27;
inline constexpr size_t max_timestamp = 35;
inline constexpr size_t producer_id = 43;
inline constexpr size_t producer_epoch = 51;
inline constexpr size_t base_sequence = 53;
inline constexpr size_t records_count = 57;
}  // namespace batch_field

namespace batch_attribute {
inline constexpr int16_t codec_mask = 0x07;
inline constexpr int16_t log_append_time = 0x08;
inline constexpr int16_t transactional = 0x10;
inline constexpr int16_t control = 0x20;
inline constexpr int16_t delete_horizon = 0x40;
}  // namespace batch_attribute

struct BatchHeader {
    Offset base_offset;
    int32_t batch_length = 0;
    LeaderEpoch partition_leader_epoch = no_leader_epoch;
    int8_t magic = magic_current;
    uint32_t crc = 0;
    int16_t attributes = 0;
    int32_t last_offset_delta = 0;
    Timestamp base_timestamp = no_timestamp;
    Timestamp max_timestamp = no_timestamp;
    ProducerId producer_id = no_producer_id;
    int16_t producer_epoch = no_producer_epoch;
    int32_t base_sequence = no_sequence;
    int32_t records_count = 0;  // 0 in a batch that compaction has emptied but kept for its producer state

    // The codec; a number that names none is refused by parse_batch_header.
    Codec compression() const { return static_cast<Codec>(attributes & batch_attribute::codec_mask); }
    bool has_known_codec() const { return compression() <= Codec::zstd; }
    TimestampType timestamp_type() const {
        return (attributes & batch_attribute::log_append_time) != 0 ? TimestampType::log_append_time
                                                                    : TimestampType::create_time;
    }
    bool is_transactional() const { return (attributes & batch_attribute::transactional) != 0; }
    bool is_control() const { return (attributes & batch_attribute::control) != 0; }
    bool has_producer_id() const { return producer_id != no_producer_id; }
    bool has_delete_horizon() const { return (attributes & batch_attribute::delete_horizon) != 0; }
    std::optional<Timestamp> delete_horizon() const {
        return has_delete_horizon() ? std::optional(base_timestamp) : std::nullopt;
    }
    Offset last_offset() const { return base_offset + last_offset_delta; }
    Offset next_offset() const { return last_offset() + 1; }
    // The sequence number of the last record; sequence numbers wrap from INT32_MAX to 0.
    int32_t last_sequence() const;
    // The whole batch, header included.
    size_t size_bytes() const { return batch_prefix_bytes + static_cast<size_t>(batch_length); }

    bool operator==(const BatchHeader&) const = default;
};

// Why the bytes at some place are no batch. Truncated: they may be the beginning of one, the range ends too early (a
// torn write, or a fetch that was cut at its size limit). Corrupt: no continuation can make a batch out of them.
enum class BatchFault : uint8_t { truncated, corrupt };

// The header as it stands there, nothing checked.
BatchHeader load_batch_header(std::span<const std::byte, batch_header_bytes> from);

// The header at the beginning of `bytes`, of which only the header must be there. Checks what can be checked without
// the records: magic, length, codec, offsets that don't overflow; not the checksum.
Result<BatchHeader, BatchFault> parse_batch_header(std::span<const std::byte> bytes);

// Writes all fields, the checksum as given.
void store_batch_header(std::span<std::byte, batch_header_bytes> to, const BatchHeader& header);

// Of a whole batch, as long as its header says.
uint32_t batch_crc(std::span<const std::byte> batch);
bool crc_matches(std::span<const std::byte> batch);

// Fields that the leader assigns in a batch it owns. The first two are outside the checksum; the third one computes it
// anew, unless nothing changes.
void patch_base_offset(std::span<std::byte> batch, Offset base_offset);
void patch_partition_leader_epoch(std::span<std::byte> batch, LeaderEpoch epoch);
void patch_max_timestamp(std::span<std::byte> batch, TimestampType type, Timestamp max_timestamp);

// Walks the batches that lie back to back in a range of bytes. Checks headers, not checksums.
//
//     BatchCursor cursor(range);
//     for (;;) {
//         auto batch = cursor.next();
//         if (!batch || !*batch) break;      // a fault at cursor.position(), or the end
//         use((*batch)->header, (*batch)->bytes);
//     }
class BatchCursor {
  public:
    struct Batch {
        BatchHeader header;
        std::span<const std::byte> bytes;  // the whole batch
        size_t position = 0;               // of the batch in the range
    };

    explicit BatchCursor(std::span<const std::byte> range) : range_(range) {}

    // The next batch; nothing at the end of the range. A fault stays: every later call returns it again.
    Result<std::optional<Batch>, BatchFault> next();

    // Where the next batch begins: after a fault, how many bytes are whole batches.
    size_t position() const { return position_; }

  private:
    std::span<const std::byte> range_;
    size_t position_ = 0;
};

}  // namespace milena::wire
