#include "shard/loop.h"

#include <thread>

#include <gtest/gtest.h>

#include "env/posix/system_world.h"

namespace milena::shard {
namespace {

using namespace std::chrono_literals;

struct LoopTest : testing::Test {
    env::SystemClock clock;
    Loop loop{clock};
};

TEST_F(LoopTest, messages_run_in_the_order_of_their_sender) {
    std::vector<int> seen;
    std::thread sender([&] {
        for (int i = 0; i < 1000; ++i) loop.post([&seen, i] { seen.push_back(i); });
        loop.post([this] { loop.stop(); });
    });
    loop.run();
    sender.join();
    ASSERT_EQ(seen.size(), 1000U);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST_F(LoopTest, a_posted_message_never_runs_inside_post) {
    bool is_inside = false;
    loop.post([&] {
        is_inside = true;
        loop.post([&] {
            EXPECT_FALSE(is_inside);
            loop.stop();
        });
        is_inside = false;
    });
    loop.run();
}

TEST_F(LoopTest, timers_ring_in_the_order_of_their_time) {
    std::vector<int> seen;
    loop.after(3ms, [&] {
        seen.push_back(3);
        loop.stop();
    });
    loop.after(1ms, [&] { seen.push_back(1); });
    loop.after(2ms, [&] { seen.push_back(2); });
    loop.run();
    EXPECT_EQ(seen, (std::vector{1, 2, 3}));
}

TEST_F(LoopTest, a_cancelled_timer_never_rings) {
    const TimerId cancelled = loop.after(1ms, [] { FAIL(); });
    loop.after(5ms, [&] { loop.stop(); });
    loop.cancel(cancelled);
    loop.run();
}

TEST_F(LoopTest, what_is_discarded_never_runs_and_is_gone) {
    const auto held = std::make_shared<int>(0);
    loop.post([held] { ++*held; });
    loop.after(std::chrono::hours(1), [held] { ++*held; });
    loop.discard();
    EXPECT_EQ(held.use_count(), 1);
    loop.post([this] { loop.stop(); });
    loop.run();
    EXPECT_EQ(*held, 0);
}

TEST_F(LoopTest, the_longest_pause_is_known) {
    loop.post([&] {
        std::this_thread::sleep_for(10ms);
        loop.stop();
    });
    loop.run();
    EXPECT_GE(loop.pauses().longest, 10ms);
}

TEST_F(LoopTest, only_the_running_thread_is_current) {
    EXPECT_FALSE(loop.is_current());
    loop.post([&] {
        EXPECT_TRUE(loop.is_current());
        loop.stop();
    });
    loop.run();
}

}  // namespace
}  // namespace milena::shard
