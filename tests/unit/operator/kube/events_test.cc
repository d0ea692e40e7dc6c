#include "kube/events.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "unit/operator/kube/manual_world.h"

namespace milena::kube {
namespace {

using nlohmann::json;

const json cluster = {{"apiVersion", "milena.dev/v1alpha1"},
                      {"kind", "KafkaCluster"},
                      {"metadata", {{"namespace", "a"}, {"name", "demo"}, {"uid", "u"}}}};

struct Recorded {
    Recorded() {
        transport.answer = [](const HttpRequest&) { return HttpAnswer{200, "{}", {}}; };
    }

    json last() const { return json::parse(transport.requests.back().body); }
    std::string last_name() const { return last()["metadata"]["name"].get<std::string>(); }

    ScriptedTransport transport;
    Client client{transport};
    ManualClock clock;
    EventRecorder events{client, clock, "pod-1"};
};

TEST(Events, the_same_thing_is_one_event_that_counts) {
    Recorded recorded;
    const EventText text{true, "RollBlocked", "Restart", "topic t is at its minimum"};
    recorded.events.record(cluster, text);
    const json first = recorded.last();
    EXPECT_EQ("Warning", first["type"]);
    EXPECT_EQ("demo", first["regarding"]["name"]);
    EXPECT_FALSE(first.contains("series"));
    for (int i = 0; i < 100; ++i) recorded.events.record(cluster, text);
    EXPECT_EQ(1u, recorded.transport.requests.size());
    recorded.clock.advance(std::chrono::minutes(1));
    recorded.events.record(cluster, text);
    ASSERT_EQ(2u, recorded.transport.requests.size());
    EXPECT_EQ(102, recorded.last()["series"]["count"]);
    EXPECT_EQ(first["metadata"]["name"], recorded.last()["metadata"]["name"]);
    EXPECT_EQ(first["eventTime"], recorded.last()["eventTime"]);
}

// The API refuses another instance, time or type under the same name.
TEST(Events, whoever_begins_to_count_begins_another_event) {
    Recorded recorded;
    const EventText text{true, "RollBlocked", "Restart", "topic t is at its minimum"};
    recorded.events.record(cluster, text);
    const std::string first = recorded.last_name();
    EventRecorder other(recorded.client, recorded.clock, "pod-2");
    other.record(cluster, text);
    EXPECT_NE(first, recorded.last_name());
    recorded.clock.advance(Milliseconds(1));
    EventRecorder restarted(recorded.client, recorded.clock, "pod-1");
    restarted.record(cluster, text);
    EXPECT_NE(first, recorded.last_name());
    EventText harmless = text;
    harmless.is_warning = false;
    recorded.events.record(cluster, harmless);
    EXPECT_NE(first, recorded.last_name());
    EXPECT_FALSE(recorded.last().contains("series"));
}

TEST(Events, a_long_note_is_cut_between_characters_and_a_long_name_stays_one) {
    Recorded recorded;
    std::string note = "x";
    for (int i = 0; i < 1000; ++i) note += "\u00e4";
    json object = cluster;
    object["metadata"]["name"] = std::string(199, 'a') + "-b";
    recorded.events.record(object, {false, "Restarted", "Restart", note});
    EXPECT_EQ(note.substr(0, 999), recorded.last()["note"].get<std::string>());
    EXPECT_TRUE(recorded.last_name().starts_with(std::string(199, 'a') + "."));
}

TEST(Events, another_thing_is_another_event_and_old_ones_are_forgotten) {
    Recorded recorded;
    for (int i = 0; i < 1500; ++i) recorded.events.record(cluster, {false, "Restarted", "Restart", std::to_string(i)});
    EXPECT_EQ(1500u, recorded.transport.requests.size());
    EXPECT_LE(recorded.last()["metadata"]["name"].get<std::string>().size(), 253u);
}

}  // namespace
}  // namespace milena::kube
