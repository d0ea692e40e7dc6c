#include "kube/store.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace milena::kube {
namespace {

using nlohmann::json;

json object(const std::string& name, int version, const std::string& owner = "o", const std::string& uid = "u") {
    return {
        {"metadata", {{"name", name}, {"namespace", "s"}, {"uid", uid}, {"resourceVersion", std::to_string(version)}}},
        {"owner", owner}};
}

struct Told {
    Told() {
        store.listen([this](const Change& change) {
            changes.push_back((change.kind == Change::Kind::put ? "+" : "-") + change.key.name);
        });
    }

    void list(const std::vector<json>& objects, int version) {
        for (const json& each : objects) store.stage(each);
        store.swap_staged(std::to_string(version));
    }

    Store store{{{"owner", [](const json& each) { return std::vector<std::string>{each["owner"]}; }}}};
    std::vector<std::string> changes;
};

using Changes = std::vector<std::string>;

TEST(Store, a_list_takes_the_place_of_all_and_tells_differences) {
    Told told;
    EXPECT_FALSE(told.store.is_synced());
    told.list({object("a", 1), object("b", 2), object("c", 3)}, 3);
    told.changes.clear();
    told.list({object("a", 1), object("b", 5), object("d", 4)}, 6);
    EXPECT_EQ((Changes{"-c", "+b", "+d"}), told.changes);
    EXPECT_EQ("6", told.store.resource_version());
    EXPECT_FALSE(told.store.find({"s", "c"}));
}

TEST(Store, one_of_the_same_name_is_another_one) {
    Told told;
    told.list({object("a", 1, "o", "u1")}, 1);
    told.list({object("a", 1, "o", "u2")}, 2);
    EXPECT_EQ((Changes{"+a", "+a"}), told.changes);
}

TEST(Store, what_is_staged_is_seen_by_nobody) {
    Told told;
    told.store.stage(object("a", 1));
    EXPECT_EQ(0u, told.store.size());
    told.store.discard_staged();
    told.store.swap_staged("1");
    EXPECT_EQ(0u, told.store.size());
}

TEST(Store, events_that_come_late_or_twice_change_nothing) {
    Told told;
    told.list({object("a", 5)}, 5);
    told.changes.clear();
    told.store.put(object("a", 4));
    told.store.put(object("a", 5));
    told.store.remove(object("a", 3));
    EXPECT_TRUE(told.changes.empty());
    told.store.remove(object("a", 6));
    told.store.put(object("a", 5));
    EXPECT_EQ((Changes{"-a"}), told.changes);
    EXPECT_EQ("6", told.store.resource_version());
}

TEST(Store, indices_follow) {
    Told told;
    told.list({object("a", 1, "x"), object("b", 2, "x"), object("c", 3, "y")}, 3);
    EXPECT_EQ(2u, told.store.find_by("owner", "x").size());
    told.store.put(object("a", 4, "y"));
    told.store.remove(object("b", 5, "x"));
    EXPECT_EQ(0u, told.store.find_by("owner", "x").size());
    EXPECT_EQ(2u, told.store.find_by("owner", "y").size());
    EXPECT_EQ(0u, told.store.find_by("nothing", "y").size());
}

TEST(Store, it_knows_what_it_holds) {
    Told told;
    told.list({object("a", 1), object("b", 2)}, 3);
    const size_t both = told.store.bytes();
    told.store.remove(object("b", 4));
    EXPECT_EQ(both / 2, told.store.bytes());
    told.store.remove(object("a", 5));
    EXPECT_EQ(0u, told.store.bytes());
}

TEST(Store, versions_never_go_back) {
    Told told;
    told.list({}, 7);
    told.store.observe("5");
    EXPECT_EQ("7", told.store.resource_version());
    told.store.observe("10");
    EXPECT_EQ("10", told.store.resource_version());
}

TEST(Store, keys_are_found_by_an_index_without_their_objects) {
    Told told;
    told.list({object("a", 1, "x"), object("b", 2, "y"), object("c", 3, "x")}, 3);
    EXPECT_EQ((std::vector<ObjectKey>{{"s", "a"}, {"s", "c"}}), told.store.keys_by("owner", "x"));
    EXPECT_TRUE(told.store.keys_by("owner", "z").empty());
    EXPECT_EQ((std::map<std::string, size_t>{{"x", 2}, {"y", 1}}), told.store.counts_by("owner"));
    told.store.remove(object("b", 4, "y"));
    EXPECT_EQ((std::map<std::string, size_t>{{"x", 2}}), told.store.counts_by("owner"));
    EXPECT_TRUE(told.store.counts_by("none").empty());
}

}  // namespace
}  // namespace milena::kube
