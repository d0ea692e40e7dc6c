#include "server/fetch_wait.h"

#include <array>
#include <future>

#include <gtest/gtest.h>

#include "unit/server/two_shards.h"

namespace milena::server {
namespace {

using namespace std::chrono_literals;
using replica::FetchOutcome;

struct FetchWaitTest : testing::Test {
    TwoShards world;
    std::array<int64_t, TwoShards::partitions> next{};  // what the reader has not had yet, by partition

    FetchPlan plan(size_t partitions, Duration wait_max, size_t bytes_min = 1) const {
        FetchPlan result;
        result.bytes_min = bytes_min;
        result.bytes_max = 1U << 20;
        result.wait_max = wait_max;
        for (size_t i = 0; i < partitions; ++i) {
            FetchItem item;
            item.key = world.key(static_cast<int32_t>(i));
            item.request.from = Offset(next[i]);
            item.request.bytes_max = 1U << 20;
            result.items.push_back(item);
        }
        return result;
    }
    struct Pending {
        std::shared_ptr<FetchWait> wait;
        std::shared_ptr<std::promise<std::vector<FetchOutcome>>> promise;
        std::future<std::vector<FetchOutcome>> outcomes;
    };
    Pending start(FetchPlan wanted) {
        auto promise = std::make_shared<std::promise<std::vector<FetchOutcome>>>();
        Pending pending;
        pending.promise = promise;
        pending.outcomes = promise->get_future();
        pending.wait = world.on<std::shared_ptr<FetchWait>>(0, [&] {
            return FetchWait::start(
                *world.shards, world.shards->first(), std::move(wanted),
                [promise](std::vector<FetchOutcome> outcomes) { promise->set_value(std::move(outcomes)); });
        });
        return pending;
    }
    std::vector<FetchOutcome> fetch(FetchPlan wanted) { return start(std::move(wanted)).outcomes.get(); }
};

TEST_F(FetchWaitTest, what_is_there_is_answered_at_once) {
    world.produce(0);
    world.produce(1);
    const auto outcomes = fetch(plan(2, 10s));
    EXPECT_GT(outcomes[0].bytes, 0U);
    EXPECT_EQ(outcomes[0].bytes, outcomes[1].bytes);
}

TEST_F(FetchWaitTest, without_data_the_answer_waits_for_the_deadline) {
    const Instant begin = world.clock.now();
    const auto outcomes = fetch(plan(4, 50ms));
    EXPECT_GE(world.clock.now() - begin, 50ms);
    for (const FetchOutcome& outcome : outcomes) {
        EXPECT_EQ(outcome.error, ErrorCode::none);
        EXPECT_EQ(outcome.bytes, 0U);
    }
}

TEST_F(FetchWaitTest, an_append_on_any_shard_wakes_the_reader) {
    for (int32_t partition = 0; partition < 4; ++partition) {
        Pending pending = start(plan(4, 30s));
        world.produce(partition);
        const auto outcomes = pending.outcomes.get();
        EXPECT_GT(outcomes[static_cast<size_t>(partition)].bytes, 0U);
        ++next[static_cast<size_t>(partition)];
    }
}

TEST_F(FetchWaitTest, appends_add_up_until_there_is_enough) {
    const size_t one = world.produce(0);
    Pending pending = start(plan(4, 30s, 3 * one));
    world.produce(1);
    EXPECT_EQ(pending.outcomes.wait_for(20ms), std::future_status::timeout);
    world.produce(0);
    const auto outcomes = pending.outcomes.get();
    EXPECT_EQ(outcomes[0].bytes, 2 * one);
    EXPECT_EQ(outcomes[0].records.size(), 2U);
    EXPECT_EQ(outcomes[1].bytes, one);
}

TEST_F(FetchWaitTest, an_error_is_answered_at_once) {
    FetchPlan wanted = plan(2, 30s);
    wanted.items[1].request.from = Offset(77);
    const auto outcomes = fetch(std::move(wanted));
    EXPECT_EQ(outcomes[1].error, ErrorCode::offset_out_of_range);
}

TEST_F(FetchWaitTest, the_room_goes_to_the_first_partitions) {
    size_t one = 0;
    for (int32_t partition = 0; partition < 4; ++partition) one = world.produce(partition);
    FetchPlan wanted = plan(4, 10s);
    wanted.bytes_max = wanted.bytes_min = one;
    size_t total = 0;
    for (const FetchOutcome& outcome : fetch(std::move(wanted))) total += outcome.bytes;
    EXPECT_EQ(total, one);
}

TEST_F(FetchWaitTest, the_first_batch_is_answered_even_if_it_is_too_large) {
    const size_t one = world.produce(0);
    FetchPlan wanted = plan(1, 10s);
    wanted.bytes_max = wanted.bytes_min = 10;
    EXPECT_EQ(fetch(std::move(wanted))[0].bytes, one);
}

TEST_F(FetchWaitTest, without_memory_the_answer_waits_for_data_too) {
    FetchPlan wanted = plan(4, 50ms);
    limit_bytes(wanted, {.bytes_min = 1, .bytes_max = 1U << 20, .room = 0});
    const Instant begin = world.clock.now();
    EXPECT_EQ(fetch(wanted)[0].bytes, 0U);
    EXPECT_GE(world.clock.now() - begin, 50ms);

    wanted.wait_max = 30s;
    Pending pending = start(wanted);
    const size_t one = world.produce(0);
    EXPECT_EQ(pending.outcomes.get()[0].bytes, one);
}

TEST_F(FetchWaitTest, who_wants_nothing_is_not_kept_waiting) {
    FetchPlan wanted = plan(1, 30s);
    limit_bytes(wanted, {.bytes_min = 1, .bytes_max = 0, .room = 1U << 20});
    EXPECT_EQ(wanted.bytes_min, 0U);
    limit_bytes(wanted, {.bytes_min = 0, .bytes_max = 100, .room = 0});
    EXPECT_EQ(wanted.bytes_min, 0U);
}

TEST_F(FetchWaitTest, a_cancelled_wait_leaves_no_waiter_and_never_answers) {
    Pending pending = start(plan(4, 30s));
    world.on<bool>(0, [&] {
        pending.wait->cancel();
        return true;
    });
    for (int32_t partition = 0; partition < 4; ++partition) world.produce(partition);
    EXPECT_NE(pending.outcomes.wait_for(20ms), std::future_status::ready);
    EXPECT_TRUE(pending.wait->is_done());
}

}  // namespace
}  // namespace milena::server
