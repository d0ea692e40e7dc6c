// What a leader checks in a batch that a producer sent, before it may enter the log: the rules of Kafka's log
// validation for magic 2 and clients. Changes the received bytes in place where the topic asks for it (timestamp type,
// a wrong maximum timestamp) and builds a new batch only where the topic asks for another codec.
// Pure; one pass over the bytes for the checksum, one over the records' structure. Offsets, leader epoch and sequence
// numbers are the log's business: it assigns and checks them afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wire/compression.h"
#include "wire/record_batch.h"

namespace milena::wire {

struct ValidationRules {
    size_t bytes_max = 1'048'588;                                 // max.message.bytes, of the whole batch
    std::optional<Codec> codec;                                   // compression.type; nothing: as the producer did
    std::optional<int> compression_level;                         // compression.<codec>.level
    TimestampType timestamp_type = TimestampType::create_time;    // message.timestamp.type
    Timestamp now;                                                // the wall clock
    int64_t before_max_ms = std::numeric_limits<int64_t>::max();  // message.timestamp.before.max.ms
    int64_t after_max_ms = 3'600'000;                             // message.timestamp.after.max.ms
    bool is_compacted = false;                                    // cleanup.policy contains compact
    bool accepts_zstd = true;                                     // false for Produce below version 7 (KIP-110)
    size_t decompressed_bytes_max = size_t{256} * 1024 * 1024;    // more in one batch is taken for an attack
};

struct ValidatedBatch {
    // As it is to be stored: in the received memory, or in `rebuilt` if that is set.
    BatchHeader header;
    std::optional<std::vector<std::byte>> rebuilt;
    // The first record with the maximum timestamp (KIP-734); the maximum itself is in the header.
    int32_t max_timestamp_offset_delta = 0;
    Timestamp first_timestamp = no_timestamp;
};

struct RecordError {
    int32_t record_index = 0;  // in the batch
    std::string message;
};

struct BatchRejection {
    ErrorCode code = ErrorCode::invalid_record;
    std::string message;
    std::vector<RecordError> record_errors;  // at most record_errors_max
};

inline constexpr size_t record_errors_max = 100;

// `records` is the records field of one partition in a Produce request; the caller lets it be changed.
Result<ValidatedBatch, BatchRejection> validate_produced(std::span<std::byte> records, const ValidationRules& rules,
                                                         Codecs& codecs);

}  // namespace milena::wire
