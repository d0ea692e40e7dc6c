// The operator as a whole against the fake API server, with clusters for it to run.
#pragma once

#include "api/metadata.h"
#include "operator.h"
#include "operator/nodes.h"
#include "operator/world.h"

namespace milena {

using nlohmann::json;

inline json cluster(const std::string& name = "demo", int replicas = 3) {
    return {{"apiVersion", "milena.dev/v1alpha1"},
            {"kind", "KafkaCluster"},
            {"metadata", {{"namespace", "a"}, {"name", name}}},
            {"spec", {{"version", "0.1.0"}, {"brokers", {{"replicas", replicas}, {"storage", {{"size", "1Gi"}}}}}}}};
}

inline json topic(const std::string& name, const std::string& deletion_policy = "Retain") {
    return {{"apiVersion", "milena.dev/v1alpha1"},
            {"kind", "KafkaTopic"},
            {"metadata", {{"namespace", "a"}, {"name", name}}},
            {"spec",
             {{"clusterRef", {{"name", "demo"}}},
              {"partitions", 3},
              {"replicationFactor", 2},
              {"config", {{"retention.ms", "1000"}}},
              {"deletionPolicy", deletion_policy}}}};
}

inline json name_space(const std::string& name) {
    return {{"apiVersion", "v1"},
            {"kind", "Namespace"},
            {"metadata", {{"name", name}, {"finalizers", json::array({"kubernetes"})}}}};
}

// An operator, and what is needed to run another one after it.
struct Running {
    explicit Running(fake::FakeKube& fake, bool elects = false, const std::string& identity = "one",
                     std::shared_ptr<KeptTopics> kept = std::make_shared<KeptTopics>(),
                     std::shared_ptr<admin::Brokers> its_brokers = std::make_shared<ContentBrokers>(),
                     const std::function<void(OperatorConfig&)>& change = {})
        : brokers(std::move(its_brokers)), topics(std::move(kept)) {
        OperatorConfig config;
        config.watches.reflector.backoff = {Milliseconds(1), Milliseconds(50)};
        config.election = {.space = "a",
                           .identity = identity,
                           .lease = Milliseconds(1500),
                           .renew_deadline = Milliseconds(1000),
                           .retry = Milliseconds(100)};
        config.watches.vanishing.settle = Milliseconds(500);
        config.topics = {.look = Milliseconds(200), .look_each = Milliseconds(1)};
        config.elects = elects;
        config.workers = 2;
        config.instance = identity;
        if (change) change(config);
        const auto access = std::make_shared<kube::Access>(kube::AccessConfig{.server = fake.url()}, clock);
        it = std::make_unique<Operator>(
            config, access, [this](const auto&, const auto&) { return brokers; },
            [this](const auto&, const auto&) { return topics; }, clock, random);
        it->start();
        thread = std::thread([this] { has_ended_well = it->run(); });
    }
    ~Running() {
        it->stop();
        thread.join();
    }

    env::SystemClock clock;
    NoJitter random;
    std::shared_ptr<admin::Brokers> brokers;
    std::shared_ptr<KeptTopics> topics;
    std::unique_ptr<Operator> it;
    std::atomic<bool> has_ended_well = false;
    std::thread thread;
};

inline std::string condition_of(const std::optional<json>& object, const std::string& type,
                                const char* part = "status") {
    return object ? api::text_at(api::condition_at(*object, type.c_str()), part) : "";
}

// What was last wanted of it is done, and where it has a condition for what goes on, nothing does.
inline bool has_settled(const std::optional<json>& object, const char* reconciling = nullptr) {
    return condition_of(object, "Ready") == "True" &&
           (reconciling == nullptr || condition_of(object, reconciling) == "False") &&
           (*object)["status"]["observedGeneration"] == (*object)["metadata"]["generation"];
}

inline std::string condition(const fake::FakeKube& fake, const std::string& type, const std::string& name = "demo") {
    return condition_of(fake.find("KafkaCluster", "a", name), type);
}

inline bool becomes_ready(fake::FakeKube& fake, const std::string& name = "demo") {
    return fake.await([&] {
        run_nodes(fake);
        return condition(fake, "Ready", name) == "True" && condition(fake, "Reconciling", name) == "False";
    });
}

}  // namespace milena
