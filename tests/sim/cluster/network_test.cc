#include "sim/cluster/network.h"

#include <gtest/gtest.h>

#include "sim/cluster/stream.h"

namespace milena::sim::cluster {
namespace {

constexpr NodeId one{1};
constexpr NodeId two{2};

struct Networks : testing::Test {
    Networks() {
        network.add(first);
        network.add(second);
    }
    void run(Duration duration) {
        world.run_until(world.clock.now() + duration, [] { return false; });
    }
    // How a call from one to two ends; nothing if it doesn't.
    std::optional<raft::SendError> call() {
        std::optional<raft::SendError> error;
        network.call<int>(
            first, two, std::chrono::seconds(1), [](SimNode&, const ClusterNetwork::Reply<int>&) {},
            [&](Result<int, raft::SendError> outcome) {
                if (!outcome.has_value()) error = outcome.error();
            });
        run(std::chrono::seconds(2));
        return error;
    }

    World world{1};
    Machine first{world, one};
    Machine second{world, two};
    ClusterNetwork network{world};
};

using ClusterNetworkTest = Networks;

TEST_F(ClusterNetworkTest, where_nobody_listens_a_call_is_refused) { EXPECT_EQ(call(), raft::SendError::unreachable); }

TEST_F(ClusterNetworkTest, a_call_that_is_cut_off_times_out) {
    network.cut(one, two);
    EXPECT_EQ(call(), raft::SendError::timed_out);
}

TEST_F(ClusterNetworkTest, what_is_cut_in_one_direction_arrives_in_the_other) {
    network.cut(one, two);
    bool has_arrived = false;
    network.carry(two, one, [&] { has_arrived = true; });
    run(std::chrono::seconds(1));
    EXPECT_TRUE(has_arrived);
}

TEST_F(ClusterNetworkTest, a_machine_that_stands_still_does_later_what_was_planned) {
    bool is_done = false;
    first.after(std::chrono::seconds(1), [&] { is_done = true; });
    first.pause();
    run(std::chrono::seconds(5));
    EXPECT_FALSE(is_done);
    first.resume();
    run(std::chrono::milliseconds(1));
    EXPECT_TRUE(is_done);
}

TEST_F(ClusterNetworkTest, a_process_that_has_ended_does_nothing_that_it_had_planned) {
    bool is_done = false;
    first.post([&] { is_done = true; });
    first.end_life(true);
    run(std::chrono::seconds(1));
    EXPECT_FALSE(is_done);
}

TEST_F(ClusterNetworkTest, a_clock_that_runs_fast_makes_timers_come_early) {
    first.clock().drift(20'000);
    bool is_done = false;
    first.after(std::chrono::seconds(100), [&] { is_done = true; });
    run(std::chrono::seconds(99));
    EXPECT_TRUE(is_done);
}

TEST_F(ClusterNetworkTest, a_stream_to_nobody_ends) {
    const auto stream = network.open_stream(first, two, {.node = one});
    bool has_ended = false;
    stream->listen(Stream::follower, {.received = {}, .writable = {}, .ended = [&] { has_ended = true; }});
    run(std::chrono::seconds(1));
    EXPECT_TRUE(has_ended);
}

}  // namespace
}  // namespace milena::sim::cluster
