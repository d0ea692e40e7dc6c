#include "controller/exchange.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace milena::controller {
namespace {

using Numbers = std::vector<double>;

TEST(Exchange, half_of_the_gap_is_handed_over) {
    const auto best = best_exchange(Numbers{10, 45, 99}, Numbers{}, {.gap = 100});
    ASSERT_TRUE(best.has_value());
    EXPECT_EQ(best->given, 1U);
    EXPECT_FALSE(best->taken.has_value());
}

TEST(Exchange, what_is_as_large_as_the_gap_only_changes_sides) {
    EXPECT_FALSE(best_exchange(Numbers{100, 150}, Numbers{}, {.gap = 100}).has_value());
}

TEST(Exchange, smaller_one_comes_in_return) {
    const auto best = best_exchange(Numbers{60, 90}, Numbers{5, 12, 40, 70}, {.gap = 100, .may_give_alone = false});
    ASSERT_TRUE(best.has_value());
    EXPECT_EQ(best->given, 0U) << "60 for 12 carries less than 90 for 40";
    EXPECT_EQ(best->taken, 1U);
}

TEST(Exchange, nothing_alone_and_nothing_in_return_is_nothing) {
    EXPECT_FALSE(best_exchange(Numbers{50}, Numbers{}, {.gap = 100, .may_give_alone = false}).has_value());
}

TEST(Exchange, much_is_not_carried_to_and_fro_for_little) {
    const ExchangeRules rules{.gap = 10, .may_give_alone = false};
    EXPECT_FALSE(best_exchange(Numbers{1000}, Numbers{995}, rules).has_value());
    const ExchangeRules free{
        .gap = 10, .may_give_alone = false, .copied_per_gained = std::numeric_limits<double>::infinity()};
    EXPECT_TRUE(best_exchange(Numbers{1000}, Numbers{995}, free).has_value());
}

}  // namespace
}  // namespace milena::controller
