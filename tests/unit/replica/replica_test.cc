#include "replica/replica.h"

#include <gtest/gtest.h>

#include "unit/replica/replica_fixture.h"

namespace milena::replica {
namespace {

using std::chrono::seconds;

struct ReplicaTest : Fixture {
    settings::TopicConfig topic;
    settings::BrokerConfig broker;
    std::unique_ptr<Replica> replica;

    void open() {
        const auto policy = topic_policy(topic, broker);
        replica = std::make_unique<Replica>(PartitionKey{topic_id, PartitionIndex{0}}, open_log(policy->log), policy,
                                            context);
        replica->become_leader(leadership(3));
    }
    ProduceOutcome produce(int records, const wire::BatchOptions& options = {}) {
        return replica->produce(request(batch_of(records, options)), codecs);
    }
    ProduceRequest request(Bytes batch) {
        ProduceRequest produce;
        produce.owner_bytes = batch.size();
        produce.batch = std::move(batch);
        produce.now = world.clock.wall();
        return produce;
    }
    static wire::BatchOptions idempotent(int32_t base_sequence) {
        wire::BatchOptions options;
        options.producer_id = ProducerId{9};
        options.producer_epoch = 0;
        options.base_sequence = base_sequence;
        return options;
    }
    FetchOutcome fetch(FetchRequest request) {
        std::optional<FetchOutcome> outcome;
        request.bytes_max = 1 << 20;
        replica->fetch(request, [&](FetchOutcome got) { outcome = std::move(got); });
        run_for(seconds(1));
        return std::move(*outcome);
    }
    FetchOutcome fetch_from(int64_t offset) {
        FetchRequest request;
        request.from = Offset{offset};
        return fetch(request);
    }
};

struct FsyncReplicaTest : ReplicaTest {
    FsyncReplicaTest() { topic.flush_messages = 1; }
};

TEST_F(ReplicaTest, append_is_acknowledged_and_readable_at_once_when_the_page_cache_is_enough) {
    open();
    const ProduceOutcome outcome = produce(3);
    EXPECT_EQ(outcome.error, ErrorCode::none);
    EXPECT_EQ(outcome.base_offset, Offset{0});
    EXPECT_EQ(outcome.last_offset, Offset{2});
    EXPECT_TRUE(replica->is_acknowledged(outcome.last_offset, Acknowledgement::all_in_sync));
    EXPECT_EQ(fetch_from(0).next_offset, Offset{3});
}

TEST_F(FsyncReplicaTest, append_is_neither_acknowledged_nor_readable_before_it_is_durable) {
    open();
    const ProduceOutcome outcome = produce(3);
    EXPECT_FALSE(replica->is_acknowledged(outcome.last_offset, Acknowledgement::local));
    EXPECT_EQ(replica->high_watermark(), Offset{0});
    ErrorCode told = ErrorCode::unknown_server_error;
    replica->when_acknowledged(outcome.last_offset, Acknowledgement::all_in_sync, [&](ErrorCode e) { told = e; });
    run_for(seconds(1));
    EXPECT_EQ(told, ErrorCode::none);
    EXPECT_EQ(replica->high_watermark(), Offset{3});
    EXPECT_EQ(replica->log().durable_offset(), Offset{3});
}

TEST_F(FsyncReplicaTest, appends_during_a_sync_wait_for_the_next_one) {
    open();
    produce(1);
    produce(1);
    run_for(seconds(1));
    EXPECT_EQ(replica->high_watermark(), Offset{2});
    EXPECT_EQ(replica->log().durable_offset(), Offset{2});
}

TEST_F(FsyncReplicaTest, failed_sync_is_told_to_those_who_wait_and_never_acknowledged) {
    open();
    disk.fail_syncs(true);
    const ProduceOutcome outcome = produce(1);
    ErrorCode told = ErrorCode::none;
    replica->when_acknowledged(outcome.last_offset, Acknowledgement::local, [&](ErrorCode e) { told = e; });
    run_for(seconds(1));
    EXPECT_EQ(told, ErrorCode::kafka_storage_error);
    EXPECT_EQ(replica->high_watermark(), Offset{0});
}

TEST_F(ReplicaTest, only_the_leader_takes_writes) {
    open();
    replica->resign(LeaderEpoch{4});
    EXPECT_EQ(produce(1).error, ErrorCode::not_leader_or_follower);
}

TEST_F(ReplicaTest, acks_all_is_refused_below_min_insync_replicas) {
    topic.min_insync_replicas = 2;
    open();
    replica->become_leader(leadership(4, 1, 3));
    ProduceRequest all = request(batch_of(1));
    all.demands_all_replicas = true;
    EXPECT_EQ(replica->produce(all, codecs).error, ErrorCode::not_enough_replicas);
    EXPECT_EQ(produce(1).error, ErrorCode::none);
}

TEST_F(ReplicaTest, what_comes_behind_a_batch_that_had_to_wait_is_not_called_out_of_order) {
    topic.min_insync_replicas = 2;
    open();
    replica->become_leader(leadership(4, 2, 3));
    const auto produce_to_all = [this](int32_t sequence) {
        ProduceRequest all = request(batch_of(1, idempotent(sequence)));
        all.demands_all_replicas = true;
        return replica->produce(all, codecs).error;
    };
    EXPECT_EQ(produce_to_all(0), ErrorCode::none);
    replica->become_leader(leadership(5, 1, 3));
    EXPECT_EQ(produce_to_all(0), ErrorCode::not_enough_replicas);  // it is there, and doesn't count
    EXPECT_EQ(produce_to_all(1), ErrorCode::not_enough_replicas);
    replica->become_leader(leadership(6, 2, 3));
    EXPECT_EQ(produce_to_all(2), ErrorCode::not_enough_replicas);
    EXPECT_EQ(produce_to_all(1), ErrorCode::none);
    EXPECT_EQ(produce_to_all(3), ErrorCode::out_of_order_sequence_number);
    replica->resign(LeaderEpoch{6});
    EXPECT_EQ(produce_to_all(2), ErrorCode::not_leader_or_follower);
    replica->become_leader(leadership(7, 2, 3));
    EXPECT_EQ(produce_to_all(3), ErrorCode::not_leader_or_follower);
    EXPECT_EQ(produce_to_all(2), ErrorCode::none);
}

TEST_F(ReplicaTest, no_more_replicas_are_asked_to_be_in_sync_than_there_are) {
    topic.min_insync_replicas = 2;
    open();
    ProduceRequest all = request(batch_of(1));
    all.demands_all_replicas = true;
    EXPECT_EQ(replica->produce(all, codecs).error, ErrorCode::none);
}

TEST_F(ReplicaTest, repeated_batch_gets_its_first_offsets_again) {
    open();
    EXPECT_EQ(produce(2, idempotent(0)).base_offset, Offset{0});
    EXPECT_EQ(produce(2, idempotent(0)).base_offset, Offset{0});
    EXPECT_EQ(replica->log().log_end_offset(), Offset{2});
}

TEST_F(ReplicaTest, repeated_batch_is_told_its_own_time) {
    open();
    EXPECT_EQ(produce(2, idempotent(0)).log_append_time, no_timestamp);
    const Timestamp written = world.clock.wall();
    run_for(std::chrono::seconds(1));
    ProduceRequest again = request(batch_of(2, idempotent(0)));
    EXPECT_EQ(replica->produce(again, codecs).log_append_time, written);
}

TEST_F(ReplicaTest, sequence_with_a_gap_is_refused) {
    open();
    produce(2, idempotent(0));
    const ProduceOutcome refused = produce(1, idempotent(5));
    EXPECT_EQ(refused.error, ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(refused.log_start_offset, Offset{0});
}

TEST_F(ReplicaTest, batch_that_nobody_could_read_is_not_told_where_the_log_starts) {
    open();
    const Bytes batch = batch_of(1);
    std::vector<std::byte> broken(batch.data(), batch.data() + batch.size());
    broken.back() ^= std::byte{1};
    const ProduceOutcome refused = replica->produce(request(Bytes::from(std::move(broken))), codecs);
    EXPECT_EQ(refused.error, ErrorCode::corrupt_message);
    EXPECT_EQ(refused.log_start_offset, no_offset);
}

TEST_F(ReplicaTest, leader_epoch_of_the_client_is_compared) {
    open();
    FetchRequest request;
    request.current_leader_epoch = LeaderEpoch{2};
    EXPECT_EQ(fetch(request).error, ErrorCode::fenced_leader_epoch);
    request.current_leader_epoch = LeaderEpoch{4};
    EXPECT_EQ(fetch(request).error, ErrorCode::unknown_leader_epoch);
    request.current_leader_epoch = LeaderEpoch{3};
    EXPECT_EQ(fetch(request).error, ErrorCode::none);
}

TEST_F(ReplicaTest, whoever_says_that_it_is_a_replica_is_told_to_try_again) {
    open();
    FetchRequest request;
    request.is_replica = true;
    EXPECT_EQ(fetch(request).error, ErrorCode::not_leader_or_follower);
    request.current_leader_epoch = LeaderEpoch{3};
    EXPECT_EQ(fetch(request).error, ErrorCode::unknown_leader_epoch);
    request.current_leader_epoch = LeaderEpoch{2};
    EXPECT_EQ(fetch(request).error, ErrorCode::fenced_leader_epoch);
}

TEST_F(ReplicaTest, position_outside_of_the_log_is_out_of_range) {
    open();
    produce(2);
    EXPECT_EQ(fetch_from(3).error, ErrorCode::offset_out_of_range);
    EXPECT_EQ(fetch_from(2).error, ErrorCode::none);
    ASSERT_TRUE(replica->delete_records(Offset{1}).has_value());
    EXPECT_EQ(fetch_from(0).error, ErrorCode::offset_out_of_range);
}

TEST_F(ReplicaTest, client_of_an_older_epoch_learns_where_the_logs_part) {
    open();
    produce(2);
    replica->become_leader(leadership(5));
    produce(2);
    FetchRequest request;
    request.from = Offset{4};
    request.last_fetched_epoch = LeaderEpoch{3};
    const FetchOutcome outcome = fetch(request);
    ASSERT_TRUE(outcome.diverging.has_value());
    EXPECT_EQ(*outcome.diverging, (storage::EpochEnd{.epoch = LeaderEpoch{3}, .end_offset = Offset{2}}));
}

TEST_F(ReplicaTest, records_are_deleted_up_to_the_high_watermark_at_most) {
    open();
    produce(4);
    EXPECT_EQ(replica->delete_records(Offset{5}).error(), ErrorCode::offset_out_of_range);
    EXPECT_EQ(*replica->delete_records(Offset{2}), Offset{2});
    EXPECT_EQ(*replica->delete_records(Offset{-1}), Offset{4});
}

TEST_F(ReplicaTest, consumer_at_the_tail_is_woken_by_the_next_append) {
    open();
    produce(1);
    int woken = 0;
    replica->when_readable(Offset{1}, [&](ErrorCode) { ++woken; });
    EXPECT_EQ(woken, 0);
    produce(1);
    EXPECT_EQ(woken, 1);
}

TEST_F(ReplicaTest, those_who_wait_are_told_when_leadership_ends) {
    open();
    ErrorCode told = ErrorCode::none;
    replica->when_readable(Offset{0}, [&](ErrorCode e) { told = e; });
    replica->resign(LeaderEpoch{4});
    EXPECT_EQ(told, ErrorCode::not_leader_or_follower);
}

TEST_F(ReplicaTest, flush_ms_makes_old_appends_durable) {
    topic.flush_ms = 1000;
    open();
    produce(1);
    EXPECT_FALSE(replica->is_flush_due(world.clock.now()));
    run_for(seconds(2));
    EXPECT_TRUE(replica->is_flush_due(world.clock.now()));
    EXPECT_EQ(replica->log().durable_offset(), Offset{0});
    bool is_done = false;
    replica->flush(Replica::Flush::records, env::Urgency::background, [&] { is_done = true; });
    run_for(seconds(1));
    EXPECT_TRUE(is_done);
    EXPECT_EQ(replica->log().durable_offset(), Offset{1});
    EXPECT_FALSE(replica->is_flush_due(world.clock.now()));
}

}  // namespace
}  // namespace milena::replica
