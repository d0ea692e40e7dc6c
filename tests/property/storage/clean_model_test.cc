// Compaction against a model of the log: random batches with keys, tombstones, codecs, producers and transactions, and
// passes with random limits, some of which meet a crash or a power loss at a random write. Whatever happens, a reader
// of committed data finds the last value of every key, in the order of offsets, and nothing that was never written.
// A failure names its seed; `--gtest_filter=*/seed_42*` replays it.

#include <set>

#include "cases.h"
#include "storage/offset_map.h"
#include "unit/storage/clean_fixture.h"

namespace milena::storage {
namespace {

enum class Kind : uint8_t { plain, transactional, abort, commit };

struct CleanedBatch {
    Offset first;
    Offset last;
    Kind kind = Kind::plain;
    int64_t producer = -1;
    int32_t sequence = wire::no_sequence;
    std::vector<KeyedRecord> records;
};

class CleanModel : public CleanFixture, public testing::WithParamInterface<uint64_t> {
  public:
    static constexpr int operations = 300;
    static constexpr int64_t plain_producer = 1;
    static constexpr int64_t producers = 4;  // the others write transactions

    CleanModel() : CleanFixture(GetParam()) {
        config.segment_bytes = static_cast<uint32_t>(1500 + below(10'000));
        config.index_interval_bytes = static_cast<uint32_t>(below(1000));
        config.delete_retention_ms = Milliseconds(world.random.one_in(4) ? 0 : below(7'200'000));
        config.min_compaction_lag_ms = Milliseconds(world.random.one_in(3) ? below(3'600'000) : 0);
        cache_bytes = world.random.one_in(2) ? below(20'000) : 0;
        limits.slice_bytes = 100 + below(5000);
        limits.map_bytes = world.random.one_in(2) ? OffsetMap::entry_bytes * (2 + below(40)) : 1 << 20;
        start();
    }

    uint64_t below(uint64_t bound) { return world.random.below(bound); }

    // --- operations --------------------------------------------------------------------------------------------------

    std::vector<KeyedRecord> some_records() {
        std::vector<KeyedRecord> records;
        for (uint64_t i = 0; i <= below(5); ++i) {
            KeyedRecord record{"key" + std::to_string(below(25)), std::to_string(++value_count_)};
            *record.value += std::string(below(100), 'v');
            if (world.random.one_in(6)) record.value.reset();
            if (world.random.one_in(40)) record.key.reset();
            records.push_back(std::move(record));
        }
        return records;
    }
    int32_t next_sequence(int64_t producer) const {
        for (auto batch = model_.rbegin(); batch != model_.rend(); ++batch)
            if (batch->producer == producer && batch->sequence >= 0)
                return batch->sequence + static_cast<int32_t>(batch->records.size());
        return 0;
    }
    void append() {
        CleanedBatch batch;
        wire::BatchOptions batch_options;
        batch_options.codec = static_cast<wire::Codec>(world.random.one_in(2) ? below(5) : 0);
        batch.records = some_records();
        if (!world.random.one_in(3)) {
            batch.producer = 1 + static_cast<int64_t>(below(producers));
            batch.sequence = next_sequence(batch.producer);
            batch.kind = batch.producer == plain_producer ? Kind::plain : Kind::transactional;
            batch_options.producer_id = ProducerId(batch.producer);
            batch_options.producer_epoch = 0;
            batch_options.base_sequence = batch.sequence;
            batch_options.is_transactional = batch.kind == Kind::transactional;
        }
        batch.first = put(batch.records, batch_options);
        batch.last = log->log_end_offset() - 1;
        model_.push_back(std::move(batch));
    }
    void end_some_transaction() {
        const auto open = open_transactions();
        if (open.empty()) return;
        const auto [producer, first] = *std::next(open.begin(), static_cast<std::ptrdiff_t>(below(open.size())));
        const bool is_commit = world.random.one_in(2);
        const Offset offset = end_transaction(ProducerId(producer), is_commit);
        model_.push_back({.first = offset,
                          .last = offset,
                          .kind = is_commit ? Kind::commit : Kind::abort,
                          .producer = producer,
                          .sequence = wire::no_sequence,
                          .records = {}});
    }
    std::map<int64_t, Offset> open_transactions() const {
        std::map<int64_t, Offset> open;
        for (const CleanedBatch& batch : model_) {
            if (batch.kind == Kind::transactional) open.try_emplace(batch.producer, batch.first);
            if (batch.kind == Kind::commit || batch.kind == Kind::abort) open.erase(batch.producer);
        }
        return open;
    }
    // Nothing at or above this is touched by a pass that begins now.
    void begin_pass() {
        const auto range = log->cleanable(log->log_end_offset());
        ASSERT_TRUE(range.has_value());
        touched_end_ = std::max(touched_end_, range->first_uncleanable);
        decided_end_ = log->log_end_offset();
    }
    void clean_and_check() {
        if (log->cleanable(log->log_end_offset())->cleanable_bytes == 0) return;
        begin_pass();
        clean_well();
        if (world.random.one_in(2)) cleaned_to = log->cleaned_to();
        check_content();
    }
    void clean_twice() {
        if (log->cleanable(log->log_end_offset())->cleanable_bytes == 0) return;
        const size_t map_bytes = std::exchange(limits.map_bytes, 1 << 20);
        begin_pass();
        clean_well();
        limits.map_bytes = map_bytes;
        const Offset clean_end = *log->cleaned_to();
        const auto before = keyed_records();
        log->begin_cleaning({.first_dirty = log->log_start_offset(), .first_uncleanable = clean_end},
                            {.map_bytes = 1 << 20, .map_load = 0.9, .slice_bytes = 4096});
        for (;;) {
            const auto slice = log->clean_some();
            ASSERT_TRUE(slice.has_value());
            if (slice->state == CleaningSlice::State::done || slice->state == CleaningSlice::State::abandoned) break;
            if (slice->state == CleaningSlice::State::waiting) run(std::chrono::microseconds(10));
        }
        const auto after = keyed_records();
        // A tombstone may have met its horizon meanwhile.
        for (const auto& [offset, record] : before) {
            ASSERT_TRUE(after.contains(offset) || !record.value.has_value()) << "not idempotent at " << offset;
        }
    }
    void clean_with_a_crash() {
        begin_pass();
        const Offset durable = log->durable_offset();
        disk.crash_at_write(1 + below(40));
        (void)clean_until_crash();
        const bool loses_power = world.random.one_in(2);
        log.reset();
        if (loses_power)
            disk.lose_power();
        else
            disk.restart();
        is_clean = false;
        start();
        const auto opened = open();
        ASSERT_TRUE(opened.has_value()) << error_name(opened.error());
        ASSERT_GE(log->log_end_offset(), durable);
        forget_beyond(log->log_end_offset());
        recovery_point = std::min(recovery_point, log->recovery_point());
        for (const std::string& name : files()) ASSERT_FALSE(name.ends_with(".cleaned") || name.ends_with(".swap"));
        check_content();
    }
    bool clean_until_crash() {
        const auto range = log->cleanable(log->log_end_offset());
        if (!range.has_value()) return false;
        log->begin_cleaning(*range, limits);
        for (int i = 0; i < 100'000 && !disk.has_crashed(); ++i) {
            const auto slice = log->clean_some();
            if (!slice.has_value() || slice->state == CleaningSlice::State::done ||
                slice->state == CleaningSlice::State::abandoned)
                return true;
            run(std::chrono::microseconds(100));
        }
        return false;
    }
    void restart() {
        if (world.random.one_in(2))
            reopen_cleanly();
        else
            reopen_after_kill();
        check_content();
    }
    void truncate() {
        const auto length = static_cast<uint64_t>(log->log_end_offset() - log->log_start_offset());
        const Offset to = log->log_end_offset() - static_cast<int64_t>(below(length / 4 + 1));
        // A partition is never cut below what its readers could see, and that is what a pass relied on.
        if (to < decided_end_) return;
        ASSERT_TRUE(log->truncate_to(to).has_value());
        forget_beyond(log->log_end_offset());
        ASSERT_TRUE(log->sync_now().has_value());
        recovery_point = std::min(recovery_point, log->recovery_point());
        if (cleaned_to.has_value()) cleaned_to = std::min(*cleaned_to, log->log_end_offset());
    }
    // What was written and forgotten is never written again in the same epoch.
    void forget_beyond(Offset end) {
        ++epoch.value;
        while (!model_.empty() && model_.back().last >= end) model_.pop_back();
    }
    void pass_time() { run(std::chrono::minutes(below(100))); }

    // --- claims ------------------------------------------------------------------------------------------------------

    // As a consumer that reads committed data: what it is told of aborted transactions must be enough.
    std::map<int64_t, KeyedRecord> committed_records() {
        std::map<int64_t, KeyedRecord> found;
        const Offset end = log->last_stable_offset(log->log_end_offset());
        const auto aborted = log->aborted_transactions(log->log_start_offset(), end);
        EXPECT_TRUE(aborted.has_value());
        std::multimap<Offset, ProducerId> expected;
        for (const AbortedTransaction& transaction : *aborted)
            expected.emplace(transaction.first_offset, transaction.producer_id);
        std::set<ProducerId> skipped;
        for (const StoredBatch& batch : batches()) {
            if (batch.header.base_offset >= end) break;
            while (!expected.empty() && expected.begin()->first <= batch.header.last_offset()) {
                skipped.insert(expected.begin()->second);
                expected.erase(expected.begin());
            }
            if (batch.header.is_control()) {
                if (!batch.records.empty()) skipped.erase(batch.header.producer_id);
                continue;
            }
            if (batch.header.is_transactional() && skipped.contains(batch.header.producer_id)) continue;
            for (const auto& [offset, record] : batch.records) found[offset.value] = record;
        }
        return found;
    }
    std::map<int64_t, KeyedRecord> committed_in_model() const {
        const auto open = open_transactions();
        Offset end = log->log_end_offset();
        for (const auto& [producer, first] : open) end = std::min(end, first);
        std::map<int64_t, KeyedRecord> found;
        for (size_t i = 0; i < model_.size(); ++i) {
            const CleanedBatch& batch = model_[i];
            if (batch.first >= end || batch.kind == Kind::abort || batch.kind == Kind::commit) continue;
            if (batch.kind == Kind::transactional && was_aborted(i)) continue;
            for (size_t n = 0; n < batch.records.size(); ++n)
                found[batch.first.value + static_cast<int64_t>(n)] = batch.records[n];
        }
        return found;
    }
    bool was_aborted(size_t index) const {
        for (size_t i = index + 1; i < model_.size(); ++i)
            if (model_[i].producer == model_[index].producer && model_[i].kind != Kind::transactional)
                return model_[i].kind == Kind::abort;
        return false;
    }
    static std::map<std::string, std::pair<int64_t, std::optional<std::string>>> last_of(
        const std::map<int64_t, KeyedRecord>& records) {
        std::map<std::string, std::pair<int64_t, std::optional<std::string>>> last;
        for (const auto& [offset, record] : records)
            if (record.key.has_value()) last[*record.key] = {offset, record.value};
        return last;
    }
    void check_content() {
        const auto found = committed_records();
        const auto expected = committed_in_model();
        for (const auto& [offset, record] : found) {
            ASSERT_TRUE(expected.contains(offset)) << "a record that was never committed at " << offset;
            ASSERT_EQ(expected.at(offset), record) << "another record at " << offset;
        }
        const auto last_found = last_of(found);
        for (const auto& [key, place] : last_of(expected)) {
            const auto at = last_found.find(key);
            if (!place.second.has_value() && at == last_found.end()) continue;
            ASSERT_TRUE(at != last_found.end()) << key << " of offset " << place.first << " is gone";
            const bool is_dead = !at->second.second.has_value() || !place.second.has_value();
            ASSERT_TRUE(at->second == place || (is_dead && at->second.first <= place.first &&
                                                !place.second.has_value() && !at->second.second.has_value()))
                << key << ": " << at->second.first << " instead of " << place.first;
        }
        for (const auto& [offset, record] : expected) {
            if (offset >= touched_end_.value) {
                ASSERT_TRUE(found.contains(offset)) << "touched beyond the bound: " << offset;
            }
        }
        if (!model_.empty()) {
            ASSERT_EQ(log->log_end_offset(), model_.back().last + 1);
        }
    }
    // All of it is dead, was met once, and has had its time.
    void check_that_tombstones_go() {
        for (const auto& [producer, first] : open_transactions()) {
            const Offset offset = end_transaction(ProducerId(producer), true);
            model_.push_back({offset, offset, Kind::commit, producer, wire::no_sequence, {}});
        }
        limits.map_bytes = 1 << 20;
        run(std::chrono::hours(2));
        append_and_roll();
        clean_and_check();
        const Offset clean_end = *log->cleaned_to();
        run(std::chrono::hours(4));
        append_and_roll();
        clean_and_check();
        for (const auto& [offset, record] : keyed_records()) {
            if (offset < clean_end.value) {
                ASSERT_TRUE(record.value.has_value()) << "tombstone at " << offset;
            }
        }
    }
    void append_and_roll() {
        const size_t count = log->segment_count();
        while (log->segment_count() == count) append_plain();
        run(std::chrono::hours(2));
    }
    void append_plain() {
        CleanedBatch batch;
        batch.records = {{"last", std::string(300, 'x')}};
        batch.first = batch.last = put(batch.records);
        model_.push_back(std::move(batch));
    }

    void step() {
        switch (below(24)) {
            case 0: return clean_and_check();
            case 1: return clean_with_a_crash();
            case 2: return restart();
            case 3: return world.random.one_in(3) ? clean_twice() : pass_time();
            case 4: return checkpoint();
            case 5: return truncate();
            case 6:
            case 7: return end_some_transaction();
            default: return append();
        }
    }

    std::vector<CleanedBatch> model_;
    Offset touched_end_{0};
    Offset decided_end_{0};
    uint64_t value_count_ = 0;
};

TEST_P(CleanModel, keeps_the_last_value_of_every_key) {
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < operations; ++i) {
        SCOPED_TRACE("operation " + std::to_string(i));
        step();
        if (HasFatalFailure() || HasFailure()) return;
    }
    check_that_tombstones_go();
}

INSTANTIATE_TEST_SUITE_P(Seeds, CleanModel, testing::Range<uint64_t>(0, cases(500)),
                         [](const auto& seed) { return "seed_" + std::to_string(seed.param); });

}  // namespace
}  // namespace milena::storage
