#include "wire/api_info.h"

#include <gtest/gtest.h>

namespace milena::wire {
namespace {

TEST(ApiInfo, apis_ascend_and_are_found_by_key) {
    int previous = -1;
    for (const ApiInfo& info : all_apis()) {
        EXPECT_GT(info.api.key, previous);
        previous = info.api.key;
        ASSERT_NE(find_api(info.api.key), nullptr);
        EXPECT_EQ(find_api(info.api.key)->name, info.name);
    }
    EXPECT_EQ(find_api(0)->name, "Produce");
    EXPECT_EQ(find_api(92)->name, "DeleteShareGroupOffsets");
    EXPECT_EQ(find_api(4), nullptr);
    EXPECT_EQ(find_api(-1), nullptr);
}

TEST(ApiInfo, version_that_is_not_final_is_described_but_not_stable) {
    const Api& api = find_api(22)->api;
    EXPECT_EQ(api.max, 6);
    EXPECT_EQ(api.stable, 5);
}

}  // namespace
}  // namespace milena::wire
