#include "raft/snapshot.h"

#include "unit/raft/raft_fixture.h"

namespace milena::raft {
namespace {

using SnapshotTest = RaftFixture;
using Values = std::vector<std::string>;

TEST(SnapshotName, is_kafkas) {
    const SnapshotId id{Offset(1204), LeaderEpoch(7)};
    EXPECT_EQ(snapshot_file_name(id), "00000000000000001204-0000000007.checkpoint");
    EXPECT_EQ(parse_snapshot_file_name(snapshot_file_name(id)), id);
    EXPECT_FALSE(parse_snapshot_file_name("00000000000000001204-0000000007.checkpoint.part").has_value());
    EXPECT_FALSE(parse_snapshot_file_name("0000000000000000120x-0000000007.checkpoint").has_value());
    EXPECT_FALSE(parse_snapshot_file_name("00000000000000001204.log").has_value());
    EXPECT_FALSE(parse_snapshot_file_name("").has_value());
}

TEST_F(SnapshotTest, holds_what_was_written) {
    const SnapshotHeader header{
        .last_timestamp = Timestamp(77),
        .kraft_version = 1,
        .voters = VoterSet({{.id = NodeId(1), .directory_id = Uuid{5, 500}, .endpoints = {{"C", "h", 1}}}})};
    const SnapshotId id{Offset(9), LeaderEpoch(2)};
    std::shared_ptr<SnapshotWriter> writer = SnapshotWriter::create(disk, "/data", id, header).value();
    for (int i = 0; i < 30; ++i) writer->add(Bytes::copy_of(std::string(100'000, static_cast<char>('a' + i % 26))));
    bool is_done = false;
    SnapshotWriter::finish(writer, [&](env::DiskResult<void> outcome) { is_done = outcome.has_value(); });
    run();
    ASSERT_TRUE(is_done);
    const std::string path = "/data/" + snapshot_file_name(id);
    const auto snapshot = read_snapshot(disk, path);
    ASSERT_TRUE(snapshot.has_value());
    EXPECT_EQ(snapshot->header, header);
    ASSERT_EQ(snapshot->values.size(), 30U);
    EXPECT_EQ(snapshot->values[29].view(), std::string(100'000, 'd'));
    EXPECT_EQ(read_snapshot_header(disk, path)->last_timestamp, Timestamp(77));
}

TEST_F(SnapshotTest, every_prefix_and_every_flipped_bit_is_refused) {
    const SnapshotId id{Offset(9), LeaderEpoch(2)};
    std::shared_ptr<SnapshotWriter> writer = SnapshotWriter::create(disk, "/data", id, {}).value();
    writer->add(Bytes::copy_of("value"));
    SnapshotWriter::finish(writer, [](env::DiskResult<void>) {});
    run();
    const auto whole = env::read_file(disk, "/data/" + snapshot_file_name(id), 1 << 20);
    ASSERT_TRUE(whole.has_value());
    for (size_t i = 0; i < whole->size(); ++i) {
        ASSERT_TRUE(env::replace_file(disk, "/data/x", whole->view().substr(0, i)).has_value());
        EXPECT_FALSE(read_snapshot(disk, "/data/x").has_value()) << i;
    }
    for (size_t i = 0; i < 50; ++i) {
        ASSERT_TRUE(env::replace_file(disk, "/data/flipped", whole->view()).has_value());
        ASSERT_TRUE(disk.flip_bit("/flipped"));
        const auto read = read_snapshot(disk, "/data/flipped");
        // Offset and epoch of a batch are not under its checksum, and mean nothing here.
        EXPECT_EQ(read ? read->values.front().view() : "value", "value");
    }
}

TEST_F(SnapshotTest, is_taken_when_enough_was_written_and_loaded_at_the_start) {
    options.snapshot_bytes_max = 100;
    ASSERT_EQ(open(), "");
    commit({"a"});
    tick();
    EXPECT_TRUE(files(".checkpoint").empty());
    commit({std::string(200, 'b')});
    tick();
    EXPECT_EQ(files(".checkpoint"), Values{"00000000000000000003-0000000001.checkpoint"});
    commit({"c"});
    const Values before = journal->values;
    reopen_after_power_loss();
    EXPECT_EQ(journal->loaded_id.end_offset, Offset(3));
    EXPECT_EQ(journal->values, before);
    EXPECT_EQ(journal->batches.size(), 1U);
}

TEST_F(SnapshotTest, is_taken_after_some_time_if_anything_has_happened) {
    options.snapshot_interval = std::chrono::minutes(1);
    ASSERT_EQ(open(), "");
    run(std::chrono::minutes(2));
    tick();
    EXPECT_TRUE(files(".checkpoint").empty());
    commit({"a"});
    tick();
    EXPECT_EQ(files(".checkpoint").size(), 1U);
    commit({"b"});
    tick();
    EXPECT_EQ(files(".checkpoint").size(), 1U);
}

TEST_F(SnapshotTest, shortens_the_log_and_removes_older_ones) {
    options.snapshot_bytes_max = 1;
    options.segment_bytes = 64 << 10;
    options.retention_bytes = 0;
    ASSERT_EQ(open(), "");
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 10; ++i) commit({std::string(20'000, 'x')});
        tick();
    }
    EXPECT_EQ(files(".checkpoint").size(), 1U);
    EXPECT_LE(files(".log").size(), 2U);
    EXPECT_GT(raft->log_start_offset(), Offset(40));
    const Values before = journal->values;
    reopen_after_power_loss();
    EXPECT_EQ(journal->values.size(), before.size());
    EXPECT_EQ(journal->values, before);
}

TEST_F(SnapshotTest, older_ones_are_kept_within_the_retention_and_the_log_reaches_back_to_them) {
    options.snapshot_bytes_max = 1;
    ASSERT_EQ(open(), "");
    for (int i = 0; i < 3; ++i) {
        commit({"a"});
        tick();
    }
    EXPECT_EQ(files(".checkpoint").size(), 3U);
    run(std::chrono::hours(24 * 8));
    commit({"b"});
    tick();
    EXPECT_EQ(files(".checkpoint").size(), 1U);
}

TEST_F(SnapshotTest, damaged_one_is_made_up_for_by_an_older_one_and_the_log) {
    options.snapshot_bytes_max = 1;
    ASSERT_EQ(open(), "");
    for (const char* value : {"a", "b", "c"}) {
        commit({value});
        tick();
    }
    const Values names = files(".checkpoint");
    ASSERT_EQ(names.size(), 3U);
    raft.reset();
    disk.restart();
    ASSERT_TRUE(env::replace_file(disk, metadata_directory + "/" + names[2], "nonsense").has_value());
    ASSERT_EQ(open(), "");
    EXPECT_EQ(journal->values, (Values{"a", "b", "c"}));
    EXPECT_EQ(journal->loaded_id.end_offset, Offset(3));
    EXPECT_EQ(files(".damaged").size(), 1U);
}

TEST_F(SnapshotTest, damaged_one_that_nothing_makes_up_for_is_refused) {
    options.snapshot_bytes_max = 1;
    options.segment_bytes = 64 << 10;
    options.retention_bytes = 0;
    ASSERT_EQ(open(), "");
    for (int i = 0; i < 10; ++i) commit({std::string(20'000, 'x')});
    tick();
    ASSERT_GT(raft->log_start_offset(), Offset(0));
    const Values names = files(".checkpoint");
    raft.reset();
    disk.restart();
    ASSERT_TRUE(env::replace_file(disk, metadata_directory + "/" + names.back(), "nonsense").has_value());
    EXPECT_NE(open(), "");
    EXPECT_EQ(files(".damaged").size(), 0U);
}

TEST_F(SnapshotTest, lost_log_goes_on_where_the_snapshot_ends) {
    options.snapshot_bytes_max = 1;
    ASSERT_EQ(open(), "");
    commit({"a"});
    tick();
    ASSERT_TRUE(raft->close().has_value());
    raft.reset();
    disk.restart();
    for (const std::string& name : files(".log")) ASSERT_TRUE(disk.remove(metadata_directory + "/" + name).has_value());
    ASSERT_EQ(open(), "");
    EXPECT_EQ(journal->values, Values{"a"});
    EXPECT_GT(journal->epoch_led, LeaderEpoch(1));
    commit({"b"});
    reopen_after_power_loss();
    EXPECT_EQ(journal->values, (Values{"a", "b"}));
}

TEST_F(SnapshotTest, half_written_one_is_removed) {
    ASSERT_EQ(open(), "");
    raft.reset();
    disk.restart();
    ASSERT_TRUE(env::replace_file(disk, metadata_directory + "/1.checkpoint.part", "x").has_value());
    ASSERT_EQ(open(), "");
    EXPECT_TRUE(files(".part").empty());
}

TEST_F(SnapshotTest, full_disk_is_no_reason_to_stop) {
    options.snapshot_bytes_max = 1;
    ASSERT_EQ(open(), "");
    commit({std::string(10'000, 'a')});
    disk.limit_capacity(disk.used_bytes() + 100);
    tick();
    EXPECT_TRUE(files(".checkpoint").empty());
    EXPECT_EQ(journal->failure, "");
    disk.heal();
    commit({"b"});
    tick();
    EXPECT_EQ(files(".checkpoint").size(), 1U);
    EXPECT_TRUE(files(".part").empty());
}

}  // namespace
}  // namespace milena::raft
