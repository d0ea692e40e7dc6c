// What the tests of logs share: one simulated directory with its clock and disk, and batches made in one line.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sim/sim_disk.h"
#include "sim/world.h"
#include "storage/partition_log.h"
#include "wire/record.h"
#include "wire/record_batch_builder.h"

namespace milena::storage {

inline constexpr Timestamp day_one{1'700'000'000'000};

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

inline Bytes batch_of(const std::vector<std::string>& values, wire::BatchOptions options = {},
                      Timestamp timestamp = day_one) {
    wire::RecordBatchBuilder builder(options);
    for (const std::string& value : values) {
        builder.add({.timestamp = timestamp, .key = std::nullopt, .value = bytes_of(value), .headers = {}});
        ++timestamp;
    }
    if (options.codec == wire::Codec::none) return Bytes::from(builder.build());
    wire::Compressor compressor;
    return Bytes::from(builder.build(compressor));
}

class LogFixture : public testing::Test {
  public:
    explicit LogFixture(uint64_t seed = 1) : world(seed) { start(); }
    ~LogFixture() override { log.reset(); }

    // --- the world ---------------------------------------------------------------------------------------------------

    void start() {
        log.reset();
        directory = std::make_unique<LogDirectory>(disk, "/data");
        cache = std::make_unique<TailCache>(cache_bytes);
        environment.reset(new LogEnvironment{*directory, *cache, world.clock, world.random, codecs});
        ASSERT_TRUE(disk.create_directories("/data").has_value());
        ASSERT_TRUE(disk.sync_directory("/data").has_value());
        ASSERT_TRUE(disk.sync_directory("/").has_value());
    }
    void run(Duration duration = std::chrono::seconds(1)) {
        world.run_until(world.clock.now() + duration, [] { return false; });
    }

    // --- the log -----------------------------------------------------------------------------------------------------

    OpenOptions options() {
        return {.topic = "orders",
                .partition = PartitionIndex(3),
                .topic_id = topic_id,
                .config = std::make_shared<LogConfig>(config),
                .recovery_point = recovery_point,
                .log_start_offset = log_start,
                .cleaned_to = cleaned_to,
                .was_closed_cleanly = is_clean};
    }
    Result<void> open() {
        log.reset();
        auto opened = PartitionLog::open(*environment, options());
        if (!opened.has_value()) return unexpected(opened.error());
        log = *std::move(opened);
        return {};
    }
    // As the process does at its end and the next one at its beginning.
    void reopen_cleanly() {
        ASSERT_TRUE(log->sync_now().has_value());
        ASSERT_TRUE(log->close().has_value());
        log_start = log->log_start_offset();
        recovery_point = log->recovery_point();
        is_clean = true;
        start();
        ASSERT_TRUE(open().has_value());
    }
    // What the checkpoints of the directory say, after a checkpoint pass.
    void checkpoint() {
        bool is_done = false;
        log->checkpoint([&](Result<void> done) { is_done = done.has_value(); });
        run();
        ASSERT_TRUE(is_done);
        recovery_point = log->recovery_point();
        log_start = log->log_start_offset();
    }
    void reopen_after_kill() {
        log.reset();
        disk.restart();
        is_clean = false;
        start();
        ASSERT_TRUE(open().has_value());
    }

    Result<Appended> append(const Bytes& batch, LeaderEpoch epoch = LeaderEpoch(0)) {
        return log->append_as_leader({.batch = Bytes::copy_of(batch.span()), .epoch = epoch});
    }
    Result<Appended> append(const std::vector<std::string>& values, LeaderEpoch epoch = LeaderEpoch(0)) {
        return append(batch_of(values, {}, world.clock.wall()), epoch);
    }

    // --- looking -----------------------------------------------------------------------------------------------------

    Result<ReadBatches> read(const ReadRequest& request) {
        std::optional<Result<ReadBatches>> outcome;
        log->read(request, [&](Result<ReadBatches> batches) { outcome = std::move(batches); });
        if (!outcome.has_value()) run();
        EXPECT_TRUE(outcome.has_value());
        return *outcome;
    }
    // All records of the log by offset.
    std::map<int64_t, std::string> records() {
        std::map<int64_t, std::string> found;
        Offset next = log->log_start_offset();
        while (next < log->log_end_offset()) {
            const auto batches = read({next, log->log_end_offset(), 64 << 10, true});
            EXPECT_TRUE(batches.has_value()) << error_name(batches.error());
            if (!batches.has_value() || batches->parts.empty()) break;
            for (const Bytes& part : batches->parts) add_records(part, found);
            next = batches->next_offset;
        }
        return found;
    }
    void add_records(const Bytes& part, std::map<int64_t, std::string>& found) {
        wire::BatchCursor cursor(part.span());
        for (;;) {
            const auto batch = cursor.next();
            EXPECT_TRUE(batch.has_value());
            if (!batch.has_value() || !batch->has_value()) return;
            EXPECT_TRUE(wire::crc_matches((*batch)->bytes));
            std::vector<std::byte> memory;
            const auto section =
                wire::uncompressed_records((*batch)->bytes, 1 << 30, codecs.decompressor, memory).value();
            wire::RecordCursor cursor_of_records((*batch)->header, section);
            while (const auto record = cursor_of_records.next().value()) {
                if (record->offset < log->log_start_offset()) continue;
                const std::span<const std::byte> value = record->value.value_or(std::span<const std::byte>());
                found[record->offset.value] = {reinterpret_cast<const char*>(value.data()), value.size()};
            }
        }
    }
    std::vector<std::string> files() {
        std::vector<std::string> names;
        const auto entries = disk.list("/data/orders-3");
        if (!entries.has_value()) return names;
        for (const env::DirectoryEntry& entry : *entries) names.push_back(entry.name);
        return names;
    }
    std::string content(const std::string& name) {
        const auto bytes = env::read_file(disk, "/data/orders-3/" + name, 1 << 20);
        return bytes.has_value() ? std::string(bytes->view()) : std::string();
    }

    sim::World world;
    sim::SimDisk disk{world.random, world.clock,
                      [this](Duration delay, std::function<void()> event) { world.after(delay, std::move(event)); }};
    size_t cache_bytes = 0;
    wire::Codecs codecs;
    std::unique_ptr<LogDirectory> directory;
    std::unique_ptr<TailCache> cache;
    std::unique_ptr<LogEnvironment> environment;
    LogConfig config;
    Uuid topic_id{0x1234567812345678, 0x8765432187654321};
    Offset recovery_point{0};
    Offset log_start{0};
    std::optional<Offset> cleaned_to;
    bool is_clean = false;
    std::unique_ptr<PartitionLog> log;
};

}  // namespace milena::storage
