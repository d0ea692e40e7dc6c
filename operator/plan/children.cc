#include <algorithm>

#include "api/metadata.h"
#include "api/time_text.h"
#include "base/parse_number.h"
#include "plan/pass.h"

namespace milena::plan {

namespace {

using Json = nlohmann::json;
namespace annotation = resource::annotation;
using api::Truth;

constexpr Duration address_patience = std::chrono::minutes(2);

// What the load balancer has given this Service.
std::string balancer_host(const Json& service) {
    const Json::json_pointer ingress("/status/loadBalancer/ingress");
    if (!service.contains(ingress) || !service[ingress].is_array() || service[ingress].empty()) return {};
    const Json& first = service[ingress][0];
    return first.contains("hostname") ? first.value("hostname", "") : first.value("ip", "");
}

int64_t node_port_of(const Json& service) {
    return service.value(Json::json_pointer("/spec/ports/0/nodePort"), int64_t{0});
}

// The port that brokers were told last, so that a Service made anew gets the same.
int64_t remembered_port(const Pass& pass, const api::Listener& listener, const std::string& pod) {
    const Json* map = pass.child("ConfigMap", resource::config_map_name(pass.cluster));
    const std::string file = map == nullptr ? "" : map->value(Json::json_pointer("/data/" + pod + ".properties"), "");
    const std::string name = resource::kafka_name(listener);
    const size_t line = file.find("\nadvertised.listeners=");
    const size_t at = line == std::string::npos ? line : file.find(name + "://${env:HOST_IP}:", line);
    if (at == std::string::npos) return 0;
    const size_t begin = file.find("}:", at) + 2;
    const std::string_view rest = std::string_view(file).substr(begin);
    return parse_number<int64_t>(rest.substr(0, rest.find_first_not_of("0123456789"))).value_or(0);
}

void note_address(Pass& pass, const api::Listener& listener, int64_t node_id, const Json& service) {
    if (listener.type == api::ListenerType::node_port) {
        if (const int64_t port = node_port_of(service); port != 0)
            pass.wanted.external[{listener.name, node_id}] = {"${env:HOST_IP}", port};
    } else if (const std::string host = balancer_host(service); !host.empty()) {
        pass.wanted.external[{listener.name, node_id}] = {host, listener.port};
    }
}

// The Services of one external listener. Those brokers are told of it whose address is known.
size_t plan_external(Pass& pass, const api::Listener& listener) {
    plan_apply(pass, resource::external_bootstrap_service(pass.wanted, listener));
    size_t missing = 0;
    for (const resource::Pool& pool : pass.pools) {
        if (!pool.is_broker) continue;
        for (int64_t i = 0; i < pass.replicas[pool.name]; ++i) {
            const int64_t id = pool.first_node_id + i;
            const Json* live = pass.child("Service", resource::broker_service_name(pass.cluster, listener, id));
            int64_t port = live == nullptr ? 0 : node_port_of(*live);
            if (port == 0 && listener.type == api::ListenerType::node_port)
                port = remembered_port(pass, listener, resource::pod_name(pass.cluster, pool.name, id));
            plan_apply(pass, resource::broker_service(pass.wanted, listener, pool, id, port));
            if (live != nullptr) {
                note_address(pass, listener, id, *live);
            } else if (port != 0) {
                pass.wanted.external[{listener.name, id}] = {"${env:HOST_IP}", port};
            }
            missing += pass.wanted.external.contains({listener.name, id}) ? 0 : 1;
        }
    }
    return missing;
}

// A15: brokers run without it. What can't be read isn't written either: each pass would do it again.
void plan_accessory(Pass& pass, Json object) {
    const std::string kind = object.value("kind", "");
    if (pass.input.observed.unreadable.contains(kind)) {
        pass.look_again(std::chrono::minutes(1));
        return pass.stall("KindUnreadable", "the operator may not read objects of kind " + kind +
                                                ": grant it get, list and watch; this cluster's is left as it is");
    }
    if (Step* step = plan_apply(pass, std::move(object))) step->is_accessory = true;
}

// Services of external listeners or of brokers that are no longer wanted.
void plan_surplus_services(Pass& pass) {
    std::vector<std::string> wanted_names;
    for (const api::Listener& listener : resource::listeners_of(pass.cluster.spec)) {
        wanted_names.push_back(resource::bootstrap_service_name(pass.cluster, listener));
        for (const resource::Pool& pool : pass.pools)
            for (int64_t i = 0; pool.is_broker && i < pass.replicas[pool.name]; ++i)
                wanted_names.push_back(resource::broker_service_name(pass.cluster, listener, pool.first_node_id + i));
    }
    wanted_names.push_back(resource::nodes_service_name(pass.cluster));
    for (const auto& [key, live] : pass.input.observed.children) {
        if (key.kind != "Service" || !api::is_owned_by(live, pass.cluster.metadata.uid)) continue;
        const api::ObjectMeta meta = api::metadata_of(live);
        if (meta.is_deleting() || std::ranges::find(wanted_names, key.name) != wanted_names.end()) continue;
        pass.add(Delete{"v1", "Service", key.name, meta.uid, {}, false});
    }
}

// True: sets may be made. A new cluster waits a while for its addresses, so that its brokers needn't be restarted at
// once.
bool plan_listeners(Pass& pass) {
    size_t missing = 0;
    for (const api::Listener& listener : resource::listeners_of(pass.cluster.spec)) {
        const size_t missing_here = listener.type == api::ListenerType::internal ? 0 : plan_external(pass, listener);
        missing += missing_here;
        if (missing_here == 0) pass.wanted.listeners.push_back(listener);
    }
    plan_surplus_services(pass);
    if (missing == 0) {
        pass.conditions.set(api::condition::listeners_ready, Truth::yes, "Addressed");
        return true;
    }
    pass.conditions.set(api::condition::listeners_ready, Truth::no, "AddressPending",
                        std::to_string(missing) + " Services have no address yet; see `kubectl get services -l " +
                            resource::label::cluster + "=" + pass.cluster.metadata.name + "`");
    const auto created = api::parse_time(pass.cluster.metadata.creation_timestamp);
    const auto age = created ? std::chrono::milliseconds(pass.input.now - *created) : address_patience;
    if (age >= address_patience) return true;
    pass.look_again(address_patience - age);
    return std::ranges::any_of(pass.sets, [](const auto& entry) { return entry.second.exists; });
}

// A listener that brokers were told of stays with them while one address is missing.
void keep_listeners(Pass& pass) {
    const std::vector<api::Listener> all = resource::listeners_of(pass.cluster.spec);
    const Json* map = pass.child("ConfigMap", resource::config_map_name(pass.cluster));
    if (map == nullptr) return;
    const std::string files = map->contains("data") ? (*map)["data"].dump() : "";
    std::vector<api::Listener> told;
    for (const api::Listener& listener : all) {
        const std::string name = resource::kafka_name(listener);
        const bool is_known = std::ranges::find(pass.wanted.listeners, listener) != pass.wanted.listeners.end();
        if (is_known || files.find(name + ":PLAINTEXT") != std::string::npos) told.push_back(listener);
    }
    pass.wanted.listeners = told;
}

// A set can't get other claim templates; growing volumes replaces it (volumes.cc).
resource::Pool with_sizes(resource::Pool pool, const SetSeen& set) {
    if (!set.exists) return pool;
    for (api::Volume& volume : pool.storage.volumes)
        if (const auto size = set.sizes.find(volume.name); size != set.sizes.end()) volume.size = size->second;
    if (const auto size = set.sizes.find("data"); pool.storage.volumes.empty() && size != set.sizes.end())
        pool.storage.size = size->second;
    return pool;
}

// A new broker starts when it can be told all its addresses: else it would have to be restarted for them.
int64_t replicas_to_start(Pass& pass, const resource::Pool& pool) {
    const int64_t wanted = pass.replicas[pool.name];
    int64_t there = pass.set(pool).replicas;
    for (const Seat& seat : pass.seats)
        if (seat.pool->name == pool.name && seat.pod != nullptr)
            there = std::max(there, seat.id - pool.first_node_id + 1);
    for (int64_t i = there; pool.is_broker && i < wanted; ++i)
        for (const api::Listener& listener : pass.wanted.listeners) {
            const int64_t id = pool.first_node_id + i;
            if (listener.type == api::ListenerType::internal || pass.wanted.external.contains({listener.name, id}))
                continue;
            pass.under_way.push_back("broker " + std::to_string(id) + " waits for its address of listener " +
                                     listener.name);
            return i;
        }
    return wanted;
}

void plan_set(Pass& pass, const resource::Pool& pool) {
    const SetSeen& set = pass.set(pool);
    if (set.is_deleting) return pass.look_again(std::chrono::seconds(1));
    if (set.exists && set.intended && set.replicas != *set.intended)
        pass.event(true, "ReplicasReverted",
                   "somebody has scaled StatefulSet " + resource::set_name(pass.cluster, pool.name) + " to " +
                       std::to_string(set.replicas) + "; scale KafkaCluster " + pass.cluster.metadata.name +
                       " instead: then brokers are emptied before they go");
    plan_apply(pass, resource::stateful_set(pass.wanted, with_sizes(pool, set), replicas_to_start(pass, pool),
                                            pass.leaving[pool.name]));
    if (pass.shrinking.contains(pool.name) && !pass.plan.steps.empty()) pass.plan.steps.back().is_disruptive = true;
}

// Sets of pools that the spec no longer has.
void plan_surplus_sets(Pass& pass) {
    for (const auto& [key, live] : pass.input.observed.children) {
        if (key.kind != "StatefulSet" || !api::is_owned_by(live, pass.cluster.metadata.uid)) continue;
        const api::ObjectMeta meta = api::metadata_of(live);
        const bool is_wanted = std::ranges::any_of(pass.pools, [&](const resource::Pool& pool) {
            return resource::set_name(pass.cluster, pool.name) == key.name;
        });
        if (is_wanted || meta.is_deleting()) continue;
        if (live.value(Json::json_pointer("/spec/replicas"), int64_t{1}) == 0) {
            pass.add(Delete{"apps/v1", "StatefulSet", key.name, meta.uid, {}, false});
        } else {
            pass.stall("PoolNotEmpty", "StatefulSet " + key.name +
                                           " belongs to a pool that spec.nodePools no longer "
                                           "has; put it back with replicas: 0 first");
        }
    }
}

}  // namespace

Step* plan_apply(Pass& pass, Json object) {
    object["metadata"]["annotations"][annotation::applied] = resource::digest(object);
    const std::string kind = object["kind"], name = object["metadata"]["name"];
    const Json* live = pass.child(kind.c_str(), name);
    if (live == nullptr) {
        pass.add(Apply{std::move(object), {}});
        return &pass.plan.steps.back();
    }
    if (!api::is_owned_by(*live, pass.cluster.metadata.uid)) {
        pass.stall("ForeignObject", kind + " " + name + " is there and isn't ours: delete or rename it");
        return nullptr;
    }
    if (covers(*live, object)) return nullptr;
    pass.add(Apply{std::move(object), api::metadata_of(*live).uid});
    return &pass.plan.steps.back();
}

void plan_children(Pass& pass) {
    plan_apply(pass, resource::service_account(pass.wanted));
    plan_apply(pass, resource::nodes_service(pass.wanted));
    if (Json service = resource::internal_bootstrap_service(pass.wanted); !service.is_null())
        plan_apply(pass, std::move(service));
    plan_accessory(pass, resource::disruption_budget(pass.wanted));
    plan_accessory(pass, resource::network_policy(pass.wanted));
    if (pass.input.observed.has_pod_monitors) plan_accessory(pass, resource::pod_monitor(pass.wanted));
    const bool may_begin = plan_listeners(pass);
    keep_listeners(pass);
    if (!may_begin) {
        pass.under_way.push_back("waiting for addresses of listeners");
        return;
    }
    plan_advertised(pass);
    plan_config(pass);
    plan_moves(pass);
    for (const resource::Pool& pool : pass.pools) plan_set(pass, pool);
    plan_surplus_sets(pass);
}

}  // namespace milena::plan
