// What the tests of compaction share: keyed batches, a pass from beginning to end, and looking at what it left.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/cleaning.h"
#include "unit/storage/log_fixture.h"

namespace milena::storage {

struct KeyedRecord {
    std::optional<std::string> key;
    std::optional<std::string> value;  // none: a tombstone
    bool operator==(const KeyedRecord&) const = default;
};

class CleanFixture : public LogFixture {
  public:
    explicit CleanFixture(uint64_t seed = 1) : LogFixture(seed) {
        config.is_compacted = true;
        config.deletes_old_segments = false;
        config.producer_id_expiration_ms = std::chrono::hours(1'000'000);
        limits = {.map_bytes = 1 << 20, .map_load = 0.9, .slice_bytes = 4096};
    }

    static std::optional<std::span<const std::byte>> part_of(const std::optional<std::string>& text) {
        return text.has_value() ? std::optional(bytes_of(*text)) : std::nullopt;
    }
    Bytes keyed(const std::vector<KeyedRecord>& records, const wire::BatchOptions& batch_options = {}) {
        wire::RecordBatchBuilder builder(batch_options);
        for (const KeyedRecord& record : records)
            builder.add({world.clock.wall(), part_of(record.key), part_of(record.value), {}});
        return Bytes::from(builder.build(codecs.compressor));
    }
    Offset put(const std::vector<KeyedRecord>& records, const wire::BatchOptions& batch_options = {},
               AppendOrigin origin = AppendOrigin::client) {
        const auto appended =
            log->append_as_leader({.batch = keyed(records, batch_options), .epoch = epoch, .origin = origin});
        EXPECT_TRUE(appended.has_value()) << error_name(appended.error());
        return appended.has_value() ? appended->first_offset : no_offset;
    }
    Offset put(const std::string& key, const std::string& value) { return put({{key, value}}); }
    Offset end_transaction(ProducerId producer, bool is_commit) {
        std::vector<std::byte> key(4);
        key[3] = std::byte{is_commit};
        const std::vector<std::byte> value(6);
        wire::RecordBatchBuilder builder(
            {.producer_id = producer, .producer_epoch = 0, .is_transactional = true, .is_control = true});
        builder.add({world.clock.wall(), std::span<const std::byte>(key), std::span<const std::byte>(value), {}});
        const auto appended = log->append_as_leader(
            {.batch = Bytes::from(builder.build()), .epoch = epoch, .origin = AppendOrigin::coordinator});
        EXPECT_TRUE(appended.has_value());
        return appended.has_value() ? appended->first_offset : no_offset;
    }
    // The next append begins a segment.
    void roll() {
        const uint32_t bytes = std::exchange(config.segment_bytes, 256);
        log->configure(std::make_shared<LogConfig>(config));
        const size_t count = log->segment_count();
        while (log->segment_count() == count) put({{"filler", std::string(100, 'f')}});
        config.segment_bytes = bytes;
        log->configure(std::make_shared<LogConfig>(config));
    }

    // A pass over all that can be cleaned; how it ended.
    Result<CleaningSlice> clean() {
        const auto range = log->cleanable(log->log_end_offset());
        EXPECT_TRUE(range.has_value());
        log->begin_cleaning(*range, limits);
        for (int slices = 0; slices < 100'000; ++slices) {
            auto slice = log->clean_some();
            if (!slice.has_value() || slice->state == CleaningSlice::State::done ||
                slice->state == CleaningSlice::State::abandoned)
                return slice;
            if (slice->state == CleaningSlice::State::waiting) run(std::chrono::milliseconds(1));
        }
        ADD_FAILURE() << "the pass does not end";
        return unexpected(ErrorCode::unknown_server_error);
    }
    void clean_well() {
        const auto slice = clean();
        ASSERT_TRUE(slice.has_value()) << error_name(slice.error());
        ASSERT_EQ(slice->state, CleaningSlice::State::done);
        stats = slice->stats;
    }

    struct StoredBatch {
        wire::BatchHeader header;
        std::vector<std::pair<Offset, KeyedRecord>> records;
    };
    std::vector<StoredBatch> batches() {
        std::vector<StoredBatch> found;
        Offset next = log->log_start_offset();
        while (next < log->log_end_offset()) {
            const auto read_batches = read({next, log->log_end_offset(), 64 << 10, true});
            EXPECT_TRUE(read_batches.has_value());
            if (!read_batches.has_value() || read_batches->parts.empty()) break;
            for (const Bytes& bytes : read_batches->parts) add_batches(bytes, found);
            next = read_batches->next_offset;
        }
        return found;
    }
    // All records but those of control batches.
    std::map<int64_t, KeyedRecord> keyed_records() {
        std::map<int64_t, KeyedRecord> found;
        for (const StoredBatch& batch : batches())
            if (!batch.header.is_control())
                for (const auto& [offset, record] : batch.records) found[offset.value] = record;
        return found;
    }

    LeaderEpoch epoch{0};
    CleaningLimits limits;
    CleaningStats stats;

  private:
    static std::optional<std::string> text_of(std::optional<std::span<const std::byte>> part) {
        if (!part.has_value()) return std::nullopt;
        return std::string(reinterpret_cast<const char*>(part->data()), part->size());
    }
    void add_batches(const Bytes& bytes, std::vector<StoredBatch>& found) {
        wire::BatchCursor cursor(bytes.span());
        while (const auto batch = cursor.next().value()) {
            EXPECT_TRUE(wire::crc_matches(batch->bytes));
            StoredBatch stored{batch->header, {}};
            std::vector<std::byte> memory;
            const auto section = wire::uncompressed_records(batch->bytes, 1 << 30, codecs.decompressor, memory).value();
            wire::RecordCursor records_of(batch->header, section);
            while (const auto record = records_of.next().value())
                stored.records.emplace_back(record->offset, KeyedRecord{text_of(record->key), text_of(record->value)});
            found.push_back(std::move(stored));
        }
    }
};

}  // namespace milena::storage
