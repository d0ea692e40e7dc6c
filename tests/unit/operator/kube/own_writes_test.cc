#include "kube/own_writes.h"

#include <gtest/gtest.h>

namespace milena::kube {
namespace {

const ObjectKey key{"s", "a"};

bool none_live(const std::string&, const ObjectKey&, const std::string&) { return false; }

TEST(OwnWrites, a_key_waits_until_each_kind_shows_what_was_written) {
    OwnWrites writes;
    std::map<std::string, std::string> seen{{"Pod", "5"}, {"Service", "5"}};
    const Seen stores{[&](const std::string& kind) { return seen[kind]; }, none_live};
    EXPECT_TRUE(writes.are_seen(key, stores, {}));
    writes.note(key, "Pod", "6", {});
    writes.note(key, "Pod", "8", {});
    writes.note(key, "Pod", "7", {});
    writes.note(key, "Service", "6", {});
    seen["Pod"] = "8";
    EXPECT_FALSE(writes.are_seen(key, stores, {}));
    EXPECT_TRUE(writes.are_seen({"s", "other"}, stores, {}));
    seen["Service"] = "10";
    EXPECT_TRUE(writes.are_seen(key, stores, {}));
}

TEST(OwnWrites, what_never_comes_back_is_given_up) {
    OwnWrites writes(std::chrono::seconds(10));
    writes.note(key, "Pod", "6", {});
    const Seen stores{[](const std::string&) { return "5"; }, none_live};
    EXPECT_FALSE(writes.are_seen(key, stores, {std::chrono::seconds(9)}));
    EXPECT_TRUE(writes.are_seen(key, stores, {std::chrono::seconds(10)}));
    EXPECT_EQ(1u, writes.given_up());
}

TEST(OwnWrites, a_removal_is_seen_when_that_object_is_no_longer_there) {
    OwnWrites writes;
    std::string live = "u1";
    const Seen stores{[](const std::string&) { return "5"; },
                      [&](const std::string&, const ObjectKey&, const std::string& uid) { return uid == live; }};
    writes.note_removed(key, "Pod", {"s", "p"}, "u1", {});
    EXPECT_FALSE(writes.are_seen(key, stores, {}));
    live = "u2";  // another one in its place
    EXPECT_TRUE(writes.are_seen(key, stores, {}));
}

}  // namespace
}  // namespace milena::kube
