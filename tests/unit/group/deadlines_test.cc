#include "group/deadlines.h"

#include <string>

#include <gtest/gtest.h>

namespace milena::group {
namespace {

Instant at(int seconds) { return Instant{std::chrono::seconds(seconds)}; }

TEST(Deadlines, expire_in_the_order_of_their_times) {
    Deadlines deadlines;
    std::string order;
    Deadline late(deadlines, [&] { order += "late "; });
    Deadline early(deadlines, [&] { order += "early "; });
    late.set(at(2));
    early.set(at(1));
    EXPECT_EQ(deadlines.next(), at(1));
    deadlines.run_due(at(5));
    EXPECT_EQ(order, "early late ");
    EXPECT_EQ(deadlines.next(), never);
}

TEST(Deadlines, one_that_was_put_off_expires_at_its_new_time_only) {
    Deadlines deadlines;
    int expired = 0;
    Deadline deadline(deadlines, [&] { ++expired; });
    deadline.set(at(1));
    deadline.set(at(3));
    deadlines.run_due(at(2));
    EXPECT_EQ(expired, 0);
    deadlines.run_due(at(3));
    EXPECT_EQ(expired, 1);
}

TEST(Deadlines, one_that_was_brought_forward_expires_once) {
    Deadlines deadlines;
    int expired = 0;
    Deadline deadline(deadlines, [&] { ++expired; });
    deadline.set(at(9));
    deadline.set(at(1));
    deadlines.run_due(at(1));
    deadlines.run_due(at(10));
    EXPECT_EQ(expired, 1);
}

TEST(Deadlines, one_that_was_cancelled_or_destroyed_never_expires) {
    Deadlines deadlines;
    int expired = 0;
    Deadline cancelled(deadlines, [&] { ++expired; });
    cancelled.set(at(1));
    cancelled.cancel();
    {
        Deadline destroyed(deadlines, [&] { ++expired; });
        destroyed.set(at(1));
    }
    deadlines.run_due(at(2));
    EXPECT_EQ(expired, 0);
}

TEST(Deadlines, those_that_are_called_off_are_forgotten) {
    Deadlines deadlines;
    auto token = std::make_shared<int>();
    for (int i = 0; i < 100'000; ++i) {
        Deadline brief(deadlines, [token] {});
        brief.set(at(1'000'000));
    }
    EXPECT_LT(token.use_count(), 2'000);
}

TEST(Deadlines, an_expiry_may_set_its_own_deadline_again) {
    Deadlines deadlines;
    int expired = 0;
    Deadline deadline;
    deadline = Deadline(deadlines, [&] {
        if (++expired < 3) deadline.set(at(expired + 1));
    });
    deadline.set(at(1));
    deadlines.run_due(at(10));
    EXPECT_EQ(expired, 3);
}

TEST(Deadlines, an_expiry_may_replace_its_own_deadline) {
    Deadlines deadlines;
    std::string order;
    Deadline deadline;
    deadline = Deadline(deadlines, [&] {
        deadline = Deadline(deadlines, [&] { order += "second"; });
        deadline.set(at(2));
        order += "first ";
    });
    deadline.set(at(1));
    deadlines.run_due(at(10));
    EXPECT_EQ(order, "first second");
}

}  // namespace
}  // namespace milena::group
