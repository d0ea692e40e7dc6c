#include "base/result.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace milena {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0) return unexpected(ErrorCode::invalid_request);
    return number / 2;
}

Result<std::unique_ptr<int>> quarter(int number) {
    ASSIGN_OR_RETURN(const int first, half(number));
    ASSIGN_OR_RETURN(const int second, half(first));
    return std::make_unique<int>(second);
}

Result<void, std::string> refuse_negative(int number) {
    if (number < 0) return unexpected(std::string("negative"));
    return {};
}

TEST(Result, value_passes_through_assign_or_return) { EXPECT_EQ(**quarter(8), 2); }

TEST(Result, error_returns_early_from_the_caller) {
    const auto result = quarter(6);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error(), ErrorCode::invalid_request);
}

TEST(Result, void_result_carries_any_error_type) {
    EXPECT_TRUE(refuse_negative(1).has_value());
    EXPECT_EQ(refuse_negative(-1).error(), "negative");
}

TEST(ResultDeathTest, value_of_an_error_is_a_bug_and_aborts) { EXPECT_DEATH((void)half(3).value(), "check failed"); }

}  // namespace
}  // namespace milena
