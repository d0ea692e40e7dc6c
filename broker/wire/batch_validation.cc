#include "wire/batch_validation.h"

#include <algorithm>
#include <utility>

#include "base/big_endian.h"
#include "wire/record.h"
#include "wire/record_frame.h"

namespace milena::wire {
namespace {

using Rejected = Result<void, BatchRejection>;

Unexpected<BatchRejection> rejection(ErrorCode code, std::string message) {
    return unexpected(BatchRejection{code, std::move(message), {}});
}

Unexpected<BatchRejection> invalid(std::string message) {
    return rejection(ErrorCode::invalid_record, std::move(message));
}

// Exactly one batch of magic 2 fills the field.
Rejected check_extent(std::span<const std::byte> records) {
    if (records.size() <= batch_field::magic) return invalid("The records hold no batch.");
    const auto magic = load_big_endian<int8_t>(records.data() + batch_field::magic);
    if (magic < 0 || magic > magic_current)
        return rejection(ErrorCode::corrupt_message, "Magic " + std::to_string(magic) + " is unknown.");
    if (magic != magic_current) return invalid("Only batches of magic 2 are accepted.");
    const auto length = load_big_endian<int32_t>(records.data() + batch_field::batch_length);
    if (length < static_cast<int32_t>(batch_header_bytes - batch_prefix_bytes))
        return rejection(ErrorCode::corrupt_message, "The batch is shorter than its header.");
    const size_t size = batch_prefix_bytes + static_cast<size_t>(length);
    if (size > records.size()) return invalid("The batch is incomplete.");
    if (size < records.size()) return invalid("A partition takes exactly one batch in a request.");
    return {};
}

Rejected check_producer(const BatchHeader& header) {
    if (!header.has_producer_id()) {
        if (header.is_transactional()) return invalid("A transactional batch needs a producer id.");
        return {};
    }
    if (header.base_sequence < 0) return invalid("A batch with a producer id needs a sequence number.");
    if (header.producer_epoch < 0)
        return rejection(ErrorCode::invalid_producer_epoch, "A batch with a producer id needs a producer epoch.");
    return {};
}

Rejected check_header(const BatchHeader& header, const ValidationRules& rules) {
    if (!header.has_known_codec() || (header.compression() == Codec::zstd && !rules.accepts_zstd))
        return rejection(ErrorCode::unsupported_compression_type, "The codec of the batch is not supported.");
    if (header.records_count <= 0) return invalid("The batch claims to have no records.");
    if (header.last_offset_delta != header.records_count - 1)
        return invalid("The last offset of the batch does not fit its number of records.");
    if (header.is_control()) return invalid("Clients may not write control records.");
    if (header.has_delete_horizon()) return invalid("Clients may not set a delete horizon.");
    if (header.timestamp_type() == TimestampType::log_append_time)
        return rejection(ErrorCode::invalid_timestamp, "Clients may not set the timestamp type to LogAppendTime.");
    return check_producer(header);
}

// The timestamps that a topic takes, both ends included.
struct TimestampRange {
    int64_t min;
    int64_t max;

    static TimestampRange of(const ValidationRules& rules) {
        TimestampRange range{std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
        if (rules.timestamp_type == TimestampType::log_append_time) return range;
        int64_t bound = 0;
        if (!__builtin_sub_overflow(rules.now.value, rules.before_max_ms, &bound)) range.min = bound;
        if (!__builtin_add_overflow(rules.now.value, rules.after_max_ms, &bound)) range.max = bound;
        return range;
    }
    bool contains(int64_t timestamp) const {
        return timestamp == no_timestamp.value || (timestamp >= min && timestamp <= max);
    }
};

// Goes over the records of one batch, whatever they come from.
class RecordScan {
  public:
    RecordScan(const BatchHeader& header, const ValidationRules& rules)
        : header_(header), range_(TimestampRange::of(rules)), needs_key_(rules.is_compacted) {}

    template <class Source>
    Rejected run(Source& source) {
        RecordFrame frame;
        for (int32_t index = 0; index < header_.records_count; ++index) {
            if (!read_record_frame(source, frame)) return invalid("A record of the batch is malformed.");
            if (frame.offset_delta != index) return invalid("The offsets of the records do not follow each other.");
            int64_t timestamp = 0;
            if (__builtin_add_overflow(header_.base_timestamp.value, frame.timestamp_delta, &timestamp))
                return invalid("The timestamp of a record overflows.");
            if (index == 0) first_timestamp_ = timestamp;
            if (timestamp > max_timestamp_) {
                max_timestamp_ = timestamp;
                max_timestamp_index_ = index;
            }
            if (!range_.contains(timestamp) || (needs_key_ && frame.key_bytes < 0))
                note_error(index, timestamp, frame.key_bytes < 0);
        }
        if (!source.is_at_end()) return invalid("There are bytes behind the last record of the batch.");
        if (!errors_.empty()) return unexpected(rejection_of_records());
        return {};
    }

    int64_t max_timestamp() const { return max_timestamp_; }
    int32_t max_timestamp_index() const { return max_timestamp_index_; }
    int64_t first_timestamp() const { return first_timestamp_; }

  private:
    void note_error(int32_t index, int64_t timestamp, bool lacks_key) {
        if (errors_.size() >= record_errors_max) return;
        if (needs_key_ && lacks_key) {
            errors_.push_back({index, "A compacted topic takes no record without a key."});
            return;
        }
        has_invalid_timestamp_ = true;
        errors_.push_back({index, "Timestamp " + std::to_string(timestamp) + " is not within [" +
                                      std::to_string(range_.min) + ", " + std::to_string(range_.max) + "]."});
    }

    BatchRejection rejection_of_records() {
        const ErrorCode code = has_invalid_timestamp_ ? ErrorCode::invalid_timestamp : ErrorCode::invalid_record;
        std::string message = "Records of the batch were refused. " + errors_.front().message;
        return {code, std::move(message), std::move(errors_)};
    }

    const BatchHeader& header_;
    const TimestampRange range_;
    const bool needs_key_;
    int64_t max_timestamp_ = no_timestamp.value;
    int32_t max_timestamp_index_ = 0;
    int64_t first_timestamp_ = no_timestamp.value;
    bool has_invalid_timestamp_ = false;
    std::vector<RecordError> errors_;
};

BatchRejection rejection_of_decompression(ErrorCode failure) {
    if (failure == ErrorCode::message_too_large)
        return {failure, "The batch is too large when it is decompressed.", {}};
    return {ErrorCode::invalid_record, "The batch cannot be decompressed.", {}};
}

Rejected scan_pieces(const BatchHeader& header, std::span<const std::byte> section, const ValidationRules& rules,
                     Decompressor& decompressor, RecordScan& scan) {
    decompressor.start(header.compression(), section, rules.decompressed_bytes_max);
    PieceSource source(decompressor);
    auto outcome = scan.run(source);
    if (source.failure() != ErrorCode::none) return unexpected(rejection_of_decompression(source.failure()));
    return outcome;
}

// The records come out as they are, so only the codec, the length and the checksum change.
Result<std::vector<std::byte>, BatchRejection> transcode(const BatchHeader& header, std::span<const std::byte> plain,
                                                         const ValidationRules& rules, Compressor& compressor) {
    const Codec codec = *rules.codec;
    std::vector<std::byte> batch(batch_header_bytes);
    compressor.compress(codec, rules.compression_level.value_or(default_compression_level(codec)), plain, batch);
    if (batch.size() > rules.bytes_max)
        return rejection(ErrorCode::message_too_large, "The batch is too large in the codec of the topic.");
    BatchHeader changed = header;
    changed.batch_length = static_cast<int32_t>(batch.size() - batch_prefix_bytes);
    changed.attributes =
        static_cast<int16_t>((header.attributes & ~batch_attribute::codec_mask) | static_cast<int16_t>(codec));
    store_batch_header(std::span(batch).first<batch_header_bytes>(), changed);
    changed.crc = batch_crc(batch);
    store_batch_header(std::span(batch).first<batch_header_bytes>(), changed);
    return batch;
}

}  // namespace

Result<ValidatedBatch, BatchRejection> validate_produced(std::span<std::byte> records, const ValidationRules& rules,
                                                         Codecs& codecs) {
    RETURN_IF_ERROR(check_extent(records));
    BatchHeader header = load_batch_header(records.first<batch_header_bytes>());
    if (header.base_offset != Offset(0)) return invalid("The base offset of a produced batch must be 0.");
    if (records.size() > rules.bytes_max)
        return rejection(ErrorCode::message_too_large, "The batch is larger than the topic allows.");
    if (!crc_matches(records)) return rejection(ErrorCode::corrupt_message, "The checksum of the batch is wrong.");
    RETURN_IF_ERROR(check_header(header, rules));

    ValidatedBatch validated;
    RecordScan scan(header, rules);
    const auto section = records_section(records);
    const Codec codec = header.compression();
    if (rules.codec.value_or(codec) != codec) {
        std::vector<std::byte> memory;
        const auto plain = uncompressed_records(records, rules.decompressed_bytes_max, codecs.decompressor, memory);
        if (!plain) return unexpected(rejection_of_decompression(plain.error()));
        WholeSource source(*plain);
        RETURN_IF_ERROR(scan.run(source));
        ASSIGN_OR_RETURN(validated.rebuilt, transcode(header, *plain, rules, codecs.compressor));
    } else if (codec == Codec::none) {
        WholeSource source(section);
        RETURN_IF_ERROR(scan.run(source));
    } else {
        RETURN_IF_ERROR(scan_pieces(header, section, rules, codecs.decompressor, scan));
    }

    const bool is_append_time = rules.timestamp_type == TimestampType::log_append_time;
    const auto batch = validated.rebuilt ? std::span(*validated.rebuilt) : records;
    patch_max_timestamp(batch, rules.timestamp_type, is_append_time ? rules.now : Timestamp(scan.max_timestamp()));
    validated.header = load_batch_header(batch.first<batch_header_bytes>());
    validated.max_timestamp_offset_delta = is_append_time ? 0 : scan.max_timestamp_index();
    validated.first_timestamp = is_append_time ? rules.now : Timestamp(scan.first_timestamp());
    return validated;
}

}  // namespace milena::wire
