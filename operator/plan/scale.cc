#include <algorithm>

#include "plan/pass.h"

namespace milena::plan {

namespace {

using api::Truth;

constexpr Duration drain_period = std::chrono::seconds(3);
constexpr Duration ask_again_for_topics = std::chrono::seconds(15);  // topics change without an event here

// The nodes that a pool has, or is to have.
int64_t highest_pod(const Pass& pass, const resource::Pool& pool) {
    int64_t count = 0;
    const std::string prefix = resource::set_name(pass.cluster, pool.name) + "-";
    for (const auto& [name, pod] : pass.input.observed.pods) {
        const int64_t id = resource::node_id_of(name);
        if (name.starts_with(prefix) && pool.has(id) && name == prefix + std::to_string(id))
            count = std::max(count, id - pool.first_node_id + 1);
    }
    return count;
}

// As many as there are, before anything is changed. Where somebody has scaled the set up, these brokers may have data
// by now: they leave like all others. A set that is gone had at least the pods that are there.
int64_t replicas_now(Pass& pass, const resource::Pool& pool) {
    const SetSeen& set = pass.set(pool);
    if (!set.exists) return highest_pod(pass, pool);
    return std::max(set.intended.value_or(set.replicas), set.replicas);
}

int64_t brokers_wanted(const Pass& pass) {
    int64_t count = 0;
    for (const resource::Pool& pool : pass.pools)
        if (pool.is_broker) count += pool.replicas;
    return count;
}

void make_seats(Pass& pass) {
    for (const resource::Pool& pool : pass.pools) {
        for (int64_t i = 0; i < pass.replicas[pool.name]; ++i) {
            Seat seat;
            seat.id = pool.first_node_id + i;
            seat.pool = &pool;
            seat.pod_name = resource::pod_name(pass.cluster, pool.name, seat.id);
            seat.is_voter = pass.wanted.founding.is_voter(seat.id);
            const auto pod = pass.input.observed.pods.find(seat.pod_name);
            if (pod != pass.input.observed.pods.end()) seat.pod = &pod->second;
            pass.seats.push_back(std::move(seat));
        }
    }
}

// Whether the cluster may become so small. If not, nobody is even cordoned.
bool may_shrink(Pass& pass) {
    for (const resource::Pool& pool : pass.pools)
        for (int64_t i = pool.replicas; i < pass.replicas[pool.name]; ++i)
            if (const int64_t id = pool.first_node_id + i; pass.wanted.founding.is_voter(id)) {
                pass.stall("ControllersStay", "node " + std::to_string(id) +
                                                  " is a controller and can't be removed: "
                                                  "put replicas back to at least " +
                                                  std::to_string(i + 1));
                return false;
            }
    const auto& widest = pass.input.answers.widest_topic;
    if (!widest || !widest->has_value()) {
        pass.plan.questions.widest_topic = !widest;
        if (widest) pass.look_again(drain_period);
        const std::string why = widest ? widest->error() : "asking the brokers";
        pass.conditions.set(api::condition::draining, Truth::unknown, "Asking", why);
        pass.under_way.push_back("scaling down waits: " + why);
        return false;
    }
    const WidestTopic& topic = **widest;
    if (brokers_wanted(pass) >= topic.replication_factor) return true;
    pass.stall("TooFewBrokers", "topic " + topic.name + " has replication factor " +
                                    std::to_string(topic.replication_factor) + ": lower it, or put replicas back to " +
                                    std::to_string(topic.replication_factor));
    pass.look_again(ask_again_for_topics);
    return false;
}

// One line on how far it is. False: it isn't empty yet.
bool is_drained(Pass& pass, int64_t id, std::string& message) {
    const auto answer = pass.input.answers.drain.find(id);
    const std::string broker = "broker " + std::to_string(id);
    if (answer == pass.input.answers.drain.end()) {
        pass.plan.questions.drain.insert(id);
        message += broker + " is asked; ";
        return false;
    }
    if (!answer->second) {
        message += broker + ": " + answer->second.error() + "; ";
        return false;
    }
    const Drain& drain = *answer->second;
    if (drain.placement != Placement::draining) {
        pass.add(Place{PlacementOrder::drain, id});
        message += broker + " begins; ";
        return false;
    }
    if (drain.replicas_left == 0) return true;
    message += broker + " has " + std::to_string(drain.replicas_left) + " replicas left; ";
    if (!drain.stuck.empty()) {
        message += drain.stuck + "; ";
        pass.stall("DrainStuck",
                   broker + " can't be emptied: " + drain.stuck + "; make room, or put replicas back to keep it");
    }
    return false;
}

// Those that leave a pool, the last one first: all of them give away what they have, one at a time goes.
void drain(Pass& pass, const resource::Pool& pool) {
    std::string message;
    const bool is_one_going = !pass.leaving[pool.name].empty();
    bool is_last_empty = true;
    for (int64_t i = pass.replicas[pool.name] - 1; i >= pool.replicas; --i) {
        const int64_t id = pool.first_node_id + i;
        pass.leaving[pool.name].push_back(id);
        pass.seat(id)->is_leaving = true;
        // What is asked of a broker is written down first, so that it isn't forgotten.
        if (std::ranges::find(pass.set(pool).leaving, id) == pass.set(pool).leaving.end()) {
            is_last_empty = false;
            continue;
        }
        const bool is_empty = is_drained(pass, id, message);
        if (i == pass.replicas[pool.name] - 1) is_last_empty = is_empty;
    }
    pass.conditions.set(api::condition::draining, Truth::yes, "Draining", message);
    pass.under_way.push_back("brokers of " + pool.name + " are emptied");
    pass.look_again(drain_period);
    const int64_t last = pool.first_node_id + pass.replicas[pool.name] - 1;
    const bool are_others_healthy =
        std::ranges::all_of(pass.seats, [&](const Seat& seat) { return seat.id == last || seat.is_healthy(); });
    if (!is_last_empty || is_one_going || pass.is_disrupting || !are_others_healthy) return;
    pass.event(false, "BrokerRemoved", "broker " + std::to_string(last) + " is empty and goes");
    --pass.replicas[pool.name];
    pass.shrinking.insert(pool.name);
    pass.is_disrupting = true;
    std::erase_if(pass.seats, [&](const Seat& seat) { return seat.id == last; });
}

// What was on the disks of an empty broker. The set keeps every claim, so that nobody's hand on its replicas costs
// data: those of a broker that has left are deleted here. True: nothing is left of them.
bool are_claims_gone(Pass& pass, const resource::Pool& pool, const std::string& pod) {
    bool is_all_gone = true;
    for (const api::Volume& volume : volumes_of(pool.storage)) {
        const auto claim = pass.input.observed.claims.find(resource::claim_name(volume.name, pod));
        if (claim == pass.input.observed.claims.end()) continue;
        is_all_gone = false;
        if (!claim->second.is_deleting)
            pass.add(Delete{"v1", "PersistentVolumeClaim", claim->first, claim->second.uid, {}, false});
    }
    return is_all_gone;
}

// What the brokers know of this one; null: it isn't known (yet) what they know. Asked once in a pass.
const BrokersInfo* ask_brokers(Pass& pass) {
    const auto& brokers = pass.input.answers.brokers;
    if (brokers && brokers->has_value()) return &**brokers;
    pass.plan.questions.brokers = !brokers;
    return nullptr;
}

// Whether a broker that has left may be forgotten: its pod and its claims are gone, and no broker knows it any more.
bool is_gone(Pass& pass, const resource::Pool& pool, int64_t id) {
    const std::string pod = resource::pod_name(pass.cluster, pool.name, id);
    if (pass.input.observed.pods.contains(pod) || !are_claims_gone(pass, pool, pod)) return false;
    const BrokersInfo* known = pass.is_any_ready() ? ask_brokers(pass) : nullptr;
    if (known == nullptr) return false;
    if (!known->brokers.contains(id)) return true;
    pass.add(UnregisterBroker{id});
    return false;
}

// Whether one that is to stay after all takes replicas again.
bool is_open(Pass& pass, int64_t id) {
    const BrokersInfo* known = ask_brokers(pass);
    if (known == nullptr) return false;
    const auto broker = known->brokers.find(id);
    if (broker == known->brokers.end() || broker->second.placement == Placement::open) return true;
    pass.add(Place{PlacementOrder::undrain, id});
    pass.event(false, "DrainCancelled", "broker " + std::to_string(id) + " stays");
    return false;
}

// Ids that the set still says are leaving: those that have left, and those that are to stay after all, stay written
// down until that is done. Only what we have wanted ourselves counts as having left.
void settle(Pass& pass, const resource::Pool& pool, int64_t now) {
    for (const int64_t id : pass.set(pool).leaving) {
        const int64_t place = id - pool.first_node_id;
        if (place >= pool.replicas && place < now) continue;
        const bool stays = place < pool.replicas;
        if (stays ? is_open(pass, id) : is_gone(pass, pool, id)) continue;
        pass.leaving[pool.name].push_back(id);
        pass.under_way.push_back("broker " + std::to_string(id) + (stays ? " stays" : " goes"));
        pass.look_again(drain_period);
    }
}

}  // namespace

void plan_scale(Pass& pass) {
    pass.conditions.set(api::condition::draining, Truth::no, "NotDraining");
    bool is_shrinking = false;
    std::map<std::string, int64_t> now;
    for (const resource::Pool& pool : pass.pools) {
        now[pool.name] = replicas_now(pass, pool);
        pass.replicas[pool.name] = std::max(now[pool.name], pool.replicas);
        is_shrinking |= pool.replicas < now[pool.name];
    }
    make_seats(pass);
    for (const resource::Pool& pool : pass.pools) settle(pass, pool, now[pool.name]);
    if (!is_shrinking) return;
    if (!may_shrink(pass)) {
        // What was begun stays written down until it is taken back.
        for (const resource::Pool& pool : pass.pools)
            for (const int64_t id : pass.set(pool).leaving)
                if (id - pool.first_node_id >= pool.replicas && id - pool.first_node_id < now[pool.name])
                    pass.leaving[pool.name].push_back(id);
        return;
    }
    for (const resource::Pool& pool : pass.pools)
        if (pool.replicas < pass.replicas[pool.name]) drain(pass, pool);
}

}  // namespace milena::plan
