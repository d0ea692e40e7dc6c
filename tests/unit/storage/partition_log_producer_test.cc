#include "base/big_endian.h"
#include "unit/storage/log_fixture.h"

namespace milena::storage {
namespace {

class LogProducers : public LogFixture {
  public:
    Result<Appended> produce(int32_t sequence, int64_t id = 7, int16_t epoch = 0, bool is_transactional = false) {
        const wire::BatchOptions options{.producer_id = ProducerId(id),
                                         .producer_epoch = epoch,
                                         .base_sequence = sequence,
                                         .is_transactional = is_transactional};
        return append(batch_of({"a", "b"}, options, world.clock.wall()));
    }
    Result<Appended> end_transaction(int64_t id, bool is_commit, int32_t coordinator_epoch = 0) {
        std::array<std::byte, 4> key{};
        std::array<std::byte, 6> value{};
        key[3] = is_commit ? std::byte{1} : std::byte{0};
        store_big_endian(value.data() + 2, coordinator_epoch);
        wire::RecordBatchBuilder builder(
            {.producer_id = ProducerId(id), .producer_epoch = 0, .is_transactional = true, .is_control = true});
        builder.add({.timestamp = world.clock.wall(), .key = key, .value = value, .headers = {}});
        return log->append_as_leader(
            {.batch = Bytes::from(builder.build()), .epoch = LeaderEpoch(0), .origin = AppendOrigin::coordinator});
    }
};

TEST_F(LogProducers, repetition_is_answered_with_the_first_offsets) {
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(produce(2 * i).has_value());
    for (int i = 0; i < 5; ++i) {
        const auto again = produce(2 * i);
        ASSERT_TRUE(again.has_value());
        EXPECT_TRUE(again->is_duplicate);
        EXPECT_EQ(again->first_offset, Offset(2 * i));
        EXPECT_EQ(again->last_offset, Offset(2 * i + 1));
    }
    EXPECT_EQ(log->log_end_offset(), Offset(10));
    EXPECT_EQ(produce(4, 7, 0)->is_duplicate, true);
    EXPECT_EQ(produce(12).error(), ErrorCode::out_of_order_sequence_number);
}

// Else its client would begin a new epoch, and append once more what is in the log and not acknowledged yet.
TEST_F(LogProducers, what_comes_behind_a_batch_that_a_full_disk_refused_is_refused_for_that_and_not_for_its_order) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(produce(0).has_value());
    disk.limit_capacity(disk.used_bytes() + 10);
    EXPECT_EQ(produce(2).error(), ErrorCode::kafka_storage_error);
    disk.heal();
    EXPECT_EQ(produce(4).error(), ErrorCode::kafka_storage_error);
    ASSERT_TRUE(produce(0, 8).has_value());  // another one's
    EXPECT_EQ(produce(4).error(), ErrorCode::kafka_storage_error);
    EXPECT_TRUE(produce(0)->is_duplicate);
    EXPECT_FALSE(produce(2)->is_duplicate);
    EXPECT_FALSE(produce(4)->is_duplicate);
    EXPECT_EQ(produce(8).error(), ErrorCode::out_of_order_sequence_number);
}

TEST_F(LogProducers, are_remembered_over_a_clean_shutdown) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(produce(0).has_value());
    ASSERT_TRUE(produce(2).has_value());
    reopen_cleanly();
    EXPECT_TRUE(produce(2)->is_duplicate);
    EXPECT_EQ(produce(6).error(), ErrorCode::out_of_order_sequence_number);
    EXPECT_FALSE(produce(4)->is_duplicate);
}

TEST_F(LogProducers, all_that_may_be_in_flight_are_remembered_over_a_clean_shutdown) {
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 7; ++i) ASSERT_TRUE(produce(2 * i).has_value());
    reopen_cleanly();
    for (int i = 2; i < 7; ++i) {
        const auto again = produce(2 * i);
        ASSERT_TRUE(again.has_value()) << i;
        EXPECT_TRUE(again->is_duplicate);
        EXPECT_EQ(again->first_offset, Offset(2 * i));
    }
}

TEST_F(LogProducers, are_remembered_over_a_kill) {
    config.segment_bytes = 400;
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(produce(2 * i).has_value());
    checkpoint();
    for (int i = 4; i < 9; ++i) ASSERT_TRUE(produce(2 * i).has_value());
    reopen_after_kill();
    for (int i = 4; i < 9; ++i) EXPECT_TRUE(produce(2 * i)->is_duplicate) << i;
    EXPECT_EQ(log->log_end_offset(), Offset(18));
    EXPECT_FALSE(produce(18)->is_duplicate);
}

TEST_F(LogProducers, are_as_before_after_a_truncation) {
    config.segment_bytes = 400;
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 9; ++i) ASSERT_TRUE(produce(2 * i).has_value());
    ASSERT_TRUE(log->truncate_to(Offset(10)).has_value());
    EXPECT_EQ(produce(12).error(), ErrorCode::out_of_order_sequence_number);
    EXPECT_TRUE(produce(8)->is_duplicate);
    EXPECT_EQ(produce(10)->first_offset, Offset(10));
}

TEST_F(LogProducers, without_a_whole_snapshot_the_log_is_read) {
    config.segment_bytes = 400;
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 9; ++i) ASSERT_TRUE(produce(2 * i).has_value());
    ASSERT_TRUE(log->sync_now().has_value());
    ASSERT_TRUE(log->close().has_value());
    for (const std::string& name : files()) {
        if (name.ends_with(".snapshot")) {
            ASSERT_TRUE(disk.flip_bit(name));
        }
    }
    recovery_point = log->log_end_offset();
    is_clean = true;
    start();
    ASSERT_TRUE(open().has_value());
    EXPECT_TRUE(produce(16)->is_duplicate);
    EXPECT_EQ(produce(20).error(), ErrorCode::out_of_order_sequence_number);
}

TEST_F(LogProducers, idle_ones_are_forgotten) {
    config.producer_id_expiration_ms = std::chrono::hours(1);
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(produce(0).has_value());
    run(std::chrono::hours(2));
    log->expire_producers();
    EXPECT_TRUE(log->producers().empty());
    EXPECT_FALSE(produce(40)->is_duplicate);
}

TEST_F(LogProducers, an_open_transaction_holds_the_last_stable_offset) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({"plain"}).has_value());
    ASSERT_TRUE(produce(0, 7, 0, true).has_value());
    ASSERT_TRUE(produce(0, 8, 0, true).has_value());
    EXPECT_EQ(log->last_stable_offset(log->log_end_offset()), Offset(1));
    ASSERT_TRUE(end_transaction(7, false).has_value());
    EXPECT_EQ(log->last_stable_offset(log->log_end_offset()), Offset(3));
    ASSERT_TRUE(end_transaction(8, true).has_value());
    EXPECT_EQ(log->last_stable_offset(Offset(6)), Offset(3));
    EXPECT_EQ(log->last_stable_offset(Offset(7)), Offset(7));
    const auto aborted = log->aborted_transactions(Offset(0), log->log_end_offset());
    ASSERT_EQ(aborted->size(), 1U);
    EXPECT_EQ(aborted->at(0).producer_id, ProducerId(7));
    EXPECT_EQ(aborted->at(0).first_offset, Offset(1));
    EXPECT_TRUE(log->aborted_transactions(Offset(6), log->log_end_offset())->empty());
}

TEST_F(LogProducers, transactions_survive_a_kill) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(produce(0, 7, 0, true).has_value());
    ASSERT_TRUE(end_transaction(7, false).has_value());
    checkpoint();
    ASSERT_TRUE(produce(2, 7, 0, true).has_value());
    ASSERT_TRUE(end_transaction(7, false).has_value());
    ASSERT_TRUE(produce(4, 7, 0, true).has_value());
    reopen_after_kill();
    EXPECT_EQ(log->last_stable_offset(log->log_end_offset()), Offset(6));
    EXPECT_EQ(log->aborted_transactions(Offset(0), log->log_end_offset())->size(), 2U);
    EXPECT_EQ(end_transaction(7, true, -2).error(), ErrorCode::transaction_coordinator_fenced);
}

// A simulated disk drops what is not synced as its random numbers say, so one power cut proves nothing.
class AbortedTransactions : public LogProducers {
  public:
    void abort_after_checkpoint() {
        ASSERT_TRUE(open().has_value());
        ASSERT_TRUE(produce(0, 7, 0, true).has_value());
        checkpoint();
        ASSERT_TRUE(end_transaction(7, false).has_value());
    }
    void expect_aborted_after_power_cut() {
        log.reset();
        disk.lose_power();
        start();
        ASSERT_TRUE(open().has_value());
        EXPECT_EQ(log->aborted_transactions(Offset(0), log->log_end_offset())->size(), 1U);
        ASSERT_TRUE(log->remove().has_value());
        log.reset();
        recovery_point = Offset(0);
        is_clean = false;
    }
};

TEST_F(AbortedTransactions, survive_a_power_cut_after_the_next_checkpoint) {
    for (int life = 0; life < 20; ++life) {
        abort_after_checkpoint();
        checkpoint();
        expect_aborted_after_power_cut();
    }
}

TEST_F(AbortedTransactions, survive_a_power_cut_after_a_clean_close) {
    for (int life = 0; life < 20; ++life) {
        abort_after_checkpoint();
        ASSERT_TRUE(log->sync_now().has_value());
        ASSERT_TRUE(log->close().has_value());
        recovery_point = log->recovery_point();
        is_clean = true;
        expect_aborted_after_power_cut();
    }
}

TEST_F(AbortedTransactions, survive_a_power_cut_after_the_checkpoint_that_follows_a_crash) {
    for (int life = 0; life < 20; ++life) {
        abort_after_checkpoint();
        const Offset before = recovery_point;
        reopen_after_kill();  // reads the marker again
        checkpoint();
        EXPECT_GT(recovery_point, before);
        expect_aborted_after_power_cut();
    }
}

TEST_F(AbortedTransactions, that_were_cut_off_are_in_no_index) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(produce(0, 7, 0, true).has_value());
    ASSERT_TRUE(end_transaction(7, false).has_value());
    const Offset marker = log->log_end_offset() - 1;
    ASSERT_TRUE(log->truncate_to(marker).has_value());
    EXPECT_TRUE(log->aborted_transactions(Offset(0), log->log_end_offset())->empty());
    ASSERT_TRUE(end_transaction(7, true).has_value());
    EXPECT_TRUE(log->aborted_transactions(Offset(0), log->log_end_offset())->empty());
}

}  // namespace
}  // namespace milena::storage
