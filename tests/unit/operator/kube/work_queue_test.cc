#include "kube/work_queue.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "unit/operator/kube/manual_world.h"

namespace milena::kube {
namespace {

struct Queue {
    ManualClock clock;
    FixedRandom random;
    WorkQueue queue{clock, random, {Milliseconds(10), Milliseconds(1000)}};
    ObjectKey a{"s", "a"};
    ObjectKey b{"s", "b"};
};

TEST(WorkQueue, a_key_is_there_once_however_often_it_is_added) {
    Queue q;
    for (int i = 0; i < 3; ++i) q.queue.add(q.a);
    EXPECT_EQ(q.a, q.queue.try_take());
    EXPECT_FALSE(q.queue.try_take());
}

TEST(WorkQueue, what_is_added_while_it_is_looked_at_is_looked_at_again_but_not_at_the_same_time) {
    Queue q;
    q.queue.add(q.a);
    ASSERT_TRUE(q.queue.try_take());
    q.queue.add(q.a);
    EXPECT_FALSE(q.queue.try_take());
    q.queue.done(q.a);
    EXPECT_EQ(q.a, q.queue.try_take());
    q.queue.done(q.a);
    EXPECT_FALSE(q.queue.try_take());
}

TEST(WorkQueue, what_a_person_waits_for_comes_first) {
    Queue q;
    q.queue.add(q.a, Priority::resync);
    q.queue.add(q.b, Priority::status);
    EXPECT_EQ(q.b, q.queue.try_take());
    q.queue.add(ObjectKey{"s", "c"}, Priority::status);
    q.queue.add(q.a, Priority::user_edit);
    EXPECT_EQ(q.a, q.queue.try_take());
}

TEST(WorkQueue, a_delay_is_kept_and_the_earliest_counts) {
    Queue q;
    q.queue.add_after(q.a, Milliseconds(100));
    q.queue.add_after(q.a, Milliseconds(50));
    q.queue.add_after(q.a, Milliseconds(200));
    q.clock.advance(Milliseconds(49));
    EXPECT_FALSE(q.queue.try_take());
    q.clock.advance(Milliseconds(1));
    EXPECT_TRUE(q.queue.try_take());
    q.queue.done(q.a);
    q.clock.advance(Milliseconds(1000));
    EXPECT_FALSE(q.queue.try_take());
}

TEST(WorkQueue, failures_double_the_delay_until_it_goes_well) {
    Queue q;
    for (const int ms : {10, 20, 40}) {
        q.queue.retry(q.a);
        q.clock.advance(Milliseconds(ms - 1));
        EXPECT_FALSE(q.queue.try_take());
        q.clock.advance(Milliseconds(1));
        ASSERT_TRUE(q.queue.try_take());
        q.queue.done(q.a);
    }
    q.queue.forget(q.a);
    q.queue.retry(q.a);
    q.clock.advance(Milliseconds(10));
    EXPECT_TRUE(q.queue.try_take());
}

TEST(WorkQueue, a_server_that_is_too_busy_is_left_alone_as_long_as_it_said) {
    Queue q;
    q.queue.retry(q.a, Milliseconds(5000));
    q.clock.advance(Milliseconds(4999));
    EXPECT_FALSE(q.queue.try_take());
    q.clock.advance(Milliseconds(1));
    EXPECT_TRUE(q.queue.try_take());
}

// What happens to it meanwhile, and what was due before, come back to a server that has asked to be left alone.
TEST(WorkQueue, A4_neither_an_event_nor_an_earlier_look_cuts_short_what_a_server_said) {
    Queue q;
    q.queue.add_after(q.a, Milliseconds(100));
    q.queue.add(q.a);
    ASSERT_TRUE(q.queue.try_take());
    q.queue.add(q.a);
    q.queue.retry(q.a, Milliseconds(5000));
    q.queue.done(q.a);
    q.queue.add_after(q.a, Milliseconds(1));
    q.queue.add(q.a, Priority::user_edit);
    q.queue.add(q.b);
    EXPECT_EQ(q.b, q.queue.try_take()) << "which nobody has asked to wait";
    q.clock.advance(Milliseconds(4999));
    EXPECT_FALSE(q.queue.try_take());
    q.queue.add(q.b, Priority::status);
    q.queue.done(q.b);
    q.clock.advance(Milliseconds(1));
    EXPECT_EQ(q.a, q.queue.try_take()) << "what a person waits for keeps its place";
    q.queue.forget(q.a);
    q.queue.add(q.a);
    q.queue.done(q.a);
    EXPECT_EQ(q.b, q.queue.try_take());
    EXPECT_EQ(q.a, q.queue.try_take());
    q.queue.done(q.a);
    q.clock.advance(Milliseconds(100'000));
    EXPECT_FALSE(q.queue.try_take()) << "the earlier look is over";
}

TEST(WorkQueue, A4_an_event_cuts_a_back_off_short_to_what_the_server_said) {
    Queue q;
    for (int i = 0; i < 5; ++i) q.queue.retry(q.a);
    q.queue.retry(q.a, Milliseconds(50));  // of a delay of 320
    q.clock.advance(Milliseconds(20));
    q.queue.add(q.a);
    q.clock.advance(Milliseconds(29));
    EXPECT_FALSE(q.queue.try_take());
    q.clock.advance(Milliseconds(1));
    EXPECT_TRUE(q.queue.try_take());
}

TEST(WorkQueue, a_back_off_is_cut_short_by_an_event_and_not_by_an_older_look) {
    Queue q;
    q.queue.add_after(q.a, Milliseconds(5));
    q.queue.retry(q.a);
    q.clock.advance(Milliseconds(9));
    EXPECT_FALSE(q.queue.try_take());
    q.queue.add(q.a);
    EXPECT_TRUE(q.queue.try_take());
}

TEST(WorkQueue, its_figures_say_how_long_the_first_has_waited) {
    Queue q;
    q.queue.add(q.a, Priority::resync);
    q.clock.advance(Milliseconds(30));
    q.queue.add(q.b);
    q.queue.add(q.a, Priority::user_edit);  // has waited all the same
    EXPECT_EQ(Duration(Milliseconds(30)), q.queue.stats().oldest);
    EXPECT_EQ(2u, q.queue.stats().ready);
}

struct RealClock final : env::Clock {
    Instant now() override { return {std::chrono::steady_clock::now().time_since_epoch()}; }
    Timestamp wall() override { return no_timestamp; }
};

TEST(WorkQueue, workers_never_share_a_key_and_miss_none) {
    RealClock clock;
    FixedRandom random;
    WorkQueue queue(clock, random);
    std::array<std::atomic<int>, 10> busy{};
    std::array<std::atomic<int>, 10> seen{};
    std::atomic<bool> has_shared = false;
    std::atomic<int> handled = 0;
    std::vector<std::thread> workers;
    for (int i = 0; i < 4; ++i)
        workers.emplace_back([&] {
            while (const auto key = queue.take()) {
                const auto index = static_cast<size_t>(key->name[0] - '0');
                if (busy[index].fetch_add(1) != 0) has_shared = true;
                ++seen[index];
                busy[index].fetch_sub(1);
                queue.done(*key);
                ++handled;
            }
        });
    for (int i = 0; i < 2000; ++i) queue.add({"s", std::string(1, static_cast<char>('0' + i % 10))});
    queue.add_after({"s", "9"}, Milliseconds(1));
    while (queue.stats().ready + queue.stats().in_flight + queue.stats().delayed > 0) std::this_thread::yield();
    queue.close();
    for (std::thread& worker : workers) worker.join();
    EXPECT_FALSE(has_shared);
    for (const auto& count : seen) EXPECT_GE(count, 1);
    EXPECT_FALSE(queue.take());
}

}  // namespace
}  // namespace milena::kube
