// A log against a model of it: random operations, restarts and power losses; whatever the log says must be what a list
// of batches in memory says. A failure names its seed; `--gtest_filter=*/seed_42*` replays it.

#include "cases.h"
#include "unit/storage/log_fixture.h"

namespace milena::storage {
namespace {

struct ModelBatch {
    Offset first;
    Offset last;
    LeaderEpoch epoch;
    int32_t sequence = wire::no_sequence;  // of the one idempotent producer
    std::vector<std::pair<Timestamp, std::string>> records;
};

class LogModel : public LogFixture, public testing::WithParamInterface<uint64_t> {
  public:
    static constexpr int operations = 400;

    LogModel() : LogFixture(GetParam()) {
        config.segment_bytes = static_cast<uint32_t>(2500 + world.random.below(20'000));
        config.index_interval_bytes = static_cast<uint32_t>(world.random.below(2000));
        config.retention_bytes = world.random.one_in(3) ? 30'000 : -1;
        config.retention_ms = std::chrono::hours(world.random.one_in(2) ? 10 : 100'000);
        config.producer_id_expiration_ms = std::chrono::hours(1'000'000);
        cache_bytes = world.random.one_in(2) ? world.random.below(20'000) : 0;
        start();
    }

    uint64_t below(uint64_t bound) { return world.random.below(bound); }
    Offset any_offset() {
        const auto length = static_cast<uint64_t>(log->log_end_offset() - log->log_start_offset());
        return log->log_start_offset() + static_cast<int64_t>(below(length + 1));
    }

    // --- operations --------------------------------------------------------------------------------------------------

    Bytes new_batch(ModelBatch& model, wire::BatchOptions batch_options) {
        Timestamp time = world.clock.wall() - static_cast<int64_t>(below(5000));
        if (world.random.one_in(3)) {
            batch_options.producer_id = ProducerId(7);
            batch_options.producer_epoch = 0;
            batch_options.base_sequence = model.sequence = next_sequence();
        }
        batch_options.codec = world.random.one_in(4) ? wire::Codec::lz4 : wire::Codec::none;
        const Offset base = batch_options.base_offset;
        wire::RecordBatchBuilder builder(batch_options);
        const uint64_t count = 1 + below(4);
        for (uint64_t i = 0; i < count; ++i) {
            const std::string value = std::to_string(++value_count_) + std::string(below(400), 'v');
            model.records.emplace_back(time, value);
            builder.add({.timestamp = time, .key = std::nullopt, .value = bytes_of(value), .headers = {}});
            time = time + static_cast<int64_t>(below(5));
        }
        model.first = base;
        model.last = base + static_cast<int64_t>(count) - 1;
        return Bytes::from(builder.build(codecs.compressor));
    }
    int32_t next_sequence() const {
        for (auto batch = model_.rbegin(); batch != model_.rend(); ++batch)
            if (batch->sequence >= 0) return batch->sequence + static_cast<int32_t>(batch->records.size());
        return 0;
    }
    void append_as_leader() {
        if (world.random.one_in(20)) ++epoch_.value;
        ModelBatch batch;
        batch.epoch = epoch_;
        Bytes bytes = new_batch(batch, {});
        const auto appended = log->append_as_leader({.batch = std::move(bytes), .epoch = epoch_});
        ASSERT_TRUE(appended.has_value()) << error_name(appended.error());
        ASSERT_FALSE(appended->is_duplicate);
        batch.first = appended->first_offset;
        batch.last = appended->last_offset;
        model_.push_back(std::move(batch));
    }
    void append_as_follower() {
        std::vector<Bytes> parts;
        Offset next = log->log_end_offset();
        for (uint64_t i = 0; i <= below(3); ++i) {
            if (world.random.one_in(5)) next = next + static_cast<int64_t>(below(3));
            if (world.random.one_in(10)) ++epoch_.value;
            ModelBatch batch;
            batch.epoch = epoch_;
            parts.push_back(new_batch(batch, {.base_offset = next, .partition_leader_epoch = epoch_}));
            next = batch.last + 1;
            model_.push_back(std::move(batch));
        }
        const auto appended = log->append_as_follower(parts);
        ASSERT_TRUE(appended.has_value()) << error_name(appended.error());
    }
    void repeat_last_batch() {
        for (auto batch = model_.rbegin(); batch != model_.rend() && batch->first >= log->log_start_offset(); ++batch) {
            if (batch->sequence < 0) continue;
            wire::RecordBatchBuilder builder(
                {.producer_id = ProducerId(7), .producer_epoch = 0, .base_sequence = batch->sequence});
            for (const auto& [time, value] : batch->records)
                builder.add({.timestamp = time, .key = std::nullopt, .value = bytes_of(value), .headers = {}});
            const auto again = log->append_as_leader({.batch = Bytes::from(builder.build()), .epoch = epoch_});
            ASSERT_TRUE(again.has_value()) << error_name(again.error());
            EXPECT_TRUE(again->is_duplicate);
            EXPECT_EQ(again->first_offset, batch->first);
            EXPECT_EQ(again->last_offset, batch->last);
            return;
        }
    }
    void truncate() {
        const Offset to = any_offset();
        const auto truncated = log->truncate_to(to);
        ASSERT_TRUE(truncated.has_value());
        forget_beyond(log->log_end_offset());
        EXPECT_LE(log->log_end_offset(), to);
        // What was cut off may come back after a power loss as long as this isn't done.
        ASSERT_TRUE(log->sync_now().has_value());
        recovery_point = std::min(recovery_point, log->recovery_point());
        log_start = std::min(log_start, log->log_start_offset());
    }
    void truncate_fully() {
        const Offset to(static_cast<int64_t>(below(10'000)));
        ASSERT_TRUE(log->truncate_fully_and_start_at(to).has_value());
        ASSERT_TRUE(log->sync_now().has_value());
        ASSERT_TRUE(directory->sync_names_now().has_value());
        model_.clear();
        recovery_point = log->recovery_point();
        log_start = to;
    }
    // What was written and forgotten is never written again in the same epoch.
    void forget_beyond(Offset end) {
        ++epoch_.value;
        while (!model_.empty() && model_.back().last >= end) model_.pop_back();
    }
    void delete_some() {
        const Offset from = world.random.one_in(2) ? any_offset() : log->log_start_offset();
        ASSERT_TRUE(log->advance_log_start(from).has_value());
        if (world.random.one_in(4)) run(std::chrono::hours(below(10)));
        ASSERT_TRUE(log->delete_old_segments(any_offset()).has_value());
        directory->remove_due(world.clock.now(), 100);
    }
    void sync_all() {
        bool is_done = false;
        log->sync([&](Result<void> done) { is_done = done.has_value(); });
        run();
        ASSERT_TRUE(is_done);
        EXPECT_EQ(log->durable_offset(), log->log_end_offset());
    }
    void lose_power() {
        const Offset durable = log->durable_offset();
        const Offset end = log->log_end_offset();
        log.reset();
        disk.lose_power();
        is_clean = false;
        start();
        const auto opened = open();
        ASSERT_TRUE(opened.has_value()) << error_name(opened.error());
        ASSERT_GE(log->log_end_offset(), durable);
        ASSERT_LE(log->log_end_offset(), end);
        forget_beyond(log->log_end_offset());
        recovery_point = std::min(recovery_point, log->recovery_point());
    }

    // --- claims ------------------------------------------------------------------------------------------------------

    void check_content() {
        std::map<int64_t, std::string> expected;
        for (const ModelBatch& batch : model_) {
            for (size_t i = 0; i < batch.records.size(); ++i) {
                const Offset offset = batch.first + static_cast<int64_t>(i);
                if (offset >= log->log_start_offset()) expected[offset.value] = batch.records[i].second;
            }
        }
        const auto found = records();
        const auto [a, b] = std::mismatch(found.begin(), found.end(), expected.begin(), expected.end());
        ASSERT_TRUE(a == found.end()) << "unexpected record at " << a->first;
        ASSERT_TRUE(b == expected.end()) << "lost record at " << b->first;
        for (const ModelBatch& batch : model_) {
            const bool is_there = batch.last >= log->log_start_offset();
            ASSERT_EQ(is_there ? log->epochs().epoch_of(batch.last) : batch.epoch, batch.epoch);
            ASSERT_GT(log->log_end_offset(), batch.last);
        }
    }
    void check_read() {
        const Offset from = any_offset();
        const ReadRequest request{from, any_offset(), static_cast<size_t>(below(5000)), world.random.one_in(2)};
        const auto batches = read(request);
        ASSERT_TRUE(batches.has_value()) << error_name(batches.error());
        Offset next = from;
        size_t bytes = 0;
        auto expected = std::find_if(model_.begin(), model_.end(), [&](const auto& b) { return b.last >= from; });
        for (const Bytes& part : batches->parts) {
            wire::BatchCursor cursor(part.span());
            while (const auto batch = cursor.next().value()) {
                ASSERT_NE(expected, model_.end());
                EXPECT_EQ(batch->header.base_offset, expected->first);
                EXPECT_EQ(batch->header.last_offset(), expected->last);
                next = batch->header.next_offset();
                bytes += batch->bytes.size();
                ++expected;
            }
        }
        EXPECT_EQ(batches->next_offset, next);
        EXPECT_EQ(batches->bytes, bytes);
        EXPECT_TRUE(batches->parts.empty() || next <= request.limit);
        const bool has_next = expected != model_.end() && expected->last < request.limit;
        EXPECT_TRUE(!batches->parts.empty() || !request.at_least_one || !has_next);
    }
    void check_time() {
        if (model_.empty()) return;
        const ModelBatch& some = model_[below(model_.size())];
        const Timestamp at_least = some.records[below(some.records.size())].first + static_cast<int64_t>(below(3));
        std::optional<TimestampOffset> expected;
        for (const ModelBatch& batch : model_)
            for (size_t i = 0; i < batch.records.size() && !expected; ++i)
                if (const Offset offset = batch.first + static_cast<int64_t>(i);
                    offset >= log->log_start_offset() && batch.records[i].first >= at_least)
                    expected = TimestampOffset{batch.records[i].first, offset, batch.epoch};
        std::optional<Result<std::optional<TimestampOffset>>> found;
        log->find_by_timestamp(at_least, [&](auto outcome) { found = outcome; });
        if (!found.has_value()) run();
        ASSERT_TRUE(found.has_value() && found->has_value());
        const auto offset_of = [](const auto& at) { return at.has_value() ? at->offset.value : -1; };
        ASSERT_EQ(offset_of(**found), offset_of(expected));
        EXPECT_EQ(**found, expected);
    }

    void step() {
        switch (below(16)) {
            case 0: return truncate();
            case 1: return delete_some();
            case 2: return sync_all();
            case 3: return checkpoint();
            case 4: return reopen_cleanly();
            case 5: return reopen_after_kill();
            case 6: return world.random.one_in(2) ? lose_power() : check_content();
            case 7: return repeat_last_batch();
            case 8: return check_read();
            case 9: return check_time();
            case 10: return world.random.one_in(8) ? truncate_fully() : append_as_follower();
            case 11: return append_as_follower();
            default: return append_as_leader();
        }
    }

    std::vector<ModelBatch> model_;
    LeaderEpoch epoch_{0};
    uint64_t value_count_ = 0;
};

TEST_P(LogModel, agrees) {
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < operations; ++i) {
        SCOPED_TRACE("operation " + std::to_string(i));
        step();
        if (HasFatalFailure() || HasFailure()) return;
    }
    check_content();
}

INSTANTIATE_TEST_SUITE_P(Seeds, LogModel, testing::Range<uint64_t>(0, cases(1000)),
                         [](const auto& seed) { return "seed_" + std::to_string(seed.param); });

}  // namespace
}  // namespace milena::storage
