// B: the operator is killed before and after every step of every flow: the end is the same, and so is the number of
// disruptive steps. And a thousand random edits among crashes end where they should.
#include <random>

#include <gtest/gtest.h>

#include "cases.h"
#include "unit/operator/plan/model.h"

namespace milena::plan {
namespace {

struct Flow {
    const char* name;
    void (*edit)(Model&);
};

void PrintTo(const Flow& flow, std::ostream* to) { *to << flow.name; }

// The operator dies before each of so many steps, or before a part of them.
size_t stride_of(size_t steps) { return steps / cases(steps); }

Model begun() {
    Model model(5);
    model.run();
    for (auto& [id, broker] : model.brokers) broker.replicas = 6;
    model.disruptive_steps = 0;
    return model;
}

class Crashes : public testing::TestWithParam<Flow> {};

TEST_P(Crashes, B_at_any_step_cost_nothing) {
    const Model before = begun();
    Model calm = before;
    GetParam().edit(calm);
    calm.edit();
    calm.run();
    const size_t stride = stride_of(100);
    size_t kills = 0;
    for (size_t step = 0;; step += stride, ++kills) {
        Model model = before;
        model.crash_after = step;
        GetParam().edit(model);
        model.edit();
        model.run();
        if (model.crash_after != SIZE_MAX) break;  // the flow has no more steps
        EXPECT_EQ(model.disruptive_steps, calm.disruptive_steps) << "killed before step " << step;
        EXPECT_EQ(model.dynamic_config, calm.dynamic_config) << step;
        EXPECT_EQ(model.replicas(), calm.replicas()) << step;
        EXPECT_EQ(model.brokers.size(), calm.brokers.size()) << step;
        for (const auto& [id, claim] : calm.observed.claims)
            EXPECT_EQ(model.observed.claims.at(id).capacity_bytes, claim.capacity_bytes) << step;
        EXPECT_TRUE(model.is(api::condition::ready)) << step;
        EXPECT_FALSE(model.is(api::condition::reconciling)) << step;
        ASSERT_LT(step, 200u);
    }
    EXPECT_GT(kills, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    B, Crashes,
    testing::Values(Flow{"a live setting", [](Model& m) { m.cluster.spec.config["log.retention.ms"] = "5"; }},
                    Flow{"a roll", [](Model& m) { m.cluster.spec.config["num.io.threads"] = "5"; }},
                    Flow{"an upgrade", [](Model& m) { m.cluster.spec.version = "2"; }},
                    Flow{"scaling up", [](Model& m) { m.cluster.spec.brokers.replicas = 7; }},
                    Flow{"scaling down", [](Model& m) { m.cluster.spec.brokers.replicas = 3; }},
                    Flow{"growing", [](Model& m) { m.cluster.spec.brokers.storage.size = "20Gi"; }},
                    Flow{"all at once", [](Model& m) {
                             m.cluster.spec.version = "2";
                             m.cluster.spec.brokers.replicas = 4;
                             m.cluster.spec.brokers.storage.size = "20Gi";
                             m.cluster.spec.config["log.retention.ms"] = "5";
                         }}));

TEST(Crashes, B_creation_survives_them) {
    for (size_t step = 0; step < 40; step += stride_of(40)) {
        Model model;
        model.crash_after = step;
        model.run();
        EXPECT_TRUE(model.is(api::condition::ready)) << step;
        EXPECT_TRUE(model.restarted.empty()) << step;
    }
}

class RandomEdits : public testing::TestWithParam<uint64_t> {};

// Whatever is edited when: every step is a safe one (the model checks it), and the end is as the last edit says.
TEST_P(RandomEdits, end_as_the_last_one_says) {
    std::mt19937 random(static_cast<unsigned>(GetParam()));
    const auto pick = [&](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
    Model model(3);
    model.controller = pick(3);
    for (int edits = 0; edits < 12; ++edits) {
        api::KafkaClusterSpec& spec = model.cluster.spec;
        switch (pick(8)) {
            case 0: spec.version = std::to_string(1 + pick(3)); break;
            case 1: spec.brokers.replicas = 3 + pick(4); break;
            case 2: spec.config["num.io.threads"] = std::to_string(pick(3)); break;
            case 3: spec.config["log.retention.ms"] = std::to_string(pick(3)); break;
            case 4: spec.config.clear(); break;
            case 5:
                model.broken_images = pick(2) == 0 ? std::set<std::string>{} : std::set<std::string>{"milena:3"};
                break;
            case 6: spec.brokers.storage.size = std::to_string(10 + edits) + "Gi"; break;
            case 7: model.crash_after = static_cast<size_t>(pick(6)); break;
        }
        model.edit();
        for (auto& [id, broker] : model.brokers)
            if (broker.placement == Placement::open) broker.replicas = 5;
        model.go_on(pick(12));
    }
    model.broken_images.clear();
    for (auto& [name, pod] : model.observed.pods) pod.failure.clear();
    model.run();
    EXPECT_TRUE(model.is(api::condition::ready)) << model.condition(api::condition::ready).message;
    EXPECT_FALSE(model.is(api::condition::reconciling)) << model.condition(api::condition::reconciling).message;
    EXPECT_FALSE(model.is(api::condition::stalled)) << model.condition(api::condition::stalled).message;
    EXPECT_EQ(model.replicas(), model.cluster.spec.brokers.replicas);
    EXPECT_EQ(model.cluster.status.version, model.cluster.spec.version);
    const std::string config = nlohmann::json(model.cluster.spec.config).dump();
    for (const auto& [name, pod] : model.observed.pods) {
        const auto started = nlohmann::json::parse(pod.annotations.at("milena.dev/config"));
        EXPECT_EQ(started.value("num.io.threads", "8"), nlohmann::json::parse(config).value("num.io.threads", "8"));
        const std::string running = model.dynamic_config.contains("log.retention.ms")
                                        ? model.dynamic_config.at("log.retention.ms")
                                        : started.value("log.retention.ms", "604800000");
        EXPECT_EQ(running, nlohmann::json::parse(config).value("log.retention.ms", "604800000"));
    }
    for (const auto& [id, broker] : model.brokers) EXPECT_EQ(broker.placement, Placement::open) << id;
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomEdits, testing::Range(uint64_t{0}, cases(40)));

}  // namespace
}  // namespace milena::plan
