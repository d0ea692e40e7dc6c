// A, of the operator as a whole: a cluster is created and rolled and gets topics while the API server fails on a
// schedule that a seed has drawn. In the end all is as without faults, and nothing was restarted more often.
#include <random>

#include <gtest/gtest.h>

#include "operator/end_state.h"
#include "operator/kept_brokers.h"
#include "operator/running.h"

namespace milena {
namespace {

using fake::Break;
using fake::Fault;

// Of one run.
class Ordeal {
  public:
    explicit Ordeal(std::optional<uint64_t> seed)
        : random_(static_cast<unsigned>(seed.value_or(0))), break_at_(std::chrono::steady_clock::now()) {
        fake.put(name_space("a"));
        if (!seed) return;
        // Each event comes twice, the second time after the one that follows: late, and of an older state.
        fake.set_duplicates(true);
        schedule();
        breaks_left_ = 24;
    }

    // Goes on breaking watches until it is so.
    bool becomes(const std::function<bool()>& is_so) {
        const auto look = [&] {
            break_some();
            run_nodes(fake);
            brokers->go_on(fake);
            return is_so();
        };
        for (int i = 0; i < 6; ++i)
            if (fake.await(look)) return true;
        return false;
    }

    fake::FakeKube fake;
    std::shared_ptr<KeptBrokers> brokers = std::make_shared<KeptBrokers>();
    std::shared_ptr<KeptTopics> topics = std::make_shared<KeptTopics>();

  private:
    int pick(size_t count) { return static_cast<int>(random_() % count); }

    // Everything that goes wrong does so several times, to requests that the seed says. What the election asks is
    // spared, but for the answer to its first write: who has lost its lease ends, and doesn't try again.
    void schedule() {
        fake.inject({.kind = Fault::Kind::lost_answer, .method = "POST", .path_part = "/leases"});
        const std::vector<std::string> kinds{"/kafkaclusters", "/kafkatopics", "/statefulsets", "/configmaps",
                                             "/services",      "/pods",        "/events"};
        const std::vector<std::string> verbs{"PATCH", "PATCH", "PATCH", "LIST", "WATCH", "DELETE"};
        const std::vector<Fault> faults{
            {.status = 409, .reason = "Conflict"},
            {.status = 410, .reason = "Gone"},
            {.status = 429, .reason = "TooManyRequests", .retry_after_seconds = 1},
            {.status = 500},
            {.kind = Fault::Kind::half_open},
            {.kind = Fault::Kind::slow, .delay = Milliseconds(300)},
            {.kind = Fault::Kind::dropped},
            {.kind = Fault::Kind::lost_answer},
        };
        for (int round = 0; round < 5; ++round)
            for (Fault fault : faults) {
                fault.method = verbs[static_cast<size_t>(pick(verbs.size()))];
                fault.path_part = kinds[static_cast<size_t>(pick(kinds.size()))];
                if (fault.method == "DELETE") fault.path_part = "/pods";
                fault.after = pick(4);
                fake.inject(fault);
            }
    }

    void break_some() {
        const auto now = std::chrono::steady_clock::now();
        if (breaks_left_ == 0 || now < break_at_) return;
        --breaks_left_;
        break_at_ = now + std::chrono::milliseconds(50 + pick(200));
        const std::vector<Break> all{Break::end, Break::cut, Break::cut_mid_event, Break::expired, Break::silent};
        const std::vector<std::string> paths{"", "/kafka", "/statefulsets", "/configmaps", "/pods"};
        fake.break_watches(all[static_cast<size_t>(breaks_left_) % all.size()],
                           paths[static_cast<size_t>(pick(paths.size()))]);
    }

    std::mt19937 random_;
    std::chrono::steady_clock::time_point break_at_;
    int breaks_left_ = 0;
};

struct End {
    json state;
    json disruption;
};

End live_through(std::optional<uint64_t> seed) {
    Ordeal ordeal(seed);
    fake::FakeKube& fake = ordeal.fake;
    // Before anybody else makes an object: the cluster's id comes of its uid.
    json demo = cluster();
    demo["spec"]["config"] = {{"num.io.threads", "8"}};
    fake.put(demo);
    Running running(fake, true, "one", ordeal.topics, ordeal.brokers, [](OperatorConfig& config) {
        config.election = {.space = "a", .identity = "one", .retry = Milliseconds(100)};
        config.watches.reflector.watch_timeout = Milliseconds(2000);
        config.watches.reflector.idle_margin = Milliseconds(500);
        config.deadline = Milliseconds(1000);
    });
    const auto cluster_has_settled = [&] { return has_settled(fake.find("KafkaCluster", "a", "demo"), "Reconciling"); };
    const auto topics_have_settled = [&] {
        const auto all = fake.list("KafkaTopic");
        return std::ranges::all_of(all, [](const json& each) { return has_settled(each); });
    };
    EXPECT_TRUE(ordeal.becomes(cluster_has_settled)) << fake.find("KafkaCluster", "a", "demo")->dump(1);
    for (const char* name : {"one", "two", "three"}) fake.put(topic(name, "Delete"));
    EXPECT_TRUE(ordeal.becomes(topics_have_settled));
    demo = fake.find("KafkaCluster", "a", "demo").value();
    demo["spec"]["config"] = {{"num.io.threads", "16"}};
    fake.put(demo);
    EXPECT_TRUE(ordeal.becomes(cluster_has_settled)) << fake.find("KafkaCluster", "a", "demo")->dump(1);
    fake.remove("KafkaTopic", "a", "three");
    EXPECT_TRUE(ordeal.becomes([&] { return !fake.find("KafkaTopic", "a", "three"); }));
    EXPECT_TRUE(ordeal.becomes([&] { return cluster_has_settled() && topics_have_settled(); }));
    EXPECT_TRUE(running.it->is_leader());
    if (seed) {
        std::printf("seed %d: %d faults\n", static_cast<int>(*seed), fake.suffered());
        EXPECT_GE(fake.suffered(), 10);
    }
    json state{{"objects", end_state(fake)}, {"brokers", ordeal.brokers->state()}, {"topics", ordeal.topics->state()}};
    return {std::move(state), disruption(fake)};
}

class Faults : public testing::TestWithParam<uint64_t> {
  protected:
    static void SetUpTestSuite() { undisturbed = std::make_unique<End>(live_through(std::nullopt)); }
    static std::unique_ptr<End> undisturbed;
};
std::unique_ptr<End> Faults::undisturbed;

TEST_P(Faults, A1_A2_A4_A5_A7_A8_A9_A10_A12_A18_all_ends_as_without_them) {
    const End end = live_through(GetParam());
    EXPECT_EQ(undisturbed->state, end.state) << json::diff(undisturbed->state, end.state).dump(1);
    EXPECT_EQ(undisturbed->disruption, end.disruption);
    EXPECT_EQ(3u, end.disruption.size());
}

INSTANTIATE_TEST_SUITE_P(Seeds, Faults, testing::Range(uint64_t{1}, uint64_t{5}));

}  // namespace
}  // namespace milena
