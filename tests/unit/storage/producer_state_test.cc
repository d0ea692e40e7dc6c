#include "storage/producer_state.h"

#include <gtest/gtest.h>

#include "base/big_endian.h"

namespace milena::storage {
namespace {

wire::BatchHeader batch(int64_t id, int16_t epoch, int32_t sequence, int64_t offset, int32_t count = 1,
                        bool is_transactional = false) {
    wire::BatchHeader header;
    header.base_offset = Offset(offset);
    header.last_offset_delta = count - 1;
    header.records_count = count;
    header.producer_id = ProducerId(id);
    header.producer_epoch = epoch;
    header.base_sequence = sequence;
    header.max_timestamp = Timestamp(1000 + offset);
    if (is_transactional) header.attributes = wire::batch_attribute::transactional;
    return header;
}

ErrorCode error_of(const ProducerState& state, const wire::BatchHeader& header,
                   AppendOrigin origin = AppendOrigin::client) {
    const auto outcome = state.decide(header, origin);
    return outcome.has_value() ? ErrorCode::none : outcome.error();
}

TEST(ProducerState, accepts_any_sequence_of_an_unknown_producer) {
    const ProducerState state;
    EXPECT_EQ(error_of(state, batch(1, 3, 17, 0)), ErrorCode::none);
}

TEST(ProducerState, wants_sequences_without_gaps) {
    ProducerState state;
    state.apply(batch(1, 0, 0, 0, 5));
    EXPECT_EQ(error_of(state, batch(1, 0, 5, 5)), ErrorCode::none);
    EXPECT_EQ(error_of(state, batch(1, 0, 6, 5)), ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(error_of(state, batch(1, 0, 3, 5)), ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(error_of(state, batch(1, 0, -1, 5), AppendOrigin::coordinator), ErrorCode::none);
    EXPECT_EQ(error_of(state, batch(1, 0, 99, 5), AppendOrigin::replication), ErrorCode::none);
}

TEST(ProducerState, sequences_wrap_to_zero) {
    ProducerState state;
    state.apply(batch(1, 0, INT32_MAX - 1, 0, 2));
    EXPECT_EQ(error_of(state, batch(1, 0, 0, 2)), ErrorCode::none);
    state.apply(batch(1, 0, INT32_MAX, 2, 3));
    EXPECT_EQ(state.find(ProducerId(1))->last_sequence(), 1);
    EXPECT_EQ(state.find(ProducerId(1))->last_batch()->first_sequence(), INT32_MAX);
    EXPECT_TRUE(state.decide(batch(1, 0, INT32_MAX, 9, 3), AppendOrigin::client)->has_value());
    EXPECT_EQ(error_of(state, batch(1, 0, 2, 5)), ErrorCode::none);
}

TEST(ProducerState, a_new_epoch_begins_at_zero_and_fences_the_old_one) {
    ProducerState state;
    state.apply(batch(1, 1, 0, 0, 5));
    EXPECT_EQ(error_of(state, batch(1, 2, 5, 5)), ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(error_of(state, batch(1, 2, 0, 5)), ErrorCode::none);
    EXPECT_EQ(error_of(state, batch(1, 0, 0, 5)), ErrorCode::invalid_producer_epoch);
    EXPECT_EQ(error_of(state, batch(1, 0, 0, 5), AppendOrigin::coordinator), ErrorCode::invalid_producer_epoch);
    state.apply(batch(1, 2, 0, 5));
    EXPECT_EQ(state.find(ProducerId(1))->batch_count, 1);
}

TEST(ProducerState, knows_the_last_five_batches) {
    ProducerState state;
    for (int i = 0; i < 6; ++i) state.apply(batch(1, 0, 2 * i, 2 * i, 2));
    for (int i = 1; i < 6; ++i) {
        const auto duplicate = state.decide(batch(1, 0, 2 * i, 100, 2), AppendOrigin::client);
        ASSERT_TRUE(duplicate.has_value() && duplicate->has_value());
        EXPECT_EQ((*duplicate)->first_offset(), Offset(2 * i));
        EXPECT_EQ((*duplicate)->timestamp, Timestamp(1000 + 2 * i));
    }
    EXPECT_EQ(error_of(state, batch(1, 0, 0, 100, 2)), ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(error_of(state, batch(1, 0, 10, 100, 1)), ErrorCode::out_of_order_sequence_number);
}

TEST(ProducerState, refuses_plain_records_inside_of_a_transaction) {
    ProducerState state;
    state.apply(batch(1, 0, 0, 0, 1, true));
    EXPECT_EQ(error_of(state, batch(1, 0, 1, 1)), ErrorCode::invalid_txn_state);
}

TEST(ProducerState, the_first_open_transaction_bounds_what_is_stable) {
    ProducerState state;
    state.apply(batch(1, 0, 0, 10, 1, true));
    state.apply(batch(2, 0, 0, 20, 1, true));
    const auto ended =
        state.apply(batch(1, 0, -1, 30), EndTransactionMarker{.is_commit = true, .coordinator_epoch = 4});
    ASSERT_TRUE(ended.has_value());
    EXPECT_EQ(ended->first_offset, Offset(10));
    EXPECT_EQ(ended->last_offset, Offset(30));
    EXPECT_EQ(state.last_stable_offset(*ended), Offset(20));
    EXPECT_EQ(state.first_unstable_offset(Offset(30)), Offset(10));
    EXPECT_EQ(state.first_unstable_offset(Offset(31)), Offset(20));
    state.high_watermark_moved(Offset(31));
    EXPECT_EQ(state.first_unstable_offset(Offset(0)), Offset(20));
    EXPECT_FALSE(state.apply(batch(1, 0, -1, 40), EndTransactionMarker{}).has_value());
}

TEST(ProducerState, an_older_coordinator_is_fenced) {
    ProducerState state;
    state.apply(batch(1, 0, -1, 0), EndTransactionMarker{.is_commit = true, .coordinator_epoch = 4});
    const EndTransactionMarker older{.is_commit = true, .coordinator_epoch = 3};
    EXPECT_EQ(state.decide(batch(1, 0, -1, 1), older, AppendOrigin::coordinator).error(),
              ErrorCode::transaction_coordinator_fenced);
    EXPECT_TRUE(state.decide(batch(1, 0, -1, 1), older, AppendOrigin::replication).has_value());
}

TEST(ProducerState, forgets_the_idle_but_not_those_in_a_transaction) {
    ProducerState state;
    state.apply(batch(1, 0, 0, 0));
    state.apply(batch(2, 0, 0, 5, 1, true));
    state.apply(batch(3, 0, 0, 10));
    state.expire(Timestamp(1009));
    EXPECT_EQ(state.find(ProducerId(1)), nullptr);
    EXPECT_NE(state.find(ProducerId(2)), nullptr);
    EXPECT_NE(state.find(ProducerId(3)), nullptr);
}

TEST(ProducerState, snapshot_holds_what_the_next_batch_needs) {
    ProducerState state;
    for (int i = 0; i < 3; ++i) state.apply(batch(1, 2, 2 * i, 2 * i, 2));
    state.apply(batch(9, 0, 0, 6, 1, true));
    const Bytes snapshot = state.to_snapshot();
    EXPECT_EQ(snapshot.size(), 10U + 4 * 46);
    const auto read = ProducerState::parse_snapshot(snapshot.span());
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->to_snapshot(), snapshot);
    for (int i = 0; i < 3; ++i) {
        const auto repeated = read->decide(batch(1, 2, 2 * i, 9, 2), AppendOrigin::client);
        ASSERT_TRUE(repeated.has_value() && repeated->has_value()) << i;
        EXPECT_EQ((*repeated)->first_offset(), Offset(2 * i));
        EXPECT_EQ((*repeated)->timestamp, Timestamp(1000 + 2 * i));
    }
    EXPECT_EQ(error_of(*read, batch(1, 2, 6, 9)), ErrorCode::none);
    EXPECT_EQ(read->first_unstable_offset(Offset(100)), Offset(6));
}

TEST(ProducerState, snapshot_says_of_a_producer_last_what_kafka_would_say_alone) {
    ProducerState state;
    state.apply(batch(1, 2, 0, 0, 2));
    state.apply(batch(1, 2, 2, 5, 3, true));
    const Bytes snapshot = state.to_snapshot();
    const std::byte* last = snapshot.data() + snapshot.size() - 46;
    EXPECT_EQ(load_big_endian<int64_t>(last), 1);          // producer id
    EXPECT_EQ(load_big_endian<int16_t>(last + 8), 2);      // epoch
    EXPECT_EQ(load_big_endian<int32_t>(last + 10), 4);     // last sequence
    EXPECT_EQ(load_big_endian<int64_t>(last + 14), 7);     // last offset
    EXPECT_EQ(load_big_endian<int32_t>(last + 22), 2);     // offset delta
    EXPECT_EQ(load_big_endian<int64_t>(last + 26), 1005);  // timestamp
    EXPECT_EQ(load_big_endian<int64_t>(last + 38), 5);     // first offset of the transaction
    EXPECT_EQ(load_big_endian<int64_t>(last - 46 + 38), -1);
}

TEST(ProducerState, snapshot_forgets_the_batches_of_an_older_epoch) {
    ProducerState state;
    state.apply(batch(1, 2, 0, 0, 2));
    state.apply(batch(1, 3, -1, 2), EndTransactionMarker{.is_commit = false, .coordinator_epoch = 1});
    const auto read = ProducerState::parse_snapshot(state.to_snapshot().span());
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->find(ProducerId(1))->batch_count, 0);
    EXPECT_EQ(read->find(ProducerId(1))->epoch, 3);
}

TEST(ProducerState, a_snapshot_with_a_flipped_bit_is_refused) {
    ProducerState state;
    state.apply(batch(1, 2, 0, 0, 2));
    const Bytes snapshot = state.to_snapshot();
    for (size_t bit = 0; bit < snapshot.size() * 8; ++bit) {
        std::vector<std::byte> damaged(snapshot.span().begin(), snapshot.span().end());
        damaged[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        EXPECT_FALSE(ProducerState::parse_snapshot(damaged).has_value()) << bit;
    }
    for (size_t size = 0; size < snapshot.size(); ++size)
        EXPECT_FALSE(ProducerState::parse_snapshot(snapshot.span().first(size)).has_value()) << size;
}

}  // namespace
}  // namespace milena::storage
