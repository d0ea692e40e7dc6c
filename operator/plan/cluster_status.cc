#include <algorithm>

#include "plan/pass.h"

namespace milena::plan {

namespace {

using api::Truth;
namespace condition = api::condition;

constexpr Duration look_at_features = std::chrono::minutes(1);
constexpr const char* joining = "Joining";
constexpr const char* no_quorum = "NoQuorum";
constexpr const char* brokers_away = "BrokersAway";

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all += (all.empty() ? "" : "; ") + text;
    return all;
}

std::string state_of(const Pass& pass, const Seat& seat) {
    if (seat.pod == nullptr) return "Missing";
    if (!seat.is_healthy() && pass.is_node_away(seat)) return "NodeAway";
    if (seat.pod->is_deleting) return "Stopping";
    if (seat.is_stuck()) return "Failing";
    if (!seat.pod->is_ready) return "Starting";
    if (seat.is_leaving) return "Draining";
    return seat.outdated.empty() ? "Ready" : "Outdated";
}

// It has never been ready yet: the cluster is what it was without it.
bool is_joining(const Pass& pass, const Seat& seat) {
    if (seat.is_healthy()) return false;
    const auto& before = pass.cluster.status.brokers;
    const auto line = std::ranges::find(before, seat.id, &api::BrokerStatus::id);
    return line == before.end() || line->state == joining;
}

std::string why_away(const Pass& pass, const Seat& seat) {
    if (seat.pod == nullptr) return {};
    return pass.is_node_away(seat) ? "node " + seat.pod->node + " isn't ready" : seat.pod->message;
}

api::BrokerStatus line_of(const Pass& pass, const Seat& seat) {
    const std::string state = is_joining(pass, seat) ? joining : state_of(pass, seat);
    api::BrokerStatus line{seat.id, seat.pool->name, seat.pod_name, {}, {}, state, {}};
    if (seat.pod == nullptr) return line;
    line.node = seat.pod->node;
    if (const auto rack = seat.pod->annotations.find(resource::annotation::rack); rack != seat.pod->annotations.end())
        line.rack = rack->second;
    if (!seat.is_healthy()) line.message = why_away(pass, seat).substr(0, 500);
    if (seat.is_healthy() && !seat.outdated.empty()) line.message = "to be restarted for " + seat.outdated;
    return line;
}

api::ListenerStatus listener_status(const Pass& pass, const api::Listener& listener) {
    api::ListenerStatus status{
        listener.name, std::string(words_of(listener.type)[static_cast<size_t>(listener.type)]), {}, {}};
    for (const Seat& seat : pass.seats) {
        if (!seat.pool->is_broker) continue;
        resource::Address address{resource::host_name(pass.cluster, seat.pool->name, seat.id), listener.port};
        if (listener.type != api::ListenerType::internal) {
            const auto found = pass.wanted.external.find({listener.name, seat.id});
            if (found == pass.wanted.external.end()) continue;
            address = found->second;
            if (listener.type == api::ListenerType::node_port)
                address.host = seat.pod == nullptr ? "" : seat.pod->host_ip;
            if (address.host.empty()) continue;
        }
        status.addresses.push_back({seat.id, address.host, address.port});
    }
    if (listener.type == api::ListenerType::internal) {
        status.bootstrap = resource::bootstrap_service_name(pass.cluster, listener) + "." +
                           pass.cluster.metadata.name_space + ".svc:" + std::to_string(listener.port);
    } else {
        for (size_t i = 0; i < std::min<size_t>(3, status.addresses.size()); ++i)
            status.bootstrap +=
                (i == 0 ? "" : ",") + resource::text_of({status.addresses[i].host, status.addresses[i].port});
    }
    return status;
}

// Since it was ready for the first time: until then it is Starting, whatever else is the case.
bool has_served(const Pass& pass) {
    const api::Condition* before = api::find_condition(pass.cluster.status.conditions, condition::ready);
    return before != nullptr &&
           (before->status == Truth::yes || before->reason == no_quorum || before->reason == brokers_away);
}

void set_ready(Pass& pass) {
    int64_t brokers = 0, ready = 0, voters_ready = 0, known = 0;
    for (const Seat& seat : pass.seats) {
        brokers += seat.pool->is_broker ? 1 : 0;
        known += seat.pool->is_broker && !is_joining(pass, seat) ? 1 : 0;
        ready += seat.pool->is_broker && seat.is_healthy() ? 1 : 0;
        voters_ready += seat.is_voter && seat.is_healthy() ? 1 : 0;
    }
    pass.plan.status.replicas = brokers;
    pass.plan.status.ready_replicas = ready;
    // Only a new cluster waits for all. One that has served does so while others join, and while one is away: that is
    // what replicas are for.
    const bool is_new = !has_served(pass);
    const int64_t needed = is_new ? brokers : std::max<int64_t>(1, known - 1);
    const bool has_quorum = voters_ready * 2 > static_cast<int64_t>(pass.wanted.founding.voters.size());
    const bool is_ready = brokers > 0 && ready >= needed && has_quorum;
    const std::string count = std::to_string(ready) + " of " + std::to_string(brokers) + " brokers are ready";
    const char* reason = is_ready ? "Serving" : is_new ? "Starting" : has_quorum ? brokers_away : no_quorum;
    pass.conditions.set(condition::ready, is_ready ? Truth::yes : Truth::no, reason,
                        is_ready ? count : count + (pass.under_way.empty() ? "" : "; " + joined(pass.under_way)));
    std::vector<std::string> away;
    for (const Seat& seat : pass.seats) {
        if (seat.is_healthy()) continue;
        const std::string why = why_away(pass, seat);
        away.push_back(seat.pod_name + " is " + state_of(pass, seat) + (why.empty() ? "" : ": " + why));
    }
    pass.conditions.set(condition::brokers_healthy, away.empty() ? Truth::yes : Truth::no,
                        away.empty() ? "AllReady" : "BrokersAway", joined(away));
}

void set_upgrade(Pass& pass) {
    std::set<std::string> versions;
    bool is_upgrading = false;
    for (const Seat& seat : pass.seats) {
        if (seat.pod == nullptr || seat.pod->image.empty()) continue;
        versions.insert(version_of(seat.pod->image));
        is_upgrading |= seat.pod->image != pass.wanted.image;
    }
    // Nor is it over while the last one starts.
    const bool was_upgrading = api::is_true(pass.cluster.status.conditions, condition::upgrade_in_progress);
    is_upgrading |= was_upgrading && !pass.are_all_healthy();
    pass.plan.status.version = joined({versions.begin(), versions.end()});
    pass.conditions.set(condition::upgrade_in_progress, is_upgrading ? Truth::yes : Truth::no,
                        is_upgrading ? "Rolling" : "SameVersion", is_upgrading ? "to " + pass.wanted.image : "");
}

// Asked only when the set of brokers has changed, until it is so.
void set_balanced(Pass& pass) {
    std::vector<int64_t> before, now;
    for (const api::BrokerStatus& line : pass.cluster.status.brokers) before.push_back(line.id);
    for (const Seat& seat : pass.seats) now.push_back(seat.id);
    const bool was_balanced = api::is_true(pass.cluster.status.conditions, condition::balanced);
    const bool is_leaving = std::ranges::any_of(
        pass.pools, [&](const resource::Pool& pool) { return pass.replicas[pool.name] > pool.replicas; });
    const auto& moves = pass.input.answers.moves_left;
    if (is_leaving) {
        pass.conditions.set(condition::balanced, Truth::no, "Leaving", "brokers are still to be emptied");
    } else if (was_balanced && before == now) {
        pass.conditions.set(condition::balanced, Truth::yes, "Even");
    } else if (pass.seats.empty() || !pass.are_all_healthy()) {
        pass.conditions.set(condition::balanced, Truth::unknown, "BrokersAway");
    } else if (!moves || !moves->has_value()) {
        pass.plan.questions.moves_left = !moves;
        pass.conditions.set(condition::balanced, Truth::unknown, "Asking", moves ? moves->error() : "");
        if (moves) pass.look_again(std::chrono::seconds(5));
    } else if (const std::vector<int64_t>& unheard = (*moves)->unheard; !unheard.empty()) {
        std::vector<std::string> brokers;
        for (const int64_t id : unheard) brokers.push_back("broker " + std::to_string(id));
        pass.conditions.set(condition::balanced, Truth::unknown, "Measuring",
                            "not known yet what these store: " + joined(brokers));
        pass.look_again(std::chrono::seconds(5));
    } else {
        const uint64_t left = (*moves)->count;
        pass.conditions.set(condition::balanced, left == 0 ? Truth::yes : Truth::no, left == 0 ? "Even" : "Moving",
                            left == 0 ? "" : std::to_string(left) + " replicas are still to be moved");
        if (left != 0) pass.look_again(std::chrono::seconds(5));
    }
}

// Brokers tell nobody what their clients finalize: looked at in each pass, and now and then without any other reason.
// Not in a roll, in which each broker says something else.
void set_features(Pass& pass) {
    const bool is_settled = !pass.seats.empty() && std::ranges::all_of(pass.seats, [](const Seat& seat) {
        return seat.is_healthy() && seat.outdated.empty();
    });
    if (!is_settled || pass.cluster.spec.paused) return;
    pass.look_again(look_at_features);
    const auto& features = pass.input.answers.features;
    pass.plan.questions.features = !features;
    if (!features || !features->has_value()) return;
    pass.plan.status.features.clear();
    for (const auto& [name, feature] : **features)
        pass.plan.status.features.push_back({name, feature.finalized, feature.max});
}

// That the brokers do what spec.config says is true only once the last step towards it was seen to be done.
void set_config(Pass& pass, bool is_rolling) {
    const api::Condition* config = pass.conditions.find(condition::config_applied);
    if (config == nullptr) {
        pass.conditions.set(condition::config_applied, Truth::unknown, "Waiting");
    } else if (config->status == Truth::yes && is_rolling) {
        pass.conditions.set(condition::config_applied, Truth::no, "Rolling", "brokers are still to be restarted");
    } else if (config->status == Truth::yes && !pass.is_any_ready()) {
        pass.conditions.set(condition::config_applied, Truth::unknown, "BrokersAway");
    }
}

}  // namespace

void plan_status(Pass& pass) {
    api::KafkaClusterStatus& status = pass.plan.status;
    set_ready(pass);
    set_upgrade(pass);
    set_balanced(pass);
    set_features(pass);
    status.observed_generation = pass.cluster.metadata.generation;
    status.cluster_id = pass.wanted.founding.cluster_id;
    status.selector = resource::selector_text(pass.cluster);
    status.controllers.clear();
    for (const int64_t voter : pass.wanted.founding.voters)
        status.controllers += (status.controllers.empty() ? "" : ",") + std::to_string(voter);
    status.brokers.clear();
    for (const Seat& seat : pass.seats) status.brokers.push_back(line_of(pass, seat));
    status.listeners.clear();
    for (const api::Listener& listener : resource::listeners_of(pass.cluster.spec))
        status.listeners.push_back(listener_status(pass, listener));
    status.bootstrap = status.listeners.front().bootstrap;
    const bool is_rolling = std::ranges::any_of(pass.seats, [](const Seat& seat) { return !seat.outdated.empty(); });
    if (!is_rolling && pass.are_all_healthy()) status.roll.reset();

    set_config(pass, is_rolling);
    pass.conditions.set(condition::stalled, pass.problems.empty() ? Truth::no : Truth::yes,
                        pass.problems.empty() ? "NotStalled" : pass.stalled_reason, joined(pass.problems));
    // One that is refused for good is in every plan, and nothing waits for it.
    const bool has_steps = std::ranges::any_of(pass.plan.steps, [](const Step& step) {
        return !std::holds_alternative<Event>(step.action) && !step.is_accessory;
    });
    if (has_steps && pass.under_way.empty()) pass.under_way.push_back("making what is missing");
    const char* working = pass.is_roll_waiting ? api::roll_waits : "Working";
    pass.conditions.set(condition::reconciling, pass.under_way.empty() ? Truth::no : Truth::yes,
                        pass.under_way.empty() ? "AsWanted" : working, joined(pass.under_way));
    const bool is_paused = pass.cluster.spec.paused;
    pass.conditions.set(condition::paused, is_paused ? Truth::yes : Truth::no, is_paused ? "Paused" : "NotPaused",
                        is_paused ? "spec.paused: nothing is changed" : "");
    status.conditions = pass.conditions.merged(pass.cluster.status.conditions, pass.input.now);
}

}  // namespace milena::plan
