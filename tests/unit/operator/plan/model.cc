#include "unit/operator/plan/model.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "api/metadata.h"
#include "api/quantity.h"
#include "api/time_text.h"
#include "resource/objects.h"

namespace milena::plan {

namespace {

using Json = nlohmann::json;

const ConfigSchema schema{{"log.retention.ms", {Change::live, "604800000", "long"}},
                          {"message.max.bytes", {Change::live, "1048588", "int"}},
                          {"num.io.threads", {Change::restart, "8", "int"}},
                          {"advertised.listeners", {Change::live_per_broker, std::nullopt, "list"}},
                          {"super.key", {Change::live, std::nullopt, "string"}},
                          {"key.of.birth", {Change::immutable, std::nullopt, "string"}}};

}  // namespace

Model::Model(int64_t count) {
    cluster.metadata.name = "demo";
    cluster.metadata.name_space = "shop";
    cluster.metadata.uid = "0b0e0a8e-6f2b-4b5a-9d54-0d5e5a4b1c11";
    cluster.metadata.generation = 1;
    cluster.metadata.creation_timestamp = api::time_text(now);
    cluster.spec.version = "1";
    cluster.spec.brokers.replicas = count;
    cluster.spec.brokers.storage.size = "10Gi";
    cluster.spec.brokers.storage.storage_class = "fast";
    observed.classes_may_grow["fast"] = true;
}

ClusterPlan Model::plan() {
    Answers answers;
    for (int round = 0;; ++round) {
        ClusterPlan made = plan_cluster({cluster, observed, answers, settings, now});
        if (made.questions.is_empty()) return made;
        EXPECT_LT(round, 12) << "the planner goes on asking";
        if (round >= 12) return made;
        answer(made.questions, answers);
    }
}

void Model::answer(const Questions& questions, Answers& answers) const {
    if (questions.config_schema) {
        answers.config_schema = Result<ConfigSchema, std::string>(schema);
        if (is_older_version) (*answers.config_schema)->at("advertised.listeners").change = Change::restart;
    }
    if (questions.brokers) {
        BrokersInfo info;
        info.controller = controller;
        for (const auto& [id, broker] : brokers)
            info.brokers[id] = {is_ready(id), "", broker.placement, broker.replicas, {}};
        answers.brokers = Result<BrokersInfo, std::string>(info);
    }
    if (questions.features) answers.features = Result<std::map<std::string, Feature>, std::string>(features);
    if (questions.widest_topic)
        answers.widest_topic = Result<WidestTopic, std::string>(WidestTopic{"orders", widest_topic});
    if (questions.moves_left) answers.moves_left = Result<MovesLeft, std::string>(moves_left);
    if (!questions.settings.empty()) {
        std::map<std::string, std::string> refused;
        for (const auto& [name, value] : questions.settings)
            if (refused_values.contains(value)) refused[name] = "INVALID_CONFIG: Invalid value " + value;
        answers.refused_settings = Result<std::map<std::string, std::string>, std::string>(refused);
    }
    for (const int64_t id : questions.may_restart) {
        MayRestart may{.may = true, .blocked_by = "", .unavoidable = {}, .only_copies = {}};
        for (const auto& [other, broker] : brokers)
            if (other != id && !is_ready(other)) may = {false, "broker " + std::to_string(other) + " is away", {}, {}};
        if (const auto found = blocked.find(id); found != blocked.end()) may = {false, found->second, {}, {}};
        if (const auto found = only_copies.find(id); found != only_copies.end())
            may.unavoidable = may.only_copies = {found->second};
        if (const auto found = too_few.find(id); found != too_few.end()) may.unavoidable.push_back(found->second);
        answers.may_restart.emplace(id, may);
    }
    for (const int64_t id : questions.caught_up)
        answers.caught_up.emplace(id, CaughtUp{!behind.contains(id), behind.contains(id) ? 50.0 : 100.0, "orders-3"});
    for (const int64_t id : questions.drain) {
        const BrokerModel broker = brokers.contains(id) ? brokers.at(id) : BrokerModel{};
        answers.drain.emplace(id,
                              Drain{broker.placement, broker.replicas, 0, {}, broker.replicas == 0 ? "" : stuck_drain});
    }
    for (const int64_t id : questions.health) answers.health.emplace(id, Health{recovering.contains(id), 40});
}

bool Model::is_ready(int64_t id) const {
    return std::ranges::any_of(observed.pods, [&](const auto& entry) {
        return resource::node_id_of(entry.first) == id && entry.second.is_ready && !entry.second.is_deleting;
    });
}

void Model::apply(const ClusterPlan& made) {
    EXPECT_LE(std::ranges::count_if(made.steps, &Step::is_disruptive), 1);
    for (const Step& step : made.steps) {
        if (crash_after == 0) {
            crash_after = SIZE_MAX;
            return;
        }
        if (crash_after != SIZE_MAX) --crash_after;
        disruptive_steps += step.is_disruptive ? 1 : 0;
        std::visit([this](const auto& action) { run_action(action); }, step.action);
    }
    cluster.status = made.status;
}

void Model::run_action(const Apply& apply) {
    Json object = apply.object;
    const ObjectKey key{object["kind"], object["metadata"]["name"]};
    const auto live = observed.children.find(key);
    object["metadata"]["uid"] = live == observed.children.end() ? fresh_uid() : api::metadata_of(live->second).uid;
    if (live != observed.children.end()) {
        if (key.kind == "StatefulSet")
            EXPECT_EQ(live->second["spec"]["volumeClaimTemplates"], object["spec"]["volumeClaimTemplates"])
                << "claim templates can't be changed";
        const Json::json_pointer port("/spec/ports/0/nodePort"), status("/status");
        if (key.kind == "Service" && live->second.contains(port)) object[port] = live->second[port];
        if (live->second.contains(status)) object[status] = live->second[status];
    }
    observed.children[key] = std::move(object);
}

void Model::run_action(const Delete& order) {
    if (order.kind == "Pod") {
        Pod& pod = observed.pods.at(order.name);
        if (pod.uid != order.uid) return;
        for (const auto& [name, other] : observed.pods)
            EXPECT_TRUE(!pod.is_running || name == order.name || (other.is_ready && !other.is_deleting))
                << order.name << " is stopped while " << name << " is away";
        EXPECT_TRUE(!pod.is_running || !blocked.contains(resource::node_id_of(order.name)));
        restarted.push_back(order.name);
        pod.is_deleting = true;
    } else if (order.kind == "PersistentVolumeClaim") {
        const auto broker = brokers.find(resource::node_id_of(order.name));
        EXPECT_TRUE(broker == brokers.end() || broker->second.replicas == 0) << order.name << " goes with data";
        observed.claims.at(order.name).is_deleting = true;
    } else {
        EXPECT_TRUE(order.kind != "StatefulSet" || order.orphans_children ||
                    child("StatefulSet", order.name)["spec"]["replicas"] == 0);
        observed.children.erase({order.kind, order.name});
    }
}

void Model::run_action(const Patch& patch) {
    if (patch.kind == "Pod") {
        for (const auto& [name, value] : patch.patch["metadata"]["annotations"].items())
            observed.pods.at(patch.name).annotations[name] = value;
    } else {
        observed.claims.at(patch.name).requested_bytes =
            *api::whole_units(patch.patch["spec"]["resources"]["requests"]["storage"].get<std::string>());
    }
}

void Model::run_action(const Place& place) {
    Placement& placement = brokers[place.broker].placement;
    switch (place.order) {
        case PlacementOrder::cordon: placement = Placement::cordoned; break;
        case PlacementOrder::drain: placement = Placement::draining; break;
        case PlacementOrder::uncordon:
        case PlacementOrder::undrain: placement = Placement::open; break;
    }
}

void Model::run_action(const AlterBrokerConfig& alter) {
    if (alter.broker) {
        EXPECT_TRUE(brokers.contains(*alter.broker));
        for (const auto& [name, value] : alter.set) dynamic_of[*alter.broker][name] = value;
        for (const std::string& name : alter.remove) dynamic_of[*alter.broker].erase(name);
        return;
    }
    for (const auto& [name, value] : alter.set) {
        EXPECT_FALSE(refused_values.contains(value)) << name << " is set to what brokers refuse";
        dynamic_config[name] = value;
    }
    for (const std::string& name : alter.remove) dynamic_config.erase(name);
}

void Model::start_pod(const Json& set, const std::string& name) {
    const Json& pod_template = set["spec"]["template"];
    for (const Json& claim : set["spec"]["volumeClaimTemplates"]) {
        const std::string claim_name = resource::claim_name(claim["metadata"]["name"], name);
        if (observed.claims.contains(claim_name)) continue;
        Claim made;
        made.name = claim_name;
        made.uid = fresh_uid();
        made.phase = "Bound";
        made.requested_bytes = *api::whole_units(claim["spec"]["resources"]["requests"]["storage"].get<std::string>());
        made.capacity_bytes = made.requested_bytes;
        made.storage_class = claim["spec"].value("storageClassName", "");
        made.annotations = api::metadata_of(claim).annotations;
        observed.claims[claim_name] = made;
    }
    Pod pod;
    pod.name = name;
    pod.uid = fresh_uid();
    pod.created = now;
    pod.phase = "Pending";
    pod.is_unschedulable = !has_room;
    if (has_room) {
        pod.node = "node-1";
        pod.host_ip = "10.0.0.1";
    } else {
        pod.message = "0/3 nodes are available: 3 Insufficient cpu.";
    }
    pod.image = pod_template["spec"]["containers"][0]["image"];
    pod.annotations = api::metadata_of(pod_template).annotations;
    observed.pods[name] = pod;
}

void Model::run_sets() {
    for (const auto& [key, set] : observed.children) {
        if (key.kind != "StatefulSet") continue;
        const int64_t first = set.value(Json::json_pointer("/spec/ordinals/start"), int64_t{0});
        const int64_t end = first + set["spec"]["replicas"].get<int64_t>();
        for (int64_t id = first; id < end; ++id)
            if (const std::string name = key.name + "-" + std::to_string(id); !observed.pods.contains(name))
                start_pod(set, name);
        for (auto& [name, pod] : observed.pods) {
            const int64_t id = resource::node_id_of(name);
            if (!name.starts_with(key.name + "-") || id < end || pod.is_deleting) continue;
            EXPECT_TRUE(brokers[id].replicas == 0u || is_scaled_by_hand) << name << " goes with data";
            pod.is_deleting = true;
            const bool keeps = set["spec"]["persistentVolumeClaimRetentionPolicy"]["whenScaled"] == "Retain";
            for (auto& [claim_name, claim] : observed.claims)
                if (!keeps && claim_name.ends_with(name)) claim.is_deleting = true;
        }
    }
}

void Model::run_pods() {
    for (auto& [name, pod] : observed.pods) {
        if (pod.is_deleting || pod.is_ready || pod.is_unschedulable) continue;
        const int64_t id = resource::node_id_of(name);
        if (broken_images.contains(pod.image)) {
            pod.failure = "CrashLoopBackOff";
            pod.message = "server.properties:3: unknown setting";
        } else if (missing_images.contains(pod.image)) {
            pod.failure = "ImagePullBackOff";
        } else {
            pod.is_running = true;
            pod.phase = "Running";
            pod.is_ready = !recovering.contains(id);
            if (pod.is_ready) brokers.try_emplace(id);
        }
    }
}

void Model::run_claims() {
    for (auto& [name, claim] : observed.claims) {
        const auto allowed = observed.classes_may_grow.find(claim.storage_class);
        if (claim.resize_error.empty() && allowed != observed.classes_may_grow.end() && allowed->second)
            claim.capacity_bytes = claim.requested_bytes;
    }
    std::erase_if(observed.claims, [&](const auto& entry) {
        return entry.second.is_deleting &&
               std::ranges::none_of(observed.pods, [&](const auto& pod) { return entry.first.ends_with(pod.first); });
    });
}

void Model::run_services() {
    int64_t next = 30001;
    for (auto& [key, service] : observed.children) {
        if (key.kind != "Service" || service["spec"].value("type", "") != "NodePort") continue;
        Json& port = service["spec"]["ports"][0];
        if (!port.contains("nodePort")) port["nodePort"] = next;
        ++next;
    }
}

void Model::run_brokers() {
    if (!stuck_drain.empty()) return;
    for (auto& [id, broker] : brokers) {
        if (broker.placement != Placement::draining) continue;
        for (auto& [other, to] : brokers)
            if (to.placement == Placement::open && is_ready(other) && broker.replicas > 0) {
                --broker.replicas;
                ++to.replicas;
            }
    }
}

void Model::progress() {
    now = now + 1000;
    std::erase_if(observed.pods, [](const auto& entry) { return entry.second.is_deleting; });
    run_claims();
    run_pods();
    run_sets();
    run_services();
    run_brokers();
}

void Model::go_on(int times) {
    for (int i = 0; i < times; ++i) {
        apply(plan());
        progress();
    }
}

int Model::run(int plans_max) {
    for (int plans = 1; plans <= plans_max; ++plans) {
        const Observed before = observed;
        std::map<int64_t, uint64_t> replicas_before, replicas_after;
        for (const auto& [id, broker] : brokers) replicas_before[id] = broker.replicas;
        const ClusterPlan made = plan();
        apply(made);
        progress();
        for (const auto& [id, broker] : brokers) replicas_after[id] = broker.replicas;
        if (made.steps.empty() && before.pods == observed.pods && before.claims == observed.claims &&
            replicas_before == replicas_after)
            return plans;
    }
    ADD_FAILURE() << "no end after " << plans_max << " plans";
    return plans_max;
}

const api::Condition& Model::condition(const char* type) const {
    static const api::Condition nothing;
    const api::Condition* found = api::find_condition(cluster.status.conditions, type);
    return found == nullptr ? nothing : *found;
}

bool Model::has_event(const std::string& reason) const {
    return std::ranges::any_of(events, [&](const Event& event) { return event.reason == reason; });
}

}  // namespace milena::plan
