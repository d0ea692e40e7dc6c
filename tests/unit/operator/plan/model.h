// A model of Kubernetes and of the brokers, just good enough that a plan can be carried out: the StatefulSet
// controller, claims, pods that start or don't, brokers that have replicas and give them away. It checks, at every
// step, what the planner has promised: at most one disruptive step in a plan, nobody is stopped who can't be spared.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan/cluster_plan.h"

namespace milena::plan {

struct BrokerModel {
    uint64_t replicas = 0;
    Placement placement = Placement::open;
};

class Model {
  public:
    explicit Model(int64_t count = 3);

    // Plans, with all that it asks for answered.
    ClusterPlan plan();
    // Does what the plan says; its status becomes the resource's.
    void apply(const ClusterPlan& made);
    // Kubernetes and the brokers go on by a second.
    void progress();
    // Plans, does it, and lets a second pass, so many times.
    void go_on(int times = 1);
    // All of this until nothing happens any more; how many plans it took. Fails the test after `plans_max`.
    int run(int plans_max = 300);

    void edit() { ++cluster.metadata.generation; }
    const api::Condition& condition(const char* type) const;
    bool is(const char* type) const { return api::is_true(cluster.status.conditions, type); }
    nlohmann::json& child(const char* kind, const std::string& name) { return observed.children.at({kind, name}); }
    Pod& pod(int64_t id) { return observed.pods.at("demo-brokers-" + std::to_string(id)); }
    Claim& claim(int64_t id) { return observed.claims.at("data-demo-brokers-" + std::to_string(id)); }
    bool has_event(const std::string& reason) const;
    int64_t replicas() { return child("StatefulSet", "demo-brokers")["spec"]["replicas"].get<int64_t>(); }

    api::KafkaCluster cluster;
    Observed observed;
    Settings settings;
    std::map<int64_t, BrokerModel> brokers;  // that are registered
    std::map<std::string, std::string> dynamic_config;
    std::map<int64_t, std::map<std::string, std::string>> dynamic_of;  // of single brokers
    std::vector<std::string> restarted;                                // pods, in order
    std::vector<Event> events;
    int disruptive_steps = 0;
    MovesLeft moves_left;
    Timestamp now{1'796'000'000'000};

    // Faults
    std::set<std::string> broken_images;     // "milena:2": its containers crash
    std::set<std::string> missing_images;    // can't be pulled
    bool has_room = true;                    // false: new pods find no node
    std::map<int64_t, std::string> blocked;  // CanRestart: why not
    std::map<int64_t, std::string> only_copies;
    std::map<int64_t, std::string> too_few;  // partitions that no restart can spare, and that others have
    std::set<int64_t> behind;                // HasCaughtUp: no
    std::set<int64_t> recovering;            // runs, isn't ready
    std::string stuck_drain;                 // nothing moves, for this reason
    std::set<std::string> refused_values;    // of live settings
    int64_t controller = 0;
    int64_t widest_topic = 3;
    std::map<std::string, Feature> features{{"metadata.version", {29, 29}}};
    bool is_older_version = false;   // addresses change at restart only
    bool is_scaled_by_hand = false;  // pods of the set go as they are
    size_t crash_after = SIZE_MAX;   // so many steps; the rest of that plan and its status are lost

  private:
    void run_action(const Apply& apply);
    void run_action(const Delete& order);
    void run_action(const Patch& patch);
    void run_action(const Place& place);
    void run_action(const AlterBrokerConfig& alter);
    void run_action(const UnregisterBroker& order) {
        brokers.erase(order.broker);
        dynamic_of.erase(order.broker);
    }
    void run_action(const Event& event) { events.push_back(event); }
    template <class Other>
    void run_action(const Other&) {}

    void answer(const Questions& questions, Answers& answers) const;
    void run_sets();
    void run_pods();
    void run_claims();
    void run_services();
    void run_brokers();
    void start_pod(const nlohmann::json& set, const std::string& name);
    bool is_ready(int64_t id) const;
    std::string fresh_uid() { return "uid-" + std::to_string(++uids_); }

    int uids_ = 0;
};

}  // namespace milena::plan
