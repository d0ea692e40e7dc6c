#include "storage/batch_cleaner.h"

#include <algorithm>
#include <limits>

#include "wire/record_batch_builder.h"

namespace milena::storage {

bool BatchCleaner::is_kept(const wire::BatchHeader& header, const wire::Record& record) {
    if (header.is_control() || record.offset >= rules_.mapped_end) return true;
    if (!record.key.has_value()) {
        ++records_without_key_;
        return false;
    }
    if (record.offset < rules_.map.find(*record.key)) return false;
    const auto horizon = header.delete_horizon();
    return record.value.has_value() || !horizon.has_value() || rules_.now < *horizon;
}

// The records that stay, in kept_; true if they are all there are.
Result<bool> BatchCleaner::select_records(const wire::BatchHeader& header, std::span<const std::byte> batch) {
    const auto section = wire::uncompressed_records(batch, decompressed_batch_bytes_max, codecs_.decompressor, memory_);
    if (!section.has_value()) return unexpected(ErrorCode::corrupt_message);
    wire::RecordCursor records(header, *section);
    bool are_all = true;
    for (;;) {
        const auto record = records.next();
        if (!record.has_value()) return unexpected(ErrorCode::corrupt_message);
        if (!record->has_value()) return are_all;
        ++records_read_;
        if (is_kept(header, **record))
            kept_.push_back(**record);
        else
            are_all = false;
    }
}

Result<BatchCleaner::Fate> BatchCleaner::clean(const wire::BatchHeader& header, std::span<const std::byte> batch,
                                               bool keeps_empty) {
    const bool is_control = header.is_control();
    const bool is_void =
        is_control ? transactions_.read_control_batch(header, batch) : transactions_.read_batch(header);
    if (header.base_offset >= rules_.mapped_end) return Fate::left;
    const auto horizon = header.delete_horizon();
    const bool goes_as_a_whole = is_void && (!is_control || (horizon.has_value() && *horizon <= rules_.now));
    kept_.clear();
    bool are_all = header.records_count == 0;
    if (goes_as_a_whole) {
        records_read_ += static_cast<uint64_t>(header.records_count);
    } else {
        ASSIGN_OR_RETURN(are_all, select_records(header, batch));
    }
    if (kept_.empty()) {
        if (!keeps_empty) return Fate::dropped;
        if (header.records_count == 0) return Fate::left;
        empty(header);
        return Fate::rebuilt;
    }
    records_kept_ += kept_.size();
    const bool has_tombstones =
        !is_control && std::ranges::any_of(kept_, [](const wire::Record& record) { return !record.value.has_value(); });
    const bool needs_horizon = !horizon.has_value() && (has_tombstones || (is_control && is_void));
    if (are_all && !needs_horizon) return Fate::left;
    const auto new_horizon = needs_horizon ? std::optional(horizon_from_now()) : horizon;
    if (!can_be_told_from(new_horizon.value_or(kept_.front().timestamp))) return Fate::left;
    rebuild(header, new_horizon);
    return Fate::rebuilt;
}

Timestamp BatchCleaner::horizon_from_now() const {
    int64_t horizon = 0;
    const bool is_never = __builtin_add_overflow(rules_.now.value, rules_.delete_retention_ms, &horizon);
    return Timestamp(is_never ? std::numeric_limits<int64_t>::max() : horizon);
}

// Timestamps are written as distances; those of absurd records may be too far apart.
bool BatchCleaner::can_be_told_from(Timestamp base) const {
    return std::ranges::all_of(kept_, [base](const wire::Record& record) {
        int64_t delta = 0;
        return !__builtin_sub_overflow(record.timestamp.value, base.value, &delta);
    });
}

void BatchCleaner::rebuild(const wire::BatchHeader& header, std::optional<Timestamp> delete_horizon) {
    wire::BatchOptions options;
    options.base_offset = header.base_offset;
    options.partition_leader_epoch = header.partition_leader_epoch;
    options.codec = header.compression();
    if (header.timestamp_type() == wire::TimestampType::log_append_time) options.log_append_time = header.max_timestamp;
    options.delete_horizon = delete_horizon;
    options.producer_id = header.producer_id;
    options.producer_epoch = header.producer_epoch;
    options.base_sequence = header.base_sequence;
    options.is_transactional = header.is_transactional();
    options.is_control = header.is_control();
    wire::RecordBatchBuilder builder(options);
    for (const wire::Record& record : kept_) {
        headers_.clear();
        for (auto at = record.headers.begin(); at != record.headers.end(); ++at) headers_.push_back(*at);
        builder.add_at(record.offset, {record.timestamp, record.key, record.value, headers_});
    }
    // The sequence number of the last record follows from the last offset.
    builder.extend_to(header.last_offset());
    rebuilt_ = builder.build(codecs_.compressor);
}

void BatchCleaner::empty(wire::BatchHeader header) {
    header.attributes = static_cast<int16_t>(
        header.attributes & ~(wire::batch_attribute::codec_mask | wire::batch_attribute::delete_horizon));
    header.batch_length = static_cast<int32_t>(wire::batch_header_bytes - wire::batch_prefix_bytes);
    header.base_timestamp = no_timestamp;
    header.records_count = 0;
    rebuilt_.resize(wire::batch_header_bytes);
    wire::store_batch_header(std::span(rebuilt_).first<wire::batch_header_bytes>(), header);
    header.crc = wire::batch_crc(rebuilt_);
    wire::store_batch_header(std::span(rebuilt_).first<wire::batch_header_bytes>(), header);
}

}  // namespace milena::storage
