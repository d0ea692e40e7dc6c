#include "storage/recovery.h"

#include "storage/batch_scan.h"
#include "storage/transaction_index.h"
#include "unit/storage/log_fixture.h"

namespace milena::storage {
namespace {

using Map = std::map<int64_t, std::string>;

class RecoveryTest : public LogFixture {
  public:
    void fill(int batches) {
        ASSERT_TRUE(open().has_value());
        for (int i = 0; i < batches; ++i) ASSERT_TRUE(append({std::string(300, 'x'), std::to_string(i)}).has_value());
    }
    std::string path(int64_t base, FileKind kind, FileStage stage = FileStage::current) {
        return log_file_path("/data/orders-3", Offset(base), kind, stage);
    }
    void copy(const std::string& from, const std::string& to) {
        const Bytes bytes = env::read_file(disk, from, 1 << 20).value();
        ASSERT_TRUE(env::replace_file(disk, to, bytes.view()).has_value());
    }
};

TEST_F(RecoveryTest, reads_nothing_below_the_recovery_point) {
    config.segment_bytes = 20'000;
    fill(200);
    checkpoint();
    const Map before = records();
    // Damage that would cut the log if anybody looked at it.
    {
        auto file = disk.open(path(0, FileKind::records), env::OpenMode::read_write).value();
        const Bytes bad = Bytes::copy_of("bad");
        ASSERT_TRUE(file->write_at(file->size() - 100, std::span(&bad, 1)).has_value());
    }
    reopen_after_kill();
    EXPECT_EQ(log->log_end_offset(), Offset(400));
    EXPECT_EQ(log->durable_offset(), Offset(400));
}

TEST_F(RecoveryTest, drops_whole_segments_beyond_a_damaged_batch) {
    config.segment_bytes = 1000;
    fill(20);
    const auto second_segment = path(4, FileKind::records);
    {
        auto file = disk.open(second_segment, env::OpenMode::read_write).value();
        const Bytes bad = Bytes::copy_of("bad");
        ASSERT_TRUE(file->write_at(200, std::span(&bad, 1)).has_value());
    }
    reopen_after_kill();
    EXPECT_EQ(log->log_end_offset(), Offset(4));
    EXPECT_EQ(log->segment_count(), 2U);
    ASSERT_TRUE(append({"next"}).has_value());
    EXPECT_EQ(records().at(4), "next");
}

TEST_F(RecoveryTest, waits_for_no_write_of_the_device_and_what_follows_makes_the_repair_durable) {
    config.segment_bytes = 1000;
    fill(20);
    ASSERT_TRUE(disk.rename(path(0, FileKind::time_index), path(0, FileKind::time_index, FileStage::deleted)));
    {
        auto file = disk.open(path(4, FileKind::records), env::OpenMode::read_write).value();
        const Bytes bad = Bytes::copy_of("bad");
        ASSERT_TRUE(file->write_at(200, std::span(&bad, 1)).has_value());
    }
    const uint64_t before = disk.blocking_syncs();
    reopen_after_kill();
    EXPECT_EQ(log->log_end_offset(), Offset(4));
    ASSERT_TRUE(append({"next"}).has_value());
    checkpoint();
    EXPECT_EQ(disk.blocking_syncs(), before + 2) << "those of the fixture";
    disk.lose_power();
    reopen_after_kill();
    EXPECT_EQ(log->segment_count(), 2U) << "what was removed must not come back";
    EXPECT_EQ(records().at(4), "next");
}

TEST_F(RecoveryTest, a_marker_that_lies_is_not_believed) {
    fill(20);
    ASSERT_TRUE(log->close().has_value());
    log.reset();
    {
        auto file = disk.open(path(0, FileKind::records), env::OpenMode::read_write).value();
        ASSERT_TRUE(file->truncate(file->size() - 5).has_value());
    }
    is_clean = true;
    start();
    ASSERT_TRUE(open().has_value());
    EXPECT_EQ(log->log_end_offset(), Offset(38));
}

TEST_F(RecoveryTest, epochs_are_rebuilt_when_their_file_is_old_or_damaged) {
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(append({std::string(300, 'x')}, LeaderEpoch(i / 20)).has_value());
    const std::string expected = "0\n3\n0 0\n1 20\n2 40\n";
    reopen_cleanly();
    EXPECT_EQ(log->epochs().to_text(), expected);
    for (const char* text : {"0\n1\n0 0\n", "garbage", ""}) {
        for (const bool clean : {true, false}) {
            log.reset();
            ASSERT_TRUE(env::replace_file(disk, "/data/orders-3/leader-epoch-checkpoint", text).has_value());
            is_clean = clean;
            recovery_point = Offset(60);
            start();
            ASSERT_TRUE(open().has_value());
            EXPECT_EQ(log->epochs().to_text(), expected) << text;
        }
    }
}

TEST_F(RecoveryTest, a_log_that_starts_beyond_its_end_is_emptied) {
    fill(3);
    log_start = Offset(100);
    reopen_after_kill();
    EXPECT_EQ(log->log_start_offset(), Offset(100));
    EXPECT_EQ(log->log_end_offset(), Offset(100));
    ASSERT_TRUE(append({"a"}).has_value());
    EXPECT_EQ(records(), (Map{{100, "a"}}));
}

TEST_F(RecoveryTest, finishes_an_interrupted_replacement_of_segments) {
    config.segment_bytes = 1000;
    fill(20);
    const Map before = records();
    log.reset();
    // The segments at 4 and 8 are replaced by one: its records are those of the first.
    for (const FileKind kind : {FileKind::records, FileKind::offset_index, FileKind::time_index})
        copy(path(4, kind), path(4, kind, FileStage::swap));
    ASSERT_TRUE(disk.remove(path(4, FileKind::records)).has_value());
    reopen_after_kill();
    EXPECT_EQ(records(), before);
    for (const std::string& name : files()) EXPECT_EQ(name.find("swap"), std::string::npos);
}

TEST_F(RecoveryTest, undoes_a_replacement_that_was_not_complete) {
    config.segment_bytes = 1000;
    fill(20);
    const Map before = records();
    log.reset();
    copy(path(4, FileKind::records), path(4, FileKind::records, FileStage::cleaned));
    copy(path(4, FileKind::records), path(8, FileKind::records, FileStage::swap));
    copy(path(4, FileKind::records), path(0, FileKind::records, FileStage::deleted));
    reopen_after_kill();
    EXPECT_EQ(records(), before);
    for (const std::string& name : files()) {
        const auto parsed = parse_log_file_name(name);
        EXPECT_TRUE(!parsed.has_value() || parsed->stage == FileStage::current) << name;
    }
}

TEST_F(RecoveryTest, an_index_without_records_is_removed) {
    fill(3);
    copy(path(0, FileKind::offset_index), path(777, FileKind::offset_index));
    reopen_after_kill();
    EXPECT_EQ(disk.open(path(777, FileKind::offset_index), env::OpenMode::read_only).error(),
              env::DiskError::not_found);
}

TEST_F(RecoveryTest, an_unreadable_directory_is_an_outcome) {
    fill(3);
    log.reset();
    disk.fail_below("/data/orders-3");
    EXPECT_EQ(open().error(), ErrorCode::kafka_storage_error);
    EXPECT_TRUE(directory->has_failed());
}

TEST_F(RecoveryTest, an_empty_partition_metadata_file_is_tolerated) {
    fill(1);
    ASSERT_TRUE(env::replace_file(disk, "/data/orders-3/partition.metadata", "").has_value());
    reopen_after_kill();
    EXPECT_EQ(log->topic_id(), topic_id);
}

TEST_F(RecoveryTest, scan_of_headers_passes_over_bodies) {
    fill(3);
    auto file = disk.open(path(0, FileKind::records), env::OpenMode::read_only).value();
    BatchScan headers(*file, 0, file->size(), BatchScan::Depth::headers);
    BatchScan whole(*file, 0, file->size(), BatchScan::Depth::whole);
    for (int i = 0; i < 3; ++i) {
        const auto header = headers.next().value();
        EXPECT_TRUE(header->bytes.empty());
        EXPECT_EQ(whole.next().value()->bytes.size(), header->header.size_bytes());
    }
    EXPECT_FALSE(headers.next().value().has_value());
    BatchScan torn(*file, 0, file->size() - 1, BatchScan::Depth::headers);
    EXPECT_TRUE(torn.next().has_value() && torn.next().has_value());
    EXPECT_EQ(torn.next().error(), BatchScan::Fault::damaged);
}

TEST_F(RecoveryTest, transaction_index_keeps_whole_entries_only) {
    const std::string file = "/data/t.txnindex";
    const AbortedEntry first{ProducerId(1), Offset(0), Offset(5), Offset(6)};
    const AbortedEntry second{ProducerId(2), Offset(3), Offset(9), Offset(10)};
    ASSERT_TRUE(append_transaction_index(disk, file, first).has_value());
    ASSERT_TRUE(append_transaction_index(disk, file, second).has_value());
    EXPECT_EQ(read_transaction_index(disk, file).value(), (std::vector{first, second}));
    ASSERT_TRUE(truncate_transaction_index(disk, file, Offset(9)).has_value());
    EXPECT_EQ(read_transaction_index(disk, file).value(), std::vector{first});
    const Bytes torn = Bytes::copy_of("torn");
    ASSERT_TRUE(disk.open(file, env::OpenMode::read_write).value()->write_at(34, std::span(&torn, 1)).has_value());
    ASSERT_TRUE(append_transaction_index(disk, file, second).has_value());
    EXPECT_EQ(read_transaction_index(disk, file).value(), (std::vector{first, second}));
    EXPECT_TRUE(read_transaction_index(disk, "/data/none").value().empty());
}

TEST(FileNames, say_offset_kind_and_stage) {
    EXPECT_EQ(log_file_name(Offset(1204), FileKind::records), "00000000000000001204.log");
    EXPECT_EQ(log_file_name(Offset(0), FileKind::time_index, FileStage::deleted),
              "00000000000000000000.timeindex.deleted");
    for (const FileKind kind : {FileKind::records, FileKind::offset_index, FileKind::time_index,
                                FileKind::transaction_index, FileKind::producer_snapshot})
        for (const FileStage stage : {FileStage::current, FileStage::deleted, FileStage::cleaned, FileStage::swap}) {
            const auto parsed = parse_log_file_name(log_file_name(Offset(77), kind, stage));
            ASSERT_TRUE(parsed.has_value());
            EXPECT_TRUE(parsed->offset == Offset(77) && parsed->kind == kind && parsed->stage == stage);
        }
    for (const char* name :
         {"partition.metadata", "leader-epoch-checkpoint", "00000000000000000000-0000000001.checkpoint", "0.log",
          "00000000000000000000.logx", "-0000000000000000001.log", "09223372036854775806.log"})
        EXPECT_FALSE(parse_log_file_name(name).has_value()) << name;
}

}  // namespace
}  // namespace milena::storage
