#include "operator/nodes.h"

#include "kube/object.h"

namespace milena {
namespace {

using nlohmann::json;

void make_claim(fake::FakeKube& fake, const json& set, const json& wanted, const std::string& pod) {
    json claim = wanted;
    const std::string name = wanted["metadata"]["name"].get<std::string>() + "-" + pod;
    const std::string space = kube::key_of(set).space;
    if (fake.find("PersistentVolumeClaim", space, name)) return;
    claim["apiVersion"] = "v1";
    claim["kind"] = "PersistentVolumeClaim";
    claim["metadata"]["name"] = name;
    claim["metadata"]["namespace"] = space;
    claim["status"] = {{"phase", "Bound"}, {"capacity", claim["spec"]["resources"]["requests"]}};
    fake.put(claim);
}

void make_pod(fake::FakeKube& fake, const json& set, const std::string& name) {
    json pod = set["spec"]["template"];
    const kube::ObjectKey key = kube::key_of(set);
    pod["apiVersion"] = "v1";
    pod["kind"] = "Pod";
    pod["metadata"]["name"] = name;
    pod["metadata"]["namespace"] = key.space;
    pod["metadata"]["ownerReferences"] = json::array({{{"apiVersion", "apps/v1"},
                                                       {"kind", "StatefulSet"},
                                                       {"name", key.name},
                                                       {"uid", kube::uid_of(set)},
                                                       {"controller", true}}});
    pod["spec"]["nodeName"] = "node-1";
    const json ready = {{"type", "Ready"}, {"status", "True"}};
    const json container = {{"name", "milena"},
                            {"image", pod["spec"]["containers"][0]["image"]},
                            {"restartCount", 0},
                            {"ready", true},
                            {"state", {{"running", {{"startedAt", "2026-11-30T00:00:00Z"}}}}}};
    pod["status"] = {{"phase", "Running"},
                     {"hostIP", "10.0.0.1"},
                     {"conditions", json::array({ready})},
                     {"containerStatuses", json::array({container})}};
    fake.put(pod);
}

}  // namespace

void run_nodes(fake::FakeKube& fake) {
    for (json set : fake.list("StatefulSet")) {
        const kube::ObjectKey key = kube::key_of(set);
        const int replicas = set["spec"].value("replicas", 0);
        const int start = set["spec"].value("/ordinals/start"_json_pointer, 0);
        for (int i = start; i < start + replicas; ++i) {
            const std::string pod = key.name + "-" + std::to_string(i);
            for (const json& wanted : set["spec"].value("volumeClaimTemplates", json::array()))
                make_claim(fake, set, wanted, pod);
            if (!fake.find("Pod", key.space, pod)) make_pod(fake, set, pod);
        }
        for (const json& pod : fake.list("Pod")) {
            const std::string name = kube::key_of(pod).name;
            if (kube::controller_uid_of(pod) != kube::uid_of(set)) continue;
            const int ordinal = std::stoi(name.substr(name.rfind('-') + 1));
            if (ordinal >= start + replicas || ordinal < start) fake.remove("Pod", key.space, name);
        }
        const json status = {{"replicas", replicas}, {"readyReplicas", replicas}};
        if (set.value("status", json()) == status) continue;
        set["status"] = status;
        fake.put(set);
    }
}

plan::Answers ContentBrokers::ask(const plan::Questions& questions) {
    ++asked;
    plan::Answers answers;
    if (questions.config_schema) answers.config_schema = plan::ConfigSchema();
    if (questions.brokers) {
        plan::BrokersInfo info;
        for (int64_t id = 0; id < 3; ++id) info.brokers[id] = {.is_active = true, .rack = "", .advertised = {}};
        info.controller = 0;
        answers.brokers = info;
    }
    if (questions.features) answers.features = std::map<std::string, plan::Feature>();
    if (questions.widest_topic) answers.widest_topic = plan::WidestTopic{"t", 3};
    if (questions.moves_left) answers.moves_left = uint64_t{0};
    for (const int64_t id : questions.may_restart) answers.may_restart.emplace(id, plan::MayRestart{true, "", {}});
    for (const int64_t id : questions.caught_up) answers.caught_up.emplace(id, plan::CaughtUp{true, 100, ""});
    for (const int64_t id : questions.drain) answers.drain.emplace(id, plan::Drain());
    for (const int64_t id : questions.health) answers.health.emplace(id, plan::Health{false, 100});
    return answers;
}

}  // namespace milena
