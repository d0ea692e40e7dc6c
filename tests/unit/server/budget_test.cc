#include "server/budget.h"

#include <gtest/gtest.h>

namespace milena::server {
namespace {

TEST(Budget, nobody_overtakes_those_who_wait) {
    Budget budget(100);
    ASSERT_TRUE(budget.try_take(80));
    bool is_granted = false;
    budget.when_room(50, 0, [&] { return is_granted = true; });
    EXPECT_FALSE(budget.try_take(10));
    budget.give_back(80);
    EXPECT_TRUE(is_granted);
    EXPECT_EQ(budget.bytes_used(), 50U);
}

TEST(Budget, those_who_are_gone_get_nothing) {
    Budget budget(100);
    ASSERT_TRUE(budget.try_take(100));
    bool is_second_granted = false;
    budget.when_room(60, 0, [] { return false; });
    budget.when_room(60, 0, [&] { return is_second_granted = true; });
    budget.give_back(100);
    EXPECT_TRUE(is_second_granted);
    EXPECT_EQ(budget.bytes_used(), 60U);
}

TEST(Budget, a_request_larger_than_all_of_it_is_let_in_alone) {
    Budget budget(100);
    EXPECT_TRUE(budget.try_take(1000));
    EXPECT_FALSE(budget.try_take(1));
    budget.give_back(1000);
    EXPECT_TRUE(budget.try_take(1));
    EXPECT_FALSE(budget.try_take(1000));
}

TEST(Budget, who_holds_all_that_is_used_may_go_on) {
    Budget budget(100);
    ASSERT_TRUE(budget.try_take(90));
    EXPECT_FALSE(budget.try_take(90, 80));
    EXPECT_TRUE(budget.try_take(90, 90));
}

TEST(Budget, giving_back_while_granting_serves_all) {
    Budget budget(100);
    ASSERT_TRUE(budget.try_take(100));
    int granted = 0;
    for (int i = 0; i < 3; ++i)
        budget.when_room(100, 0, [&] {
            ++granted;
            budget.give_back(100);
            return true;
        });
    budget.give_back(100);
    EXPECT_EQ(granted, 3);
    EXPECT_EQ(budget.bytes_used(), 0U);
}

}  // namespace
}  // namespace milena::server
