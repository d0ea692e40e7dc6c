#include <algorithm>

#include "api/time_text.h"
#include "plan/pass.h"

namespace milena::plan {

namespace {

using api::Truth;
namespace annotation = resource::annotation;

constexpr const char* rollout_failed = "RolloutFailed";
constexpr const char* broker_failing = "BrokerFailing";
constexpr Duration ask_again = std::chrono::seconds(2);
constexpr std::chrono::milliseconds patience = std::chrono::minutes(5);  // with a broker that runs and isn't ready

std::string name_of(const Seat& seat) { return "broker " + std::to_string(seat.id); }

void mark_outdated(Pass& pass) {
    for (Seat& seat : pass.seats) {
        if (seat.pod == nullptr || !seat.outdated.empty()) continue;
        const auto started = seat.pod->annotations.find(annotation::revision);
        if (started != seat.pod->annotations.end() && started->second == resource::revision(pass.wanted, *seat.pool))
            continue;
        seat.outdated = seat.pod->image != pass.wanted.image ? "the image " + pass.wanted.image : "its pod template";
    }
}

// A pod is told the rack of its node.
void plan_racks(Pass& pass) {
    if (!pass.cluster.spec.rack) return;
    if (!pass.input.observed.knows_nodes) {
        pass.look_again(std::chrono::minutes(1));
        return pass.stall("KindUnreadable",
                          "brokers get no rack: the operator may not read nodes, grant it get, list and watch");
    }
    for (const Seat& seat : pass.seats) {
        if (seat.pod == nullptr || seat.pod->is_deleting || seat.pod->annotations.contains(annotation::rack)) continue;
        const auto node = pass.input.observed.nodes.find(seat.pod->node);
        if (node == pass.input.observed.nodes.end()) continue;
        const auto rack = node->second.labels.find(pass.cluster.spec.rack->topology_key);
        if (rack == node->second.labels.end()) continue;
        pass.add(Patch{"v1",
                       "Pod",
                       seat.pod->name,
                       seat.pod->uid,
                       {{"metadata", {{"annotations", {{annotation::rack, rack->second}}}}}}});
    }
}

void restart(Pass& pass, const Seat& seat, const std::string& reason) {
    pass.event(false, "BrokerRestarted", name_of(seat) + " is restarted: " + reason);
    pass.add(Delete{"v1", "Pod", seat.pod->name, seat.pod->uid, {}, false}, true);
    pass.plan.status.roll =
        api::RollStatus{seat.id, seat.pod->name, seat.pod->uid, api::time_text(pass.input.now), reason};
    pass.under_way.push_back("restarting " + name_of(seat) + ": " + reason);
}

// May: yes. No answer or a refusal is said in under_way.
bool may_restart(Pass& pass, const Seat& seat) {
    const auto answer = pass.input.answers.may_restart.find(seat.id);
    if (answer == pass.input.answers.may_restart.end()) {
        pass.plan.questions.may_restart.insert(seat.id);
        return false;
    }
    pass.look_again(ask_again);
    if (!answer->second) {
        pass.under_way.push_back(name_of(seat) + " waits: " + answer->second.error());
        return false;
    }
    if (!answer->second->may) {
        pass.under_way.push_back(name_of(seat) + " waits to be restarted for " + seat.outdated + ": " +
                                 answer->second->blocked_by);
        return false;
    }
    return true;
}

std::string why_unhealthy(const Pass& pass, const Seat& seat) {
    if (seat.pod == nullptr) return "has no pod";
    if (pass.is_node_away(seat)) return "stands on node " + seat.pod->node + ", and that isn't ready";
    if (seat.pod->is_deleting) return "is stopping";
    if (!seat.pod->failure.empty())
        return seat.pod->failure + (seat.pod->message.empty() ? "" : ": " + seat.pod->message);
    if (seat.pod->is_unschedulable) return "finds no node: " + seat.pod->message;
    return "isn't ready yet";
}

// A node that isn't there may have been deleted by mistake, or be on its way back under its name (E4): only a pod that
// has found no place for minutes shows that it isn't.
bool is_gone_for_long(Pass& pass, const Seat& seat) {
    if (seat.pod == nullptr || !seat.pod->is_unschedulable) return false;
    const auto age = std::chrono::milliseconds(pass.input.now - seat.pod->created);
    if (age < patience) pass.look_again(patience - age);
    return age >= patience;
}

const Claim* lost_claim(Pass& pass, const Seat& seat) {
    if (!pass.input.observed.are_nodes_current || seat.is_healthy()) return nullptr;
    for (const api::Volume& volume : volumes_of(seat.pool->storage)) {
        const auto claim = pass.input.observed.claims.find(resource::claim_name(volume.name, seat.pod_name));
        if (claim == pass.input.observed.claims.end() || claim->second.local_node.empty()) continue;
        const auto node = pass.input.observed.nodes.find(claim->second.local_node);
        const bool is_gone =
            node == pass.input.observed.nodes.end() ? is_gone_for_long(pass, seat) : node->second.is_out_of_service;
        if (is_gone) return &claim->second;
    }
    return nullptr;
}

// A node that is gone for good has taken a broker's local disk with it: the broker is rebuilt under its id, if the
// others have all that it had.
bool rebuild(Pass& pass, const std::vector<Seat*>& unhealthy) {
    if (unhealthy.size() != 1) return false;
    Seat& seat = *unhealthy[0];
    const Claim* claim = lost_claim(pass, seat);
    if (claim == nullptr || claim->is_deleting) return false;
    seat.outdated = "the loss of node " + claim->local_node;
    if (!may_restart(pass, seat)) return true;
    const MayRestart& answer = *pass.input.answers.may_restart.at(seat.id);
    if (!answer.only_copies.empty()) {
        pass.stall("DataLost", name_of(seat) + "'s disk is lost with node " + claim->local_node +
                                   ", and has the only copy of " + answer.only_copies[0] +
                                   ": bring the node back, or delete claim " + claim->name + " yourself");
        return true;
    }
    pass.event(true, "BrokerRebuilt",
               name_of(seat) + " is rebuilt from its replicas: node " + claim->local_node + " is gone, with its disk");
    pass.add(Delete{"v1", "PersistentVolumeClaim", claim->name, claim->uid, {}, false}, true);
    if (seat.pod != nullptr) pass.add(Delete{"v1", "Pod", seat.pod->name, seat.pod->uid, {}, false});
    pass.under_way.push_back("rebuilding " + name_of(seat));
    return true;
}

// E6: whatever a broker is restarted for, a claim of its that somebody has deleted goes then. Not with the last copy of
// something. Needs the answer of may_restart.
bool would_lose_data(Pass& pass, const Seat& seat) {
    if (seat.going_claim.empty()) return false;
    const std::vector<std::string>& lost = pass.input.answers.may_restart.at(seat.id)->only_copies;
    if (lost.empty()) return false;
    pass.stall("DataLost", "somebody has deleted claim " + seat.going_claim + ", and " + name_of(seat) +
                               " has the only copy of " + lost[0] +
                               (lost.size() > 1 ? " (and " + std::to_string(lost.size() - 1) + " more)" : "") +
                               ": give its topic more replicas, or move it to another broker; until then the broker "
                               "isn't restarted");
    return true;
}

// One that doesn't run can be replaced at any time: a mended template is its way out.
bool replace_stuck(Pass& pass, const std::vector<Seat*>& unhealthy) {
    for (const Seat* seat : unhealthy) {
        if (!seat->is_stuck() || seat->outdated.empty()) continue;
        if (!seat->going_claim.empty() && (!may_restart(pass, *seat) || would_lose_data(pass, *seat))) continue;
        restart(pass, *seat, seat->outdated + ", as it can't start: " + why_unhealthy(pass, *seat));
        return true;
    }
    return false;
}

// One that runs, isn't ready, and isn't what is wanted either: left alone as long as it recovers its logs, or as its
// node is away, where nothing would come of it.
void replace_unready(Pass& pass, Seat& seat) {
    if (seat.pod == nullptr || seat.pod->is_deleting || seat.outdated.empty() || !seat.pod->is_running) return;
    if (pass.is_node_away(seat)) return;
    if (std::chrono::milliseconds(pass.input.now - seat.pod->created) < patience) {
        pass.look_again(patience - std::chrono::milliseconds(pass.input.now - seat.pod->created));
        return;
    }
    const auto health = pass.input.answers.health.find(seat.id);
    if (health == pass.input.answers.health.end()) {
        pass.plan.questions.health.insert(seat.id);
        return;
    }
    if (health->second && health->second->is_recovering) {
        pass.under_way.push_back(name_of(seat) + " recovers its logs: " + std::to_string(health->second->percent) +
                                 " %");
        pass.look_again(std::chrono::seconds(30));
        return;
    }
    if (may_restart(pass, seat) && !would_lose_data(pass, seat)) restart(pass, seat, seat.outdated);
}

// A container that crashes again and again runs for a moment in between: that is no recovery.
bool is_failing(const Pass& pass, const Seat& seat) {
    if (seat.pod == nullptr || !seat.outdated.empty()) return false;
    const api::Condition* before = api::find_condition(pass.cluster.status.conditions, api::condition::stalled);
    const bool has_failed = before != nullptr && before->status == Truth::yes &&
                            (before->reason == rollout_failed || before->reason == broker_failing);
    return seat.is_stuck() || (has_failed && seat.pod->restarts > 0);
}

void wait_for(Pass& pass, const std::vector<Seat*>& unhealthy, bool is_rolling) {
    pass.is_roll_waiting = is_rolling && !pass.is_disrupting;
    for (const Seat* seat : unhealthy) {
        pass.under_way.push_back("waiting for " + name_of(*seat) + ", which " + why_unhealthy(pass, *seat));
        if (!is_failing(pass, *seat)) continue;
        if (is_rolling)
            pass.stall(rollout_failed, name_of(*seat) + " doesn't come back with what the spec says (" +
                                           why_unhealthy(pass, *seat) +
                                           "); no other broker is touched. Mend the spec, or put it back");
        else
            pass.stall(broker_failing, name_of(*seat) + " can't start: " + why_unhealthy(pass, *seat));
    }
}

// Whether the broker that was restarted last has all its data again.
bool has_caught_up(Pass& pass) {
    const Seat* youngest = nullptr;
    for (const Seat& seat : pass.seats)
        if (seat.outdated.empty() && seat.pool->is_broker &&
            (youngest == nullptr || seat.pod->created > youngest->pod->created))
            youngest = &seat;
    if (youngest == nullptr) return true;
    const auto answer = pass.input.answers.caught_up.find(youngest->id);
    if (answer == pass.input.answers.caught_up.end()) {
        pass.plan.questions.caught_up.insert(youngest->id);
        return false;
    }
    pass.look_again(ask_again);
    if (answer->second && answer->second->has) return true;
    pass.under_way.push_back("waiting for " + name_of(*youngest) + " to catch up" +
                             (answer->second ? ": " + answer->second->behind : ": " + answer->second.error()));
    return false;
}

// C4: no partition would be away with it, or that is accepted.
bool spares_enough(Pass& pass, const Seat& seat) {
    const std::vector<std::string>& harmed = pass.input.answers.may_restart.at(seat.id)->unavoidable;
    if (harmed.empty()) return true;
    const std::string which =
        harmed[0] + (harmed.size() > 1 ? " (and " + std::to_string(harmed.size() - 1) + " more)" : "");
    if (pass.cluster.spec.when_partitions_unavailable == api::OutagePolicy::proceed) {
        pass.event(true, "PartitionsUnavailable", "the restart of " + name_of(seat) + " can't spare " + which);
        return true;
    }
    const std::string why = name_of(seat) + " waits to be restarted for " + seat.outdated + ": that can't spare " +
                            which + "; give its topic more replicas, or set whenPartitionsUnavailable to Proceed";
    const api::Condition* before = api::find_condition(pass.cluster.status.conditions, api::condition::reconciling);
    const bool is_said = before != nullptr && before->message.find(why) != std::string::npos;
    if (!is_said) pass.event(true, "RestartBlocked", why);
    pass.under_way.push_back(why);
    return false;
}

// The next of those that are outdated: brokers first, then controllers, the active one last.
void restart_next(Pass& pass, std::vector<Seat*> outdated) {
    const auto& brokers = pass.input.answers.brokers;
    if (!brokers || !brokers->has_value()) {
        pass.plan.questions.brokers = !brokers;
        if (brokers) pass.under_way.push_back("waiting for the brokers: " + brokers->error());
        if (brokers) pass.look_again(ask_again);
        return;
    }
    const int64_t active = (*brokers)->controller;
    std::ranges::stable_sort(outdated, {}, [&](const Seat* seat) {
        return std::pair(seat->id == active ? 2 : seat->is_voter ? 1 : 0, seat->id);
    });
    if (!has_caught_up(pass)) return;
    for (Seat* seat : outdated) {
        if (!may_restart(pass, *seat)) continue;
        // The active controller goes when all others are done.
        if (seat->id == active && outdated.size() > 1) continue;
        if (would_lose_data(pass, *seat) || !spares_enough(pass, *seat)) continue;
        return restart(pass, *seat, seat->outdated);
    }
}

bool is_a_set_away(const Pass& pass) {
    return std::ranges::any_of(pass.plan.status.growth, [](const api::GrowthStatus& growth) {
        return growth.phase == "ClaimsPatched" || growth.phase == "SetOrphaned";
    });
}

}  // namespace

void plan_rolling(Pass& pass) {
    mark_outdated(pass);
    plan_racks(pass);
    std::vector<Seat*> unhealthy, outdated;
    for (Seat& seat : pass.seats) {
        if (!seat.is_healthy()) unhealthy.push_back(&seat);
        if (!seat.outdated.empty() && !seat.is_leaving) outdated.push_back(&seat);
    }
    if (pass.is_disrupting || is_a_set_away(pass)) return;
    if (!unhealthy.empty()) {
        if (rebuild(pass, unhealthy) || replace_stuck(pass, unhealthy)) return;
        if (unhealthy.size() == 1) replace_unready(pass, *unhealthy[0]);
        return wait_for(pass, unhealthy, !outdated.empty());
    }
    const bool is_one_going = pass.input.observed.pods.size() > pass.seats.size();
    if (outdated.empty()) return;
    if (is_one_going) return pass.under_way.push_back("restarts wait for a broker that goes");
    if (const int64_t wait = minutes_to_window(pass.cluster.spec.maintenance_windows, pass.input.now); wait > 0) {
        pass.look_again(std::chrono::minutes(wait));
        pass.under_way.push_back(std::to_string(outdated.size()) + " brokers wait for the maintenance window");
        return;
    }
    const bool is_leaving = std::ranges::any_of(pass.seats, &Seat::is_leaving);
    if (is_leaving) return pass.under_way.push_back("restarts wait for the brokers that leave");
    restart_next(pass, std::move(outdated));
    pass.is_roll_waiting = !pass.is_disrupting;
}

}  // namespace milena::plan
