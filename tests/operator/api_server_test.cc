// Scenarios A: what the API server does to those who watch it, each under its id.
#include <gtest/gtest.h>

#include "kube/events.h"
#include "operator/world.h"

namespace milena::kube {
namespace {

using fake::Break;
using fake::Fault;
using nlohmann::json;

TEST(ApiServer, a_reflector_lists_by_pages_then_follows_every_change) {
    KubeWorld world;
    for (int i = 0; i < 7; ++i) world.fake.put(config_map("m" + std::to_string(i)));
    Watched maps(world, "ConfigMap", [](ReflectorConfig& config) { config.page_limit = 3; });
    ASSERT_TRUE(world.fake.await([&] { return maps.store.size() == 7; }));
    EXPECT_EQ(3, world.fake.count("LIST"));
    world.fake.put(config_map("m1", "2"));
    world.fake.put(config_map("m9"));
    world.fake.remove("ConfigMap", "a", "m0");
    ASSERT_TRUE(world.fake.await([&] { return maps.removals == 1 && maps.puts == 9; }));
    EXPECT_EQ("2", (*maps.store.find({"a", "m1"}))["data"]["value"]);
    EXPECT_FALSE((*maps.store.find({"a", "m2"}))["metadata"].contains("managedFields"));
    EXPECT_EQ(7u, maps.store.find_by("app", "x").size());
    EXPECT_EQ(1u, maps.reflector.stats().lists);
}

// What has changed while nobody could watch is told once each, and what was deleted too; what is the same isn't told.
void change_unseen(KubeWorld& world) {
    world.fake.put(config_map("m1", "2"));
    world.fake.put(config_map("m3"));
    world.fake.remove("ConfigMap", "a", "m2");
    world.fake.change([](fake::Objects& objects) { objects.compact(); });
}

void expect_one_relist(KubeWorld& world, Watched& maps) {
    ASSERT_TRUE(world.fake.await([&] { return maps.has("a", "m3") && world.fake.open_watches() == 1; }));
    EXPECT_EQ(2u, maps.reflector.stats().lists);
    EXPECT_EQ(3 + 2, maps.puts);
    EXPECT_EQ(1, maps.removals);
}

struct ThreeMaps {
    ThreeMaps() {
        for (int i = 0; i < 3; ++i) world.fake.put(config_map("m" + std::to_string(i)));
        maps = std::make_unique<Watched>(world, "ConfigMap");
        is_ready = world.fake.await([&] { return maps->store.size() == 3 && world.fake.open_watches() == 1; });
    }

    KubeWorld world;
    std::unique_ptr<Watched> maps;
    bool is_ready = false;
};

TEST(ApiServer, A1_a_watch_answered_with_410_lists_again_and_tells_differences_only) {
    ThreeMaps three;
    ASSERT_TRUE(three.is_ready);
    // The next watch waits until everything has changed.
    three.world.fake.inject(
        {.kind = Fault::Kind::status, .method = "WATCH", .status = 503, .reason = "ServiceUnavailable"});
    three.world.fake.break_watches(Break::silent);
    change_unseen(three.world);
    three.world.fake.pause();
    three.world.fake.resume();
    expect_one_relist(three.world, *three.maps);
}

TEST(ApiServer, A2_an_event_of_410_within_the_stream_lists_again) {
    ThreeMaps three;
    ASSERT_TRUE(three.is_ready);
    three.world.fake.break_watches(Break::expired);
    ASSERT_TRUE(three.world.fake.await([&] { return three.maps->reflector.stats().lists == 2; }));
    ASSERT_TRUE(three.world.fake.await([&] { return three.world.fake.open_watches() == 1; }));
    EXPECT_EQ(3, three.maps->puts);
    EXPECT_EQ(0, three.maps->removals);
}

TEST(ApiServer, A3_pages_that_expire_begin_anew_and_the_old_state_is_served_meanwhile) {
    KubeWorld world;
    for (int i = 0; i < 6; ++i) world.fake.put(config_map("m" + std::to_string(i)));
    Watched maps(world, "ConfigMap", [](ReflectorConfig& config) { config.page_limit = 4; });
    ASSERT_TRUE(world.fake.await([&] { return maps.store.size() == 6 && world.fake.open_watches() == 1; }));
    world.fake.forget_log();
    world.fake.inject({.method = "LIST", .after = 1, .times = 2, .status = 410, .reason = "Expired"});
    world.fake.break_watches(Break::expired);
    ASSERT_TRUE(world.fake.await([&] {
        EXPECT_EQ(6u, maps.store.size());
        return maps.reflector.stats().lists == 2;
    }));
    // One page and a refusal, a refusal... until both pages came.
    EXPECT_GE(world.fake.count("LIST"), 4);
    EXPECT_EQ(6, maps.puts);
}

TEST(ApiServer, A4_too_many_requests_are_waited_out_as_long_as_the_server_says) {
    KubeWorld world;
    world.fake.inject({.method = "LIST", .status = 429, .reason = "TooManyRequests", .retry_after_seconds = 1});
    const Instant begin = world.clock.now();
    Watched maps(world, "ConfigMap");
    ASSERT_TRUE(world.fake.await([&] { return maps.store.is_synced(); }));
    EXPECT_GE(in_seconds(world.clock.now() - begin), 1.0);
    EXPECT_EQ(2, world.fake.count("LIST"));
}

TEST(ApiServer, A5_conflicts_and_names_that_are_taken_are_told_apart) {
    KubeWorld world;
    json object = world.fake.put(config_map("m"));
    world.fake.put(config_map("m", "2"));
    const auto replaced = world.client.replace(resource_type("ConfigMap"), object);
    ASSERT_FALSE(replaced);
    EXPECT_EQ(Reason::conflict, replaced.error().reason);
    const auto created = world.client.create(resource_type("ConfigMap"), config_map("m"));
    ASSERT_FALSE(created);
    EXPECT_EQ(Reason::already_exists, created.error().reason);
    EXPECT_EQ("2", (*world.fake.find("ConfigMap", "a", "m"))["data"]["value"]);
}

TEST(ApiServer, A6_what_is_invalid_is_no_matter_of_time) {
    KubeWorld world;
    world.fake.inject({.method = "PATCH", .status = 422, .reason = "Invalid"});
    const auto applied = world.client.apply(resource_type("ConfigMap"), config_map("m"));
    ASSERT_FALSE(applied);
    EXPECT_EQ(Reason::invalid, applied.error().reason);
    EXPECT_FALSE(applied.error().is_transient());
}

TEST(ApiServer, A7_a_cut_within_an_event_resumes_where_the_last_whole_one_was) {
    ThreeMaps three;
    ASSERT_TRUE(three.is_ready);
    three.world.fake.break_watches(Break::cut_mid_event);
    ASSERT_TRUE(three.world.fake.await([&] { return three.world.fake.count("WATCH") == 2; }));
    three.world.fake.put(config_map("m3"));
    ASSERT_TRUE(three.world.fake.await([&] { return three.maps->has("a", "m3"); }));
    EXPECT_EQ(1u, three.maps->reflector.stats().lists);
    EXPECT_EQ(4, three.maps->puts);
}

TEST(ApiServer, A8_an_end_between_events_resumes_without_a_list) {
    for (const Break how : {Break::cut, Break::end}) {
        ThreeMaps three;
        ASSERT_TRUE(three.is_ready);
        three.world.fake.break_watches(how);
        ASSERT_TRUE(three.world.fake.await([&] { return three.world.fake.open_watches() == 1; }));
        three.world.fake.put(config_map("m3"));
        ASSERT_TRUE(three.world.fake.await([&] { return three.maps->has("a", "m3"); }));
        EXPECT_EQ(1, three.world.fake.count("LIST"));
    }
}

// The server has said a second, the margin is 200 ms: a reader that believes the connection would wait for ever.
TEST(ApiServer, A9_a_connection_that_went_silent_is_given_up) {
    KubeWorld world;
    world.fake.put(config_map("m0"));
    Watched maps(world, "ConfigMap", [](ReflectorConfig& config) {
        config.watch_timeout = Milliseconds(1000);
        config.idle_margin = Milliseconds(200);
    });
    ASSERT_TRUE(world.fake.await([&] { return world.fake.open_watches() == 1; }));
    world.fake.break_watches(Break::silent);
    world.fake.put(config_map("m1"));
    ASSERT_TRUE(world.fake.await([&] { return maps.has("a", "m1"); }));
    EXPECT_EQ(1, world.fake.count("LIST"));
}

TEST(ApiServer, A10_a_slow_server_gets_no_object_twice) {
    KubeWorld world;
    world.fake.inject({.kind = Fault::Kind::slow, .method = "PATCH", .delay = Milliseconds(300)});
    world.client.set_deadline(Milliseconds(100));
    const auto late = world.client.apply(resource_type("ConfigMap"), config_map("m"));
    ASSERT_FALSE(late);
    EXPECT_EQ(Reason::timed_out, late.error().reason);
    world.client.set_deadline(Milliseconds(5000));
    ASSERT_TRUE(world.client.apply(resource_type("ConfigMap"), config_map("m")));
    ASSERT_TRUE(world.fake.await([&] { return world.fake.count("PATCH") == 2; }));
    EXPECT_EQ(1u, world.fake.list("ConfigMap").size());
}

TEST(ApiServer, A12_a_lost_answer_and_the_library_sending_again_leave_one_object) {
    KubeWorld world;
    ASSERT_TRUE(world.client.list(resource_type("ConfigMap"), "a", {}));  // a connection that is pooled
    world.fake.inject({.kind = Fault::Kind::lost_answer, .method = "PATCH"});
    const auto applied = world.client.apply(resource_type("ConfigMap"), config_map("m"));
    if (!applied) ASSERT_TRUE(world.client.apply(resource_type("ConfigMap"), config_map("m")));
    EXPECT_EQ(1u, world.fake.list("ConfigMap").size());
    EXPECT_EQ(1, (*world.fake.find("ConfigMap", "a", "m"))["metadata"]["generation"]);

    world.fake.inject({.kind = Fault::Kind::lost_answer, .method = "POST"});
    EXPECT_FALSE(world.client.create(resource_type("ConfigMap"), config_map("n")));
    EXPECT_EQ(1, world.fake.count("POST"));
    const auto again = world.client.create(resource_type("ConfigMap"), config_map("n"));
    ASSERT_FALSE(again);
    EXPECT_EQ(Reason::already_exists, again.error().reason);
}

TEST(ApiServer, A13_a_list_that_is_older_than_what_was_seen_is_refused) {
    KubeWorld world;
    world.fake.put(config_map("m0"));
    const std::string seen = std::to_string(world.fake.version() + 10);
    Watched maps(world, "ConfigMap", {}, seen);
    ASSERT_TRUE(world.fake.await([&] { return maps.reflector.stats().stale_lists >= 2; }));
    EXPECT_FALSE(maps.store.is_synced());
    EXPECT_EQ(0, maps.puts);
    world.fake.change([](fake::Objects& objects) { objects.skip_versions(10); });
    EXPECT_TRUE(world.fake.await([&] { return maps.store.is_synced(); }));
    EXPECT_EQ(1, maps.puts);
}

TEST(ApiServer, A13_what_another_process_has_seen_is_listed_anew) {
    KubeWorld world;
    world.fake.put(config_map("m0"));
    Watched maps(world, "ConfigMap");
    ASSERT_TRUE(world.fake.await([&] { return maps.store.is_synced() && world.fake.open_watches() == 1; }));
    maps.reflector.require(std::to_string(world.fake.version()));
    EXPECT_FALSE(maps.reflector.is_behind());
    maps.reflector.require(std::to_string(world.fake.version() + 10));
    EXPECT_TRUE(maps.reflector.is_behind());
    ASSERT_TRUE(world.fake.await([&] { return maps.reflector.stats().stale_lists >= 1; }));
    EXPECT_TRUE(maps.reflector.is_behind());
    world.fake.change([](fake::Objects& objects) { objects.skip_versions(10); });
    ASSERT_TRUE(world.fake.await([&] { return !maps.reflector.is_behind(); }));
    EXPECT_EQ(2u, maps.reflector.stats().lists);
    EXPECT_EQ(1, maps.puts);
}

TEST(ApiServer, A14_when_all_objects_are_gone_at_once_it_is_said) {
    ThreeMaps three;
    ASSERT_TRUE(three.is_ready);
    three.world.fake.inject({.method = "WATCH", .times = 1, .status = 410, .reason = "Expired"});
    three.world.fake.pause();
    for (int i = 0; i < 3; ++i) three.world.fake.remove("ConfigMap", "a", "m" + std::to_string(i));
    three.world.fake.resume();
    ASSERT_TRUE(three.world.fake.await([&] { return three.maps->store.size() == 0; }));
    EXPECT_EQ(1u, three.maps->reflector.stats().vanished);
}

TEST(ApiServer, A15_a_kind_that_may_not_be_read_leaves_the_others_alone) {
    KubeWorld world;
    world.fake.put(config_map("m"));
    world.fake.inject({.path_part = "services", .times = 1'000'000, .status = 403, .reason = "Forbidden"});
    Watched services(world, "Service");
    Watched maps(world, "ConfigMap");
    ASSERT_TRUE(world.fake.await([&] { return maps.store.is_synced() && services.reflector.stats().failures > 1; }));
    ASSERT_TRUE(services.reflector.stats().error);
    EXPECT_EQ(Reason::forbidden, services.reflector.stats().error->reason);
    EXPECT_FALSE(services.store.is_synced());
}

TEST(ApiServer, A15_a_kind_that_is_not_installed_is_no_failure_and_is_found_when_it_comes) {
    KubeWorld world;
    world.fake.put(config_map("m"));
    world.fake.inject({.method = "LIST", .times = 3, .status = 404, .reason = "NotFound"});
    Watched maps(world, "ConfigMap", [](ReflectorConfig& config) {
        config.may_be_absent = true;
        config.watch_timeout = Milliseconds(20);
    });
    ASSERT_TRUE(world.fake.await([&] { return maps.has("a", "m"); }));
    EXPECT_EQ(4, world.fake.count("LIST"));
    EXPECT_EQ(0u, maps.reflector.stats().failures);
}

TEST(ApiServer, A18_a_watch_that_is_late_ends_in_the_same_state) {
    KubeWorld world;
    world.fake.set_duplicates(true);
    Watched maps(world, "ConfigMap");
    ASSERT_TRUE(world.fake.await([&] { return world.fake.open_watches() == 1; }));
    world.fake.change([](fake::Objects& objects) {
        const fake::Place place{"api/v1/configmaps", "a", "m"};
        objects.create({place.resource, "a", ""}, config_map("m"));
        objects.merge_patch(place, {{"data", {{"value", "2"}}}});
        objects.remove(place, nlohmann::json::object());
        objects.create({place.resource, "a", ""}, config_map("n"));
        objects.create({place.resource, "a", ""}, config_map("m", "3"));
    });
    ASSERT_TRUE(world.fake.await([&] { return maps.reflector.stats().events == 10; }));
    EXPECT_EQ("3", (*maps.store.find({"a", "m"}))["data"]["value"]);
    EXPECT_EQ(2u, maps.store.size());
    EXPECT_EQ(4, maps.puts);
    EXPECT_EQ(1, maps.removals);
}

// What others write moves the version on; a watch that only ever heard bookmarks goes on from the last of them.
TEST(ApiServer, A19_bookmarks_alone_spare_the_next_list) {
    KubeWorld world;
    world.fake.put(config_map("m"));
    Watched maps(world, "ConfigMap");
    ASSERT_TRUE(world.fake.await([&] { return world.fake.open_watches() == 1; }));
    for (int i = 0; i < 20; ++i) world.fake.put(service("s" + std::to_string(i)));
    world.fake.set_bookmark_interval(Milliseconds(10));
    const std::string version = std::to_string(world.fake.version());
    ASSERT_TRUE(world.fake.await([&] { return maps.store.resource_version() == version; }));
    world.fake.change([](fake::Objects& objects) { objects.compact(); });
    world.fake.break_watches(Break::end);
    ASSERT_TRUE(world.fake.await([&] { return world.fake.count("WATCH") == 2 && world.fake.open_watches() == 1; }));
    EXPECT_EQ(1u, maps.reflector.stats().lists);
}

TEST(ApiServer, A20_a_server_that_restarts_costs_no_list) {
    ThreeMaps three;
    ASSERT_TRUE(three.is_ready);
    for (int i = 0; i < 3; ++i) {
        three.world.fake.pause();
        three.world.fake.resume();
        ASSERT_TRUE(three.world.fake.await([&] { return three.world.fake.open_watches() == 1; }));
    }
    three.world.fake.put(config_map("m3"));
    ASSERT_TRUE(three.world.fake.await([&] { return three.maps->has("a", "m3"); }));
    EXPECT_EQ(1u, three.maps->reflector.stats().lists);
}

TEST(ApiServer, A21_large_objects_and_many_of_them_stay_compact) {
    KubeWorld world;
    world.fake.put(config_map("large", std::string(1'500'000, 'x')));
    for (int i = 0; i < 2000; ++i) world.fake.put(config_map("m" + std::to_string(i)));
    Watched maps(world, "ConfigMap");
    ASSERT_TRUE(world.fake.await([&] { return maps.store.size() == 2001; }));
    world.fake.put(config_map("large", std::string(1'400'000, 'y')));
    ASSERT_TRUE(world.fake.await([&] { return maps.puts == 2002; }));
    EXPECT_LT(maps.store.bytes(), 1'400'000u + 2000 * 400);
}

TEST(ApiServer, A22_fields_of_a_newer_version_survive_what_we_write) {
    KubeWorld world;
    json object = config_map("m");
    object["newer"] = {{"mode", "Unheard"}};
    world.fake.put(object);
    ASSERT_TRUE(world.client.apply(resource_type("ConfigMap"), config_map("m", "2")));
    const json stored = *world.fake.find("ConfigMap", "a", "m");
    EXPECT_EQ("Unheard", stored["newer"]["mode"]);
    EXPECT_EQ("2", stored["data"]["value"]);
    Watched maps(world, "ConfigMap");
    ASSERT_TRUE(world.fake.await([&] { return maps.store.size() == 1; }));
    EXPECT_EQ("Unheard", (*maps.store.find({"a", "m"}))["newer"]["mode"]);
}

TEST(ApiServer, fields_that_are_no_longer_applied_go_and_those_of_others_stay) {
    KubeWorld world;
    json first = config_map("m");
    first["data"]["ours"] = "x";
    ASSERT_TRUE(world.client.apply(resource_type("ConfigMap"), first));
    ASSERT_TRUE(world.client.merge_patch(resource_type("ConfigMap"), {"a", "m"}, {{"data", {{"theirs", "y"}}}}));
    ASSERT_TRUE(world.client.apply(resource_type("ConfigMap"), config_map("m")));
    const json stored = *world.fake.find("ConfigMap", "a", "m");
    EXPECT_FALSE(stored["data"].contains("ours"));
    EXPECT_EQ("y", stored["data"]["theirs"]);
}

TEST(ApiServer, a_delete_of_another_uid_deletes_nothing) {
    KubeWorld world;
    world.fake.put(config_map("m"));
    const auto removed = world.client.remove(resource_type("ConfigMap"), {"a", "m"}, {.uid = "another"});
    ASSERT_FALSE(removed);
    EXPECT_EQ(Reason::conflict, removed.error().reason);
    EXPECT_TRUE(world.fake.find("ConfigMap", "a", "m"));
    const std::string uid = uid_of(*world.fake.find("ConfigMap", "a", "m"));
    EXPECT_TRUE(world.client.remove(resource_type("ConfigMap"), {"a", "m"}, {.uid = uid}));
    EXPECT_TRUE(world.client.remove(resource_type("ConfigMap"), {"a", "m"}, {.uid = uid}));
}

// An event says who has seen it and when first, and the API lets nobody change that.
TEST(ApiServer, B_an_operator_that_follows_another_tells_events_of_its_own) {
    KubeWorld world;
    const json object = config_map("x");
    const kube::EventText text{true, "RollBlocked", "Restart", "topic t is at its minimum"};
    for (const char* instance : {"first", "second", "second"}) {  // the last: restarted in the same pod
        kube::EventRecorder events(world.client, world.clock, instance);
        events.record(object, text);
        world.fake.await([begin = world.clock.wall(), &world] { return world.clock.wall() != begin; });
    }
    const auto told = world.fake.list("Event");
    ASSERT_EQ(3u, told.size());
    std::multiset<std::string> by;
    for (const json& event : told) by.insert(event["reportingInstance"].get<std::string>());
    EXPECT_EQ((std::multiset<std::string>{"first", "second", "second"}), by);
}

TEST(ApiServer, what_an_event_said_first_stays_and_its_series_grows) {
    KubeWorld world;
    const kube::ResourceType& type = kube::resource_type("Event");
    json event = {{"apiVersion", "events.k8s.io/v1"},
                  {"kind", "Event"},
                  {"metadata", {{"namespace", "a"}, {"name", "x.1"}}},
                  {"eventTime", "2026-11-30T00:00:00.000000Z"},
                  {"reportingInstance", "first"}};
    ASSERT_TRUE(world.client.apply(type, event));
    event["series"] = {{"count", 2}, {"lastObservedTime", "2026-11-30T00:01:00.000000Z"}};
    EXPECT_TRUE(world.client.apply(type, event));
    for (const char* fixed : {"eventTime", "reportingInstance", "regarding"}) {
        json other = event;
        other[fixed] = "2026-11-30T00:02:00.000000Z";
        const auto refused = world.client.apply(type, other);
        ASSERT_FALSE(refused) << fixed;
        EXPECT_EQ(kube::Reason::invalid, refused.error().reason);
    }
}

TEST(ApiServer, whoever_may_not_write_sends_nothing) {
    KubeWorld world;
    Client reader(*world.transport, [] { return false; });
    const auto applied = reader.apply(resource_type("ConfigMap"), config_map("m"));
    ASSERT_FALSE(applied);
    EXPECT_EQ(Reason::not_leader, applied.error().reason);
    EXPECT_TRUE(world.fake.log().empty());
}

}  // namespace
}  // namespace milena::kube
