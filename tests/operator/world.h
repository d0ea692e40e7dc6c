// What tests of the operator have in common: a fake API server, and a client to it over real HTTP.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "env/posix/system_world.h"
#include "kube/cpprest_transport.h"
#include "kube/reflector.h"
#include "operator/fake_kube/fake_kube.h"

namespace milena {

// Without jitter: what is random is tested where it is made.
struct NoJitter final : env::Random {
    uint64_t next() override { return 0; }
};

struct KubeWorld {
    fake::FakeKube fake;
    env::SystemClock clock;
    NoJitter random;
    std::shared_ptr<kube::Access> access =
        std::make_shared<kube::Access>(kube::AccessConfig{.server = fake.url()}, clock);
    std::unique_ptr<kube::HttpTransport> transport = kube::make_cpprest_transport(access);
    kube::Client client{*transport};
};

// A reflector with its store, which counts what it tells.
struct Watched {
    Watched(KubeWorld& world, const std::string& kind, const std::function<void(kube::ReflectorConfig&)>& change = {},
            const std::string& required = {})
        : reflector(world.client, store, config(kind, change), world.clock, world.random) {
        store.listen(
            [this](const kube::Change& happened) { ++(happened.kind == kube::Change::Kind::put ? puts : removals); });
        if (!required.empty()) reflector.require(required);
        reflector.start();
    }

    static kube::ReflectorConfig config(const std::string& kind,
                                        const std::function<void(kube::ReflectorConfig&)>& change) {
        kube::ReflectorConfig config{.type = kube::resource_type(kind), .backoff = {Milliseconds(1), Milliseconds(50)}};
        if (change) change(config);
        return config;
    }

    bool has(const std::string& space, const std::string& name) const { return store.find({space, name}).has_value(); }

    std::atomic<int> puts = 0;
    std::atomic<int> removals = 0;
    kube::Store store{{{"app", [](const nlohmann::json& object) {
                            const auto labels = object["metadata"].value("labels", nlohmann::json::object());
                            return std::vector<std::string>{labels.value("app", "")};
                        }}}};
    kube::Reflector reflector;
};

inline nlohmann::json config_map(const std::string& name, const std::string& value = "1") {
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"namespace", "a"}, {"name", name}, {"labels", {{"app", "x"}}}}},
            {"data", {{"value", value}}}};
}

inline nlohmann::json service(const std::string& name) {
    return {{"apiVersion", "v1"},
            {"kind", "Service"},
            {"metadata", {{"namespace", "a"}, {"name", name}}},
            {"spec", {{"clusterIP", "None"}}}};
}

}  // namespace milena
