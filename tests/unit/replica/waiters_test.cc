#include "replica/waiters.h"

#include <vector>

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

struct Woken {
    std::vector<ErrorCode> told;
    Waiters::Wake wake() {
        return [this](ErrorCode error) { told.push_back(error); };
    }
};

TEST(Waiters, wake_once_the_high_watermark_lies_beyond_their_offset) {
    Waiters waiters;
    Woken woken;
    waiters.add(Point::high_watermark, Offset{5}, woken.wake());
    waiters.passed(Point::high_watermark, Offset{5});
    EXPECT_TRUE(woken.told.empty());
    waiters.passed(Point::high_watermark, Offset{6});
    waiters.passed(Point::high_watermark, Offset{7});
    EXPECT_EQ(woken.told, std::vector{ErrorCode::none});
}

TEST(Waiters, removed_waiter_is_not_woken) {
    Waiters waiters;
    Woken woken;
    waiters.remove(waiters.add(Point::high_watermark, Offset{0}, woken.wake()));
    waiters.passed(Point::high_watermark, Offset{1});
    EXPECT_TRUE(woken.told.empty());
}

TEST(Waiters, failing_tells_everyone_why) {
    Waiters waiters;
    Woken woken;
    waiters.add(Point::high_watermark, Offset{0}, woken.wake());
    waiters.add(Point::high_watermark, Offset{9}, woken.wake());
    waiters.fail_all(ErrorCode::not_leader_or_follower);
    EXPECT_EQ(woken.told, (std::vector{ErrorCode::not_leader_or_follower, ErrorCode::not_leader_or_follower}));
    EXPECT_EQ(waiters.count(), 0U);
}

TEST(Waiters, woken_waiter_may_wait_again) {
    Waiters waiters;
    Woken woken;
    waiters.add(Point::high_watermark, Offset{0},
                [&](ErrorCode) { waiters.add(Point::high_watermark, Offset{1}, woken.wake()); });
    waiters.passed(Point::high_watermark, Offset{1});
    EXPECT_TRUE(woken.told.empty());
    waiters.passed(Point::high_watermark, Offset{2});
    EXPECT_EQ(woken.told.size(), 1U);
}

TEST(Waiters, those_further_ahead_keep_waiting) {
    Waiters waiters;
    Woken near;
    Woken far;
    waiters.add(Point::high_watermark, Offset{10}, far.wake());
    waiters.add(Point::high_watermark, Offset{2}, near.wake());
    waiters.passed(Point::high_watermark, Offset{3});
    EXPECT_EQ(near.told.size(), 1U);
    EXPECT_TRUE(far.told.empty());
    EXPECT_EQ(waiters.count(), 1U);
}

TEST(Waiters, the_two_points_are_told_apart) {
    Waiters waiters;
    Woken local;
    Woken all;
    waiters.add(Point::local, Offset{3}, local.wake());
    waiters.add(Point::high_watermark, Offset{3}, all.wake());
    waiters.passed(Point::local, Offset{4});
    EXPECT_EQ(local.told.size(), 1U);
    EXPECT_TRUE(all.told.empty());
}

}  // namespace
}  // namespace milena::replica
