#include "kube/own_writes.h"

#include <gtest/gtest.h>

namespace milena::kube {
namespace {

const ObjectKey key{"s", "a"};

TEST(OwnWrites, a_key_waits_until_each_kind_shows_what_was_written) {
    OwnWrites writes;
    std::map<std::string, std::string> seen{{"Pod", "5"}, {"Service", "5"}};
    const auto version_of = [&](const std::string& kind) { return seen[kind]; };
    EXPECT_TRUE(writes.are_seen(key, version_of, {}));
    writes.note(key, "Pod", "6", {});
    writes.note(key, "Pod", "8", {});
    writes.note(key, "Pod", "7", {});
    writes.note(key, "Service", "6", {});
    seen["Pod"] = "8";
    EXPECT_FALSE(writes.are_seen(key, version_of, {}));
    EXPECT_TRUE(writes.are_seen({"s", "other"}, version_of, {}));
    seen["Service"] = "10";
    EXPECT_TRUE(writes.are_seen(key, version_of, {}));
}

TEST(OwnWrites, what_never_comes_back_is_given_up) {
    OwnWrites writes(std::chrono::seconds(10));
    writes.note(key, "Pod", "6", {});
    const auto version_of = [](const std::string&) { return "5"; };
    EXPECT_FALSE(writes.are_seen(key, version_of, {std::chrono::seconds(9)}));
    EXPECT_TRUE(writes.are_seen(key, version_of, {std::chrono::seconds(10)}));
    EXPECT_EQ(1u, writes.given_up());
}

}  // namespace
}  // namespace milena::kube
