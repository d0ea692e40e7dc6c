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

TEST(Events, another_thing_is_another_event_and_old_ones_are_forgotten) {
    Recorded recorded;
    for (int i = 0; i < 1500; ++i) recorded.events.record(cluster, {false, "Restarted", "Restart", std::to_string(i)});
    EXPECT_EQ(1500u, recorded.transport.requests.size());
    EXPECT_LE(recorded.last()["metadata"]["name"].get<std::string>().size(), 253u);
}

}  // namespace
}  // namespace milena::kube
