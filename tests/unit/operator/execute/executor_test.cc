#include "execute/executor.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "unit/operator/kube/manual_world.h"

namespace milena::execute {
namespace {

using nlohmann::json;

struct SilentBrokers final : admin::Brokers {
    plan::Answers ask(const plan::Questions&) override { return {}; }
    Result<void, admin::Refusal> order(const plan::Action&) override {
        ++orders;
        if (!refusal.text.empty()) return unexpected(refusal);
        return {};
    }

    int orders = 0;
    admin::Refusal refusal;
};

// An API server that has the objects of a map, by the path of a request.
struct Ran {
    Ran() {
        transport.answer = [this](const kube::HttpRequest& request) -> kube::Outcome<kube::HttpAnswer> {
            const std::string path = request.target.substr(0, request.target.find('?'));
            asked.push_back(request.method + " " + path.substr(path.rfind('/') + 1));
            if (request.method != "GET") {
                if (refused == path.substr(path.rfind('/') + 1)) return kube::HttpAnswer{422, "", {}};
                return kube::HttpAnswer{200, R"({"metadata":{"resourceVersion":"7"}})", {}};
            }
            const auto found = there.find(path.substr(path.rfind('/') + 1));
            if (found == there.end()) return kube::HttpAnswer{404, "", {}};
            return kube::HttpAnswer{200, found->second.dump(), {}};
        };
    }

    Done run(const std::vector<plan::Step>& steps) { return executor.run(steps, {{"a", "demo"}, subject}, brokers); }

    const json subject = {{"apiVersion", "milena.dev/v1alpha1"},
                          {"kind", "KafkaTopic"},
                          {"metadata", {{"namespace", "a"}, {"name", "demo"}, {"uid", "u"}, {"resourceVersion", "3"}}}};
    std::map<std::string, json> there;
    std::string refused;
    std::vector<std::string> asked;
    kube::ScriptedTransport transport;
    bool may_write = true;
    kube::Client client{transport, [this] { return may_write; }};
    kube::ManualClock clock;
    kube::EventRecorder events{client, clock, "pod"};
    kube::OwnWrites writes;
    Executor executor{client, events, writes, clock};
    SilentBrokers brokers;
};

plan::Step apply(const std::string& name, const std::string& uid = "") {
    return {plan::Apply{{{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", {{"namespace", "a"}, {"name", name}}}},
                        uid}};
}

plan::Step remove_pod() { return {plan::Delete{"v1", "Pod", "p", "u1", "", false}, true}; }

using Asked = std::vector<std::string>;

TEST(Executor, steps_are_done_one_after_another) {
    Ran ran;
    const Done done = ran.run({apply("s1", "u1"), apply("s2", "u2"), remove_pod()});
    EXPECT_EQ((Asked{"PATCH s1", "PATCH s2", "DELETE p"}), ran.asked);
    EXPECT_EQ(3, done.steps);
    EXPECT_EQ("u1", json::parse(ran.transport.requests[0].body)["metadata"]["uid"]);
}

TEST(Executor, after_a_failure_what_is_applied_goes_on_and_nothing_is_disrupted) {
    Ran ran;
    ran.refused = "s1";
    const Done done =
        ran.run({apply("s1", "u1"), remove_pod(), {plan::Place{plan::PlacementOrder::drain, 1}}, apply("s2", "u2")});
    EXPECT_EQ((Asked{"PATCH s1", "PATCH s2"}), ran.asked);
    EXPECT_EQ(0, ran.brokers.orders);
    EXPECT_TRUE(done.was_interrupted);
    ASSERT_EQ(1u, done.failures.size());
    EXPECT_EQ("apply Service s1", done.failures[0].step);
}

TEST(Executor, A15_an_accessory_that_is_refused_holds_nothing_up) {
    Ran ran;
    plan::Step accessory = apply("s1", "u1");
    accessory.is_accessory = true;
    ran.refused = "s1";
    const Done done = ran.run({accessory, {plan::Place{}}, remove_pod()});
    EXPECT_TRUE(done.failures.empty());
    EXPECT_FALSE(done.was_interrupted);
    EXPECT_EQ(2, done.steps);
    ASSERT_EQ(1u, done.shortfalls.size());
    EXPECT_EQ("apply Service s1", done.shortfalls[0].step);
}

TEST(Executor, an_order_that_brokers_refuse_is_a_failure) {
    Ran ran;
    ran.brokers.refusal = {"no such broker"};
    const Done done = ran.run({{plan::Place{}}, remove_pod()});
    ASSERT_EQ(1u, done.failures.size());
    EXPECT_EQ("no such broker", done.failures[0].error.message);
    EXPECT_TRUE(done.failures[0].error.is_transient());
    EXPECT_TRUE(ran.asked.empty());
}

TEST(Executor, a_setting_that_brokers_will_never_take_is_invalid_and_is_not_written_down_as_done) {
    Ran ran;
    ran.brokers.refusal = {"INVALID_CONFIG: no", true};
    plan::Step is_done = apply("config", "u1");
    is_done.needs_all_before = true;
    const Done done = ran.run({{plan::AlterBrokerConfig{{{"a", "b"}}, {}}}, is_done, apply("s2", "u2")});
    EXPECT_EQ((Asked{"PATCH s2"}), ran.asked);
    ASSERT_EQ(1u, done.failures.size());
    EXPECT_EQ(kube::Reason::invalid, done.failures[0].error.reason);
    EXPECT_TRUE(done.failures[0].is_of_config);
    const Done of_one = ran.run({{plan::AlterBrokerConfig{{{"a", "b"}}, {}, 7}}});
    EXPECT_EQ("alter settings of broker 7", of_one.failures.at(0).step);
    EXPECT_FALSE(of_one.failures.at(0).is_of_config) << "the user's";
    ran.brokers.refusal = {};
    EXPECT_EQ(3, ran.run({{plan::AlterBrokerConfig{{{"a", "b"}}, {}}}, is_done, apply("s2", "u2")}).steps);
}

TEST(Executor, what_is_not_known_yet_is_looked_for_and_taken_only_if_it_is_ours) {
    Ran ran;
    EXPECT_TRUE(ran.run({apply("new")}).failures.empty());
    ran.there["ours"] = {{"metadata", {{"uid", "own"}, {"ownerReferences", json::array({{{"uid", "u"}}})}}}};
    EXPECT_TRUE(ran.run({apply("ours")}).failures.empty());
    EXPECT_EQ("own", json::parse(ran.transport.requests.back().body)["metadata"]["uid"]);
    ran.there["theirs"] = {{"metadata", {{"uid", "other"}, {"ownerReferences", json::array({{{"uid", "x"}}})}}}};
    const Done done = ran.run({apply("theirs")});
    ASSERT_EQ(1u, done.failures.size());
    EXPECT_EQ(kube::Reason::conflict, done.failures[0].error.reason);
    EXPECT_EQ((Asked{"GET new", "PATCH new", "GET ours", "PATCH ours", "GET theirs"}), ran.asked);
}

TEST(Executor, without_the_lease_neither_the_server_nor_a_broker_hears_of_it) {
    Ran ran;
    ran.may_write = false;
    EXPECT_EQ(1u, ran.run({{plan::Place{}}}).failures.size());
    EXPECT_EQ(1u, ran.run({{plan::Place{}}, {plan::Place{}}}).failures.size());
    EXPECT_EQ(1u, ran.run({apply("s", "u"), apply("t", "u")}).failures.size());
    EXPECT_EQ(0, ran.brokers.orders);
    EXPECT_TRUE(ran.asked.empty());
}

TEST(Executor, what_was_written_is_waited_for) {
    Ran ran;
    ran.run({apply("s", "u1"), remove_pod()});
    std::string version = "6";
    bool is_live = true;
    const kube::Seen seen{[&](const std::string&) { return version; },
                          [&](const std::string&, const kube::ObjectKey&, const std::string&) { return is_live; }};
    EXPECT_FALSE(ran.writes.are_seen({"a", "demo"}, seen, {}));
    version = "7";
    EXPECT_FALSE(ran.writes.are_seen({"a", "demo"}, seen, {}));
    is_live = false;
    EXPECT_TRUE(ran.writes.are_seen({"a", "demo"}, seen, {}));
}

// Two plans, whose orders are given together, each after what comes before it in its own plan.
TEST(Executor, what_several_plans_order_of_brokers_goes_out_together) {
    Ran ran;
    const std::vector<plan::Step> with_finalizer{{plan::SetFinalizer{true}}, {plan::CreateTopic{"t1", 1, 1, {}}}};
    const std::vector<plan::Step> refused{{plan::CreateTopic{"t2", 1, 1, {}}}, {plan::SetFinalizer{true}}};
    const std::vector<plan::Step> two{{plan::CreatePartitions{"t3", 2}}, {plan::AlterTopicConfig{"t3", {}, {"x"}}}};
    std::vector<size_t> sizes;
    const auto done = ran.executor.run({{with_finalizer, {{"a", "demo"}, ran.subject}},
                                        {refused, {{"a", "demo"}, ran.subject}},
                                        {two, {{"a", "demo"}, ran.subject}}},
                                       [&](const std::vector<plan::Action>& actions) {
                                           sizes.push_back(actions.size());
                                           std::vector<kube::Outcome<void>> outcomes(actions.size());
                                           if (actions.size() == 3)
                                               outcomes[1] = unexpected(kube::Error{kube::Reason::invalid, 0, "no"});
                                           return outcomes;
                                       });
    EXPECT_EQ((std::vector<size_t>{3, 1}), sizes);
    ASSERT_EQ(3u, done.size());
    EXPECT_EQ(2, done[0].steps);
    EXPECT_TRUE(done[0].object);
    EXPECT_EQ("create topic t2", done[1].failures.at(0).step);
    EXPECT_TRUE(done[1].was_interrupted);
    EXPECT_EQ(2, done[2].steps);
    EXPECT_EQ((Asked{"PATCH demo"}), ran.asked);
}

TEST(Executor, a_finalizer_is_set_once_and_only_on_what_was_read) {
    Ran ran;
    EXPECT_TRUE(ran.run({{plan::SetFinalizer{false}}}).failures.empty());
    EXPECT_TRUE(ran.asked.empty());
    EXPECT_TRUE(ran.run({{plan::SetFinalizer{true}}}).failures.empty());
    const json patch = json::parse(ran.transport.requests.back().body);
    EXPECT_EQ(json::array({"milena.dev/topic"}), patch["metadata"]["finalizers"]);
    EXPECT_EQ("3", patch["metadata"]["resourceVersion"]);
}

}  // namespace
}  // namespace milena::execute
