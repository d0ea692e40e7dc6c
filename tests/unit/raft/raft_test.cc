#include "unit/raft/raft_fixture.h"

namespace milena::raft {
namespace {

using RaftTest = RaftFixture;
using Values = std::vector<std::string>;

TEST_F(RaftTest, empty_directory_is_led_in_epoch_one) {
    ASSERT_EQ(open(), "");
    EXPECT_EQ(journal->epoch_led, LeaderEpoch(1));
    EXPECT_EQ(raft->leader(), NodeId(1));
    EXPECT_EQ(raft->high_watermark(), Offset(1));
    EXPECT_EQ(raft->next_offset(), Offset(1));
    EXPECT_TRUE(journal->values.empty());
}

TEST_F(RaftTest, proposals_are_applied_in_order_when_they_are_durable) {
    ASSERT_EQ(open(), "");
    EXPECT_EQ(*propose({"a", "b"}), Offset(1));
    EXPECT_EQ(*propose({"c"}), Offset(3));
    EXPECT_TRUE(journal->values.empty());
    run();
    EXPECT_EQ(journal->values, (Values{"a", "b", "c"}));
    EXPECT_EQ(journal->batches[0].base_offset, Offset(1));
    EXPECT_EQ(journal->batches[0].last_offset, Offset(2));
    EXPECT_EQ(journal->batches[1].epoch, LeaderEpoch(1));
    EXPECT_EQ(raft->high_watermark(), Offset(4));
}

TEST_F(RaftTest, every_restart_begins_an_epoch_and_replays) {
    ASSERT_EQ(open(), "");
    commit({"a"});
    reopen_after_kill();
    EXPECT_EQ(journal->epoch_led, LeaderEpoch(2));
    EXPECT_EQ(journal->values, (Values{"a"}));
    commit({"b"});
    reopen_after_power_loss();
    EXPECT_EQ(journal->epoch_led, LeaderEpoch(3));
    EXPECT_EQ(journal->values, (Values{"a", "b"}));
}

TEST_F(RaftTest, clean_shutdown_keeps_everything) {
    ASSERT_EQ(open(), "");
    ASSERT_TRUE(propose({"a"}).has_value());
    ASSERT_TRUE(raft->close().has_value());
    EXPECT_FALSE(propose({"b"}).has_value());
    reopen_after_power_loss();
    EXPECT_EQ(journal->values, (Values{"a"}));
}

TEST_F(RaftTest, what_was_applied_survives_power_loss_at_any_write) {
    for (uint64_t nth = 1; nth < 40; ++nth) {
        disk.crash_at_write(nth);
        if (open() == "") {
            for (int i = 0; i < 8 && !disk.has_crashed(); ++i) {
                (void)propose({std::to_string(nth) + "-" + std::to_string(i)});
                run();
            }
        }
        const Values applied = journal->values;
        const LeaderEpoch epoch = journal->epoch_led;
        raft.reset();
        disk.lose_power();
        ASSERT_EQ(open(), "") << nth;
        ASSERT_GE(journal->values.size(), applied.size()) << nth;
        ASSERT_TRUE(std::equal(applied.begin(), applied.end(), journal->values.begin())) << nth;
        ASSERT_GT(journal->epoch_led, epoch);
        raft.reset();
        disk.restart();
    }
}

TEST_F(RaftTest, nothing_is_proposed_before_leadership) {
    auto opened = Raft::open({disk, world.clock, world.random}, options);
    ASSERT_TRUE(opened.has_value());
    raft = std::move(opened).value();
    EXPECT_EQ(propose({"a"}).error(), ErrorCode::not_leader_or_follower);
}

TEST_F(RaftTest, batch_that_is_too_large_is_refused) {
    ASSERT_EQ(open(), "");
    EXPECT_EQ(propose({std::string(Raft::batch_bytes_max, 'x')}).error(), ErrorCode::record_list_too_large);
    commit({"a"});
    EXPECT_EQ(journal->values, (Values{"a"}));
}

TEST_F(RaftTest, full_disk_refuses_and_goes_on_when_there_is_space) {
    ASSERT_EQ(open(), "");
    disk.limit_capacity(disk.used_bytes() + 50);
    EXPECT_EQ(propose({std::string(1000, 'x')}).error(), ErrorCode::kafka_storage_error);
    disk.heal();
    commit({"a"});
    EXPECT_EQ(journal->values, (Values{"a"}));
    EXPECT_EQ(journal->failure, "");
    reopen_after_power_loss();
    EXPECT_EQ(journal->values, (Values{"a"}));
}

TEST_F(RaftTest, disk_that_is_full_at_the_start_is_waited_for) {
    ASSERT_EQ(open(), "");
    commit({"a"});
    LeaderEpoch epoch = journal->epoch_led;
    // Some room is enough for the vote and not for the record that begins the leadership.
    for (uint64_t room = 0; room < 400; room += 10) {
        raft.reset();
        disk.restart();
        disk.limit_capacity(disk.used_bytes() + room);
        ASSERT_EQ(open(), "") << room;
        for (int i = 0; i < 5; ++i) tick();
        ASSERT_EQ(journal->failure, "") << room;
        if (room == 0) ASSERT_FALSE(journal->is_leading);
        disk.heal();
        for (int i = 0; i < 5; ++i) tick();
        ASSERT_TRUE(journal->is_leading) << room;
        ASSERT_GT(journal->epoch_led, epoch) << room;
        ASSERT_EQ(journal->values, (Values{"a"})) << room;
        epoch = journal->epoch_led;
    }
}

TEST_F(RaftTest, reserve_is_there_when_the_disk_is_full_and_replenished_afterwards) {
    options.reserve_bytes = 4096;
    ASSERT_EQ(open(), "");
    ASSERT_EQ(files("reserve").size(), 1U);
    disk.limit_capacity(disk.used_bytes());
    commit({std::string(1000, 'x')});
    EXPECT_TRUE(files("reserve").empty());
    tick();
    EXPECT_TRUE(files("reserve").empty());
    disk.heal();
    tick();
    EXPECT_EQ(files("reserve").size(), 1U);

    disk.limit_capacity(disk.used_bytes());
    reopen_after_kill();
    tick();
    EXPECT_TRUE(journal->is_leading);
    commit({"y"});
}

TEST_F(RaftTest, failed_sync_is_the_end) {
    ASSERT_EQ(open(), "");
    disk.fail_syncs(true);
    ASSERT_TRUE(propose({"a"}).has_value());
    run();
    EXPECT_NE(journal->failure, "");
    EXPECT_TRUE(journal->values.empty());
    EXPECT_EQ(propose({"b"}).error(), ErrorCode::not_leader_or_follower);
}

TEST_F(RaftTest, records_that_are_not_understood_are_the_end) {
    ASSERT_EQ(open(), "");
    commit({"a"});
    raft.reset();
    disk.restart();
    journal = std::make_unique<Journal>();
    journal->refuses = true;
    raft = std::move(Raft::open({disk, world.clock, world.random}, options)).value();
    raft->start(*journal);
    run();
    EXPECT_NE(journal->failure.find("nonsense"), std::string::npos);
    EXPECT_EQ(journal->epoch_led, no_leader_epoch);
}

TEST_F(RaftTest, flipped_bit_in_what_was_durable_is_not_taken_for_the_end) {
    ASSERT_EQ(open(), "");
    for (int i = 0; i < 20; ++i) commit({std::string(100, 'a')});
    ASSERT_TRUE(raft->close().has_value());
    raft.reset();
    disk.restart();
    ASSERT_TRUE(disk.flip_bit(".log"));
    EXPECT_NE(open(), "");
}

TEST_F(RaftTest, recovery_point_that_was_written_in_part_names_nothing_that_never_was_durable) {
    ASSERT_EQ(open(), "");
    const std::string path = metadata_directory + "/recovery-point";
    const auto closed_at = [&](int64_t end) {
        commit(std::vector<std::string>(static_cast<size_t>(Offset(end) - raft->high_watermark()), "a"));
        EXPECT_EQ(raft->high_watermark(), Offset(end));
        EXPECT_TRUE(raft->close().has_value());
        const auto text = env::read_file(disk, path, 1 << 10);
        EXPECT_TRUE(text.has_value());
        reopen_after_kill();
        return std::string(text.value_or(Bytes()).view());
    };
    const std::string before = closed_at(199);
    const std::string after = closed_at(900);  // of both together could come 999
    for (size_t written = 0; written <= after.size(); ++written) {
        const std::string torn = after.substr(0, written) + before.substr(std::min(before.size(), written));
        raft.reset();
        disk.restart();
        ASSERT_TRUE(env::replace_file(disk, path, torn).has_value());
        EXPECT_EQ(open(), "") << torn;
    }
}

TEST_F(RaftTest, damaged_vote_is_refused) {
    ASSERT_EQ(open(), "");
    raft.reset();
    disk.restart();
    ASSERT_TRUE(env::replace_file(disk, metadata_directory + "/quorum-state", "{").has_value());
    EXPECT_NE(open().find("quorum-state"), std::string::npos);
}

TEST_F(RaftTest, epoch_of_the_log_counts_where_the_vote_is_lost) {
    ASSERT_EQ(open(), "");
    reopen_after_kill();
    raft.reset();
    disk.restart();
    ASSERT_TRUE(disk.remove(metadata_directory + "/quorum-state").has_value());
    ASSERT_EQ(open(), "");
    EXPECT_EQ(journal->epoch_led, LeaderEpoch(3));
}

TEST_F(RaftTest, foreign_voters_are_refused) {
    options.voters = {{.id = NodeId(2), .directory_id = {}, .endpoints = {}}};
    EXPECT_NE(open().find("not among the voters"), std::string::npos);
    options.voters.push_back({.id = NodeId(1), .directory_id = {}, .endpoints = {}});
    EXPECT_NE(open().find("2 voters, and there is no listener"), std::string::npos);
}

TEST_F(RaftTest, bootstrap_file_is_read) {
    ASSERT_EQ(open(), "");
    EXPECT_TRUE(raft->read_bootstrap()->empty());
    ASSERT_TRUE(env::replace_file(disk, "/data/bootstrap.checkpoint", "nonsense").has_value());
    EXPECT_FALSE(raft->read_bootstrap().has_value());
}

TEST_F(RaftTest, replay_is_in_order_over_many_reads_and_segments) {
    options.segment_bytes = 64 << 10;
    ASSERT_EQ(open(), "");
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(propose({std::string(20'000, 'x') + std::to_string(i)}).has_value());
    run();
    const Values before = journal->values;
    EXPECT_GT(files(".log").size(), 10U);
    reopen_after_kill();
    EXPECT_EQ(journal->values.size(), 200U);
    EXPECT_EQ(journal->values, before);
}

}  // namespace
}  // namespace milena::raft
