#include "kube/election.h"

#include <gtest/gtest.h>

#include "unit/operator/kube/lease_server.h"

namespace milena::kube {
namespace {

struct Candidate {
    Candidate(LeaseServer& server, env::Clock& clock, const std::string& identity)
        : election(client, {.space = "s", .identity = identity}, clock, [this] { return version_seen; }) {
        transport.answer = [&server](const HttpRequest& request) { return server.answer(request); };
    }

    ScriptedTransport transport;
    Client client{transport};
    std::string version_seen;
    Election election;
};

struct Two {
    LeaseServer server;
    ManualClock clock;
    Candidate a{server, clock, "a"};
    Candidate b{server, clock, "b"};

    void both_tick_for(int seconds, bool is_a_alive = true) {
        for (int i = 0; i < seconds; i += 2) {
            if (is_a_alive) a.election.tick();
            b.election.tick();
            ASSERT_FALSE(a.election.is_leader() && b.election.is_leader());
            clock.advance(std::chrono::seconds(2));
            ASSERT_FALSE(a.election.is_leader() && b.election.is_leader());
        }
    }
};

TEST(Election, the_first_one_leads_and_stays) {
    Two two;
    two.both_tick_for(120);
    EXPECT_TRUE(two.a.election.is_leader());
    EXPECT_EQ(0, two.server.lease["spec"]["leaseTransitions"]);
}

TEST(Election, when_the_leader_is_silent_the_other_one_follows_after_the_lease) {
    Two two;
    two.both_tick_for(10);
    two.both_tick_for(14, false);
    EXPECT_FALSE(two.b.election.is_leader());
    EXPECT_FALSE(two.a.election.is_leader());  // by itself, before anybody else
    two.both_tick_for(6, false);
    EXPECT_TRUE(two.b.election.is_leader());
    EXPECT_EQ(1, two.server.lease["spec"]["leaseTransitions"]);
    EXPECT_EQ("b", two.server.lease["spec"]["holderIdentity"]);
}

// B2: stopped for a minute, then let go: nothing that it does then is written.
TEST(Election, one_that_was_stopped_may_not_write_when_it_goes_on) {
    Two two;
    two.both_tick_for(4);
    ScriptedTransport transport;
    Client writer(transport, [&] { return two.a.election.is_leader(); });
    two.both_tick_for(60, false);
    EXPECT_TRUE(two.b.election.is_leader());
    const auto removed = writer.remove(resource_type("Pod"), {"s", "p"}, {});
    ASSERT_FALSE(removed);
    EXPECT_EQ(Reason::not_leader, removed.error().reason);
    EXPECT_TRUE(transport.requests.empty());
    two.a.election.tick();
    EXPECT_FALSE(two.a.election.is_leader());
}

TEST(Election, A11_a_server_that_is_down_ends_leadership_at_the_deadline) {
    Two two;
    two.a.election.tick();
    two.server.is_down = true;
    for (int i = 0; i < 4; ++i) {
        two.clock.advance(std::chrono::seconds(2));
        two.a.election.tick();
        EXPECT_TRUE(two.a.election.is_leader());
    }
    two.clock.advance(std::chrono::seconds(2));
    EXPECT_FALSE(two.a.election.is_leader());
}

TEST(Election, a_renewal_that_loses_the_race_gives_up) {
    Two two;
    two.a.election.tick();
    two.a.transport.answer = [&](const HttpRequest& request) {
        if (request.method == "PUT") two.server.lease["metadata"]["resourceVersion"] = "changed";
        return two.server.answer(request);
    };
    two.clock.advance(std::chrono::seconds(9));
    two.a.election.tick();
    two.clock.advance(std::chrono::seconds(1));
    EXPECT_FALSE(two.a.election.is_leader());
}

TEST(Election, one_that_ends_well_hands_over_at_once) {
    Two two;
    two.both_tick_for(4);
    two.a.election.release();
    EXPECT_FALSE(two.a.election.is_leader());
    two.b.election.tick();
    EXPECT_TRUE(two.b.election.is_leader());
}

TEST(Election, no_answer_is_waited_for_beyond_the_deadline) {
    Two two;
    two.a.election.tick();
    two.clock.advance(std::chrono::seconds(8));
    two.a.election.tick();
    EXPECT_LE(two.a.transport.requests[2].deadline, Milliseconds(2000));
}

TEST(Election, A13_the_next_leader_is_told_what_the_last_one_has_seen) {
    Two two;
    two.a.version_seen = "120";
    two.both_tick_for(4);
    EXPECT_EQ("120", two.server.lease["metadata"]["annotations"]["milena.dev/resource-version"]);
    EXPECT_EQ("", two.a.election.version_before());
    two.a.version_seen = "";  // not sure any more: what is known stays
    two.both_tick_for(2);
    two.both_tick_for(20, false);
    EXPECT_TRUE(two.b.election.is_leader());
    EXPECT_EQ("120", two.b.election.version_before());
    two.b.version_seen = "130";
    two.both_tick_for(2, false);
    EXPECT_EQ("130", two.server.lease["metadata"]["annotations"]["milena.dev/resource-version"]);
}

TEST(Election, hostile_leases_are_held_by_somebody) {
    Two two;
    for (const char* spec : {"5", "{}", R"({"holderIdentity":7})"}) {
        two.server.lease = {{"metadata", {{"resourceVersion", "1"}, {"name", "milena-operator"}, {"namespace", "s"}}},
                            {"spec", nlohmann::json::parse(spec)}};
        Candidate c(two.server, two.clock, "c");
        c.election.tick();
        EXPECT_TRUE(c.election.is_leader());
    }
    two.server.lease["spec"] = {{"holderIdentity", "x"}, {"leaseDurationSeconds", 1'000'000'000}};
    two.b.election.tick();
    two.clock.advance(std::chrono::seconds(3600));
    two.b.election.tick();
    EXPECT_TRUE(two.b.election.is_leader());
}

}  // namespace
}  // namespace milena::kube
