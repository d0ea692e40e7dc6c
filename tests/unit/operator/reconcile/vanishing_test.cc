#include "reconcile/vanishing.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "reconcile/topic_place.h"

namespace milena::reconcile {
namespace {

using nlohmann::json;
using std::chrono::minutes;
using std::chrono::seconds;

// A kind of which there are so many, some of which go.
struct Going {
    void goes(int number, bool is_gone = false) {
        const json object = {
            {"metadata", {{"name", std::to_string(number)}, {"deletionTimestamp", "2026-11-30T00:00:00Z"}}}};
        tell(number, is_gone ? kube::Change::Kind::removed : kube::Change::Kind::put, object);
    }
    void comes(int number) { tell(number, kube::Change::Kind::put, {{"metadata", json::object()}}); }
    void tell(int number, kube::Change::Kind kind, const json& object) {
        vanishing.note({kind, key(number), object}, now);
    }
    static kube::ObjectKey key(int number) { return {"a", std::to_string(number)}; }

    Instant now{};
    Vanishing vanishing{"KafkaTopic"};
};

TEST(Vanishing, A14_when_most_go_at_once_they_are_many_for_some_minutes) {
    Going going;
    for (int i = 0; i < 10; ++i) {
        EXPECT_FALSE(going.vanishing.are_many(19, going.now));
        going.goes(i);
    }
    EXPECT_TRUE(going.vanishing.are_many(19, going.now));
    EXPECT_FALSE(going.vanishing.are_many(20, going.now));
    going.now = going.now + minutes(9);
    EXPECT_TRUE(going.vanishing.are_many(19, going.now));
    going.now = going.now + minutes(1);
    EXPECT_FALSE(going.vanishing.are_many(19, going.now));
}

TEST(Vanishing, A14_those_that_are_gone_were_there) {
    Going going;
    for (int i = 0; i < 12; ++i) going.goes(i, true);
    EXPECT_TRUE(going.vanishing.are_many(11, going.now));
    EXPECT_FALSE(going.vanishing.are_many(12, going.now));
    for (int i = 0; i < 12; ++i) going.comes(i);
    EXPECT_FALSE(going.vanishing.are_many(12, going.now));
}

TEST(Vanishing, those_that_go_with_their_namespace_are_not_counted) {
    Going going;
    for (int i = 0; i < 6; ++i) going.goes(i, true);
    for (int i = 6; i < 12; ++i) going.goes(i);
    EXPECT_TRUE(going.vanishing.are_many(6 + 9, going.now));
    going.vanishing.order("another");
    EXPECT_TRUE(going.vanishing.are_many(6 + 9, going.now));
    EXPECT_FALSE(going.vanishing.was_ordered(Going::key(1)));
    going.vanishing.order("a");
    EXPECT_TRUE(going.vanishing.was_ordered(Going::key(1)));
    EXPECT_FALSE(going.vanishing.are_many(6 + 9, going.now));
    // Nor do they hide that most of the others go: 12 of 23, not of 29 or 35.
    for (int i = 6; i < 12; ++i) going.goes(i, true);
    for (int i = 20; i < 32; ++i) going.goes(i);
    EXPECT_TRUE(going.vanishing.are_many(23, going.now));
    EXPECT_FALSE(going.vanishing.are_many(24, going.now));
    // One of the same name that came back and goes again isn't ordered by what was.
    going.comes(1);
    going.goes(1);
    EXPECT_TRUE(going.vanishing.goes(Going::key(1)));
    EXPECT_FALSE(going.vanishing.was_ordered(Going::key(1)));
}

TEST(Vanishing, the_first_one_waits_until_it_is_known_how_many_go) {
    Going going;
    EXPECT_EQ(seconds(2), going.vanishing.settles_in(Going::key(1), going.now)) << "it isn't told of yet";
    going.goes(1);
    EXPECT_EQ(seconds(2), going.vanishing.settles_in(Going::key(1), going.now));
    going.now = going.now + seconds(1);
    going.goes(1);  // told again: nothing new
    EXPECT_EQ(seconds(1), going.vanishing.settles_in(Going::key(1), going.now));
    going.now = going.now + seconds(1);
    EXPECT_EQ(Duration{}, going.vanishing.settles_in(Going::key(1), going.now));
}

TEST(TopicPlace, is_the_cluster_and_the_topic_that_a_resource_names) {
    const auto place = [](const char* text) { return topic_place_of(json::parse(text)).to_string(); };
    EXPECT_EQ("a/demo/orders", place(R"({"metadata":{"namespace":"a","name":"orders"},
                                         "spec":{"clusterRef":{"name":"demo"}}})"));
    EXPECT_EQ("b/demo/The_Orders", place(R"({"metadata":{"namespace":"a","name":"orders"},
                                             "spec":{"clusterRef":{"name":"demo","namespace":"b"},
                                                     "topicName":"The_Orders"}})"));
    for (const char* hostile :
         {R"({"metadata":{"namespace":"a","name":"o"}})", R"({"metadata":{"namespace":"a","name":"o"},"spec":7})",
          R"({"metadata":{"namespace":"a","name":"o"},"spec":{"clusterRef":[],"topicName":1}})"})
        EXPECT_EQ("a//o", place(hostile)) << hostile;
}

}  // namespace
}  // namespace milena::reconcile
