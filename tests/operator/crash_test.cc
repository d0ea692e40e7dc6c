// B: the operator is killed at each call of each scenario, before the call takes effect and after, and another one goes
// on: what there is in the end is the same, and so is what was disrupted on the way.
#include <gtest/gtest.h>

#include "base/log.h"
#include "cases.h"
#include "operator/end_state.h"
#include "operator/running.h"
#include "operator/stepped.h"

namespace milena {
namespace {

using Kill = Lifeline::Kill;

// What a user does, and how it is seen that this is done.
struct Phase {
    std::function<void(fake::FakeKube&)> edit;
    std::function<bool(const fake::FakeKube&)> is_done;
};

struct Scenario {
    std::vector<Phase> before;  // what there is already
    std::vector<Phase> phases;
};

struct Outcome {
    json end;         // all that there is
    json disruption;  // what was taken away on the way, and how often
    int calls = 0;
    int kills = 0;
};

// An operator and, if that is killed, the next one.
class Play {
  public:
    explicit Play(SteppedWorld& world) : world_(world) { start(); }

    bool run(const std::vector<Phase>& phases) {
        for (const Phase& phase : phases) {
            phase.edit(world_.fake);
            int seconds = 0;
            while (seconds < 900 && !(second() && phase.is_done(world_.fake))) ++seconds;
            if (seconds == 900) return false;
        }
        return true;
    }
    // What follows only later is waited for as well.
    void rest() {
        for (int i = 0; i < 10; ++i) second();
    }
    int kills() const { return starts_ - 1; }

  private:
    // False: the operator was killed in it.
    bool second() {
        try {
            operator_->work();
        } catch (const Killed&) {
            start();
            return false;
        }
        world_.go_on();
        return true;
    }
    void start() {
        operator_.reset();
        operator_ = std::make_unique<SteppedOperator>(world_, "operator-" + std::to_string(++starts_));
    }

    SteppedWorld& world_;
    int starts_ = 0;
    std::unique_ptr<SteppedOperator> operator_;
};

// What is there already when a scenario begins.
struct Found {
    fake::Objects objects;
    Instant now;
};

Found found_after(const std::vector<Phase>& phases) {
    SteppedWorld world;
    EXPECT_TRUE(Play(world).run(phases));
    Found found{{}, world.clock.now()};
    world.fake.change([&](const fake::Objects& objects) { found.objects = objects; });
    return found;
}

Outcome play(const Found& found, const std::vector<Phase>& phases, Kill kill = Kill::never, int at = 0) {
    SteppedWorld world;
    world.fake.change([&](fake::Objects& objects) { objects = found.objects; });
    world.clock.at = found.now;
    world.go_on();
    world.line.begin(kill, at);
    Play play(world);
    EXPECT_TRUE(play.run(phases));
    play.rest();
    json end{{"objects", end_state(world.fake)}, {"brokers", world.brokers.state()}, {"topics", world.topics.state()}};
    const size_t begin = found.objects.history().size();
    return {std::move(end), disruption(world.fake, begin), world.line.calls(), play.kills()};
}

// What was disrupted, and how often.
json survives_kills(const Scenario& scenario) {
    set_log_level(LogLevel::error);  // of hundreds of runs
    const Found found = found_after(scenario.before);
    const Outcome undisturbed = play(found, scenario.phases);
    const int stride = undisturbed.calls / static_cast<int>(cases(static_cast<uint64_t>(undisturbed.calls)));
    int kills = 0, expected = 0;
    for (int at = 0; at < undisturbed.calls; at += stride)
        for (const Kill kill : {Kill::before, Kill::after}) {
            const Outcome killed = play(found, scenario.phases, kill, at);
            kills += killed.kills;
            ++expected;
            const std::string when = (kill == Kill::before ? "before call " : "after call ") + std::to_string(at);
            EXPECT_EQ(undisturbed.end, killed.end) << when << json::diff(undisturbed.end, killed.end).dump(1);
            EXPECT_EQ(undisturbed.disruption, killed.disruption) << when;
            if (testing::Test::HasFailure()) return {};
        }
    std::printf("calls: %d, kills: %d\n", undisturbed.calls, kills);
    EXPECT_GT(undisturbed.calls, 0);
    EXPECT_EQ(expected, kills);
    if (stride == 1) EXPECT_EQ(2 * undisturbed.calls, kills);
    return undisturbed.disruption;
}

// --- the scenarios

bool is_settled(const fake::FakeKube& fake) {
    return has_settled(fake.find("KafkaCluster", "a", "demo"), "Reconciling");
}

Phase create(int replicas) {
    return {[replicas](fake::FakeKube& fake) {
                fake.put(name_space("a"));
                fake.put(cluster("demo", replicas));
            },
            is_settled};
}

using Change = std::function<void(json& spec)>;

std::function<void(fake::FakeKube&)> edit(const char* kind, const char* name, const Change& change) {
    return [=](fake::FakeKube& fake) {
        json object = fake.find(kind, "a", name).value();
        change(object["spec"]);
        fake.put(object);
    };
}

Phase edit_cluster(const Change& change) { return {edit("KafkaCluster", "demo", change), is_settled}; }

Phase set(const char* name, const char* value) {
    return edit_cluster([name, value](json& spec) { spec["config"][name] = value; });
}

Phase scale(int replicas) {
    return edit_cluster([replicas](json& spec) { spec["brokers"]["replicas"] = replicas; });
}

bool is_topic_settled(const fake::FakeKube& fake) { return has_settled(fake.find("KafkaTopic", "a", "orders")); }

Phase edit_topic(const Change& change) { return {edit("KafkaTopic", "orders", change), is_topic_settled}; }

TEST(Crashes, B_a_creation) { EXPECT_EQ(json::object(), survives_kills({{}, {create(3)}})); }

TEST(Crashes, B_a_roll) {
    const json disruption = survives_kills({{create(3)}, {set("num.io.threads", "16")}});
    EXPECT_EQ(3u, disruption.size());
    for (const json& count : disruption) EXPECT_EQ(1, count);
}

TEST(Crashes, B_C1_a_live_change_and_back) {
    const Phase back = edit_cluster([](json& spec) { spec.erase("config"); });
    EXPECT_EQ(json::object(), survives_kills({{create(3)}, {set("log.retention.ms", "5"), back}}));
}

TEST(Crashes, B_D1_scaling_up) { EXPECT_EQ(json::object(), survives_kills({{create(3)}, {scale(5)}})); }

TEST(Crashes, B_D2_draining_and_scaling_down) {
    EXPECT_EQ(4u, survives_kills({{create(5)}, {scale(3)}}).size()) << "two brokers with a volume each";
}

TEST(Crashes, B_E7_growing_volumes) {
    const json storage_class = {{"apiVersion", "storage.k8s.io/v1"},
                                {"kind", "StorageClass"},
                                {"metadata", {{"name", "fast"}}},
                                {"allowVolumeExpansion", true}};
    Phase make = create(3);
    make.edit = [storage_class](fake::FakeKube& fake) {
        fake.put(storage_class);
        json object = cluster();
        object["spec"]["brokers"]["storage"]["class"] = "fast";
        fake.put(object);
    };
    const Phase grow = edit_cluster([](json& spec) { spec["brokers"]["storage"]["size"] = "2Gi"; });
    EXPECT_EQ(json({{"apis/apps/v1/statefulsets demo-brokers", 1}}), survives_kills({{make}, {grow}}));
}

TEST(Crashes, B_G_the_life_of_a_topic) {
    const Phase begin{[](fake::FakeKube& fake) {
                          json made = topic("orders", "Delete");
                          made["spec"]["adoption"] = "Never";  // what the one before has made is its own all the same
                          fake.put(made);
                      },
                      is_topic_settled};
    const Phase grow = edit_topic([](json& spec) { spec["partitions"] = 5; });
    const Phase replicate = edit_topic([](json& spec) { spec["replicationFactor"] = 3; });
    const Phase configure = edit_topic([](json& spec) { spec["config"] = {{"cleanup.policy", "compact"}}; });
    const Phase end{[](fake::FakeKube& fake) { fake.remove("KafkaTopic", "a", "orders"); },
                    [](const fake::FakeKube& fake) { return !fake.find("KafkaTopic", "a", "orders"); }};
    EXPECT_EQ(json::object(), survives_kills({{create(3)}, {begin, grow, replicate, configure, end}}));
}

}  // namespace
}  // namespace milena
