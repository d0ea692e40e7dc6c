// One pass of the planner over a cluster: what was read off the input once, and the plan as it grows. The parts of the
// planner (children, config, volumes, scale, rolling, status) each take it and add their steps; it lives for one call
// of plan_cluster.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plan/cluster_plan.h"
#include "resource/objects.h"

namespace milena::plan {

// A StatefulSet as it is.
struct SetSeen {
    bool exists = false;
    bool is_deleting = false;
    std::string uid;
    int64_t replicas = 0;             // in its spec
    std::optional<int64_t> intended;  // what we wanted last
    std::vector<int64_t> leaving;
    std::map<std::string, std::string> sizes;                  // of its claim templates, by volume
    std::optional<std::map<std::string, std::string>> config;  // in its template
};

// A node of the cluster that should be there, or is.
struct Seat {
    int64_t id = 0;
    const resource::Pool* pool = nullptr;
    std::string pod_name;
    const Pod* pod = nullptr;  // null: there is none
    bool is_voter = false;
    bool is_leaving = false;
    std::string outdated;     // why it has to be restarted; empty: it needn't
    std::string going_claim;  // which somebody has deleted: it goes, with its data, when no pod has it any more

    bool is_healthy() const { return pod != nullptr && pod->is_ready && !pod->is_deleting; }
    // It does nothing that a deletion could interrupt.
    bool is_stuck() const {
        return pod != nullptr && !pod->is_deleting && !pod->is_ready && !pod->is_running &&
               (!pod->failure.empty() || pod->is_unschedulable || pod->phase == "Failed");
    }
};

struct Pass {
    explicit Pass(const ClusterInput& in);

    const ClusterInput& input;
    const api::KafkaCluster& cluster;
    std::vector<resource::Pool> pools;
    std::map<std::string, SetSeen> sets;                  // by pool
    std::map<std::string, int64_t> replicas;              // by pool: what the set shall have now
    std::map<std::string, std::vector<int64_t>> leaving;  // by pool: what the set's annotation shall say
    resource::Wanted wanted;
    std::vector<Seat> seats;
    std::map<std::string, std::string> config_map_annotations;
    std::map<int64_t, std::string> moves;  // by broker: addresses to give it while it runs; empty: those of its file

    ClusterPlan plan;
    api::ConditionSetter conditions;
    std::vector<std::string> problems;  // for Stalled: each says what to do
    std::string stalled_reason;
    std::vector<std::string> under_way;  // for Reconciling
    bool is_disrupting = false;          // the one disruptive step is taken
    bool is_roll_waiting = false;        // brokers are to be restarted, and something else has to come first
    std::set<std::string> shrinking;     // pools of which one empty broker goes now

    Seat* seat(int64_t id);
    const SetSeen& set(const resource::Pool& pool) { return sets[pool.name]; }
    bool are_all_healthy() const;
    bool is_any_ready() const;
    bool is_node_away(const Seat& seat) const;  // its node isn't ready, as far as we may know
    const nlohmann::json* child(const char* kind, const std::string& name) const;

    void add(Action action, bool is_disruptive = false);
    void event(bool is_warning, std::string reason, std::string message);
    void stall(const char* reason, std::string problem);
    void look_again(Duration after);
};

// The tag of an image; of one that has none, all of it.
std::string version_of(const std::string& image);
// A version that is too far away is refused, and the image stays that which runs.
void plan_version(Pass& pass);
// Creates and mends what can be at any time: everything but the StatefulSets' replicas downwards.
void plan_children(Pass& pass);
// Brokers tell clients where to come as it was when they started: one whose address has changed is given the new one
// while it runs, or else is to be restarted. An address that is only gone is waited for.
void plan_advertised(Pass& pass);
// Sorts the settings that have changed: live, restart, refused.
void plan_config(Pass& pass);
// What plan_advertised has found to be given.
void plan_moves(Pass& pass);
// Volumes that are to grow.
void plan_volumes(Pass& pass);
// Whether a text can be a value of a setting of this type at all; where that isn't sure, it can.
bool may_be_of_type(std::string_view type, std::string_view text);
// What replicas the sets shall have, and the emptying of those that leave.
void plan_scale(Pass& pass);
// Restarts of one broker.
void plan_rolling(Pass& pass);
void plan_status(Pass& pass);

// Whether `live` has all that `wanted` has; quantities that are equal count as equal, however they are written.
bool covers(const nlohmann::json& live, const nlohmann::json& wanted);

// Minutes until a window is open; 0: it is, or there are none.
int64_t minutes_to_window(const std::vector<api::MaintenanceWindow>& windows, Timestamp now);

// Applies the object by this step. nullptr: it is there as wanted, or somebody else's stands in its place.
Step* plan_apply(Pass& pass, nlohmann::json object);
// The same of the brokers' files, with what the pass has noted on them so far.
Step* apply_config_map(Pass& pass);

}  // namespace milena::plan
