#include "plan/pass.h"

#include <algorithm>

#include "api/metadata.h"
#include "base/parse_number.h"

namespace milena::plan {

namespace {

using Json = nlohmann::json;
namespace annotation = resource::annotation;

std::vector<int64_t> parse_ids(std::string_view text) {
    std::vector<int64_t> ids;
    while (!text.empty()) {
        const size_t comma = text.find(',');
        if (const auto id = parse_number<int64_t>(text.substr(0, comma))) ids.push_back(*id);
        text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    }
    return ids;
}

SetSeen set_seen(const Json& object) {
    SetSeen set;
    const api::ObjectMeta meta = api::metadata_of(object);
    set.exists = true;
    set.is_deleting = meta.is_deleting();
    set.uid = meta.uid;
    set.replicas = object.value(Json::json_pointer("/spec/replicas"), int64_t{1});
    if (const auto found = meta.annotations.find(annotation::replicas); found != meta.annotations.end())
        set.intended = parse_number<int64_t>(found->second);
    if (const auto found = meta.annotations.find(annotation::leaving); found != meta.annotations.end())
        set.leaving = parse_ids(found->second);
    const Json::json_pointer config(std::string("/spec/template/metadata/annotations/milena.dev~1config"));
    if (object.contains(config) && object[config].is_string())
        set.config = api::texts_of(Json::parse(object[config].get<std::string>(), nullptr, false));
    const Json::json_pointer templates("/spec/volumeClaimTemplates"), size("/spec/resources/requests/storage");
    if (object.contains(templates))
        for (const Json& claim : object[templates])
            if (claim.contains(size)) set.sizes[api::metadata_of(claim).name] = claim[size].get<std::string>();
    return set;
}

std::string image_of(const ClusterInput& in) {
    const api::KafkaClusterSpec& spec = in.cluster.spec;
    return spec.image.empty() ? in.settings.image_repository + ":" + spec.version : spec.image;
}

// As it was founded: by the ConfigMap; if that is gone by the status; of volumes that outlived another resource of this
// name at least the id, for they belong to that cluster.
resource::Founding founding_of(const ClusterInput& in) {
    const auto& children = in.observed.children;
    if (const auto map = children.find({"ConfigMap", resource::config_map_name(in.cluster)}); map != children.end()) {
        const auto annotations = api::metadata_of(map->second).annotations;
        if (const auto text = annotations.find(annotation::founding); text != annotations.end())
            if (auto founding = resource::parse_founding(text->second)) return *founding;
    }
    resource::Founding founding = resource::found(in.cluster);
    if (!in.cluster.status.controllers.empty()) founding.voters = parse_ids(in.cluster.status.controllers);
    for (const auto& [name, claim] : in.observed.claims)
        if (const auto id = claim.annotations.find(annotation::cluster_id); id != claim.annotations.end())
            founding.cluster_id = id->second;
    if (!in.cluster.status.cluster_id.empty()) founding.cluster_id = in.cluster.status.cluster_id;
    return founding;
}

}  // namespace

Pass::Pass(const ClusterInput& in)
    : input(in),
      cluster(in.cluster),
      pools(resource::pools_of(in.cluster.spec)),
      wanted{in.cluster, founding_of(in), image_of(in), in.cluster.spec.config, {}, {}},
      conditions(in.cluster.metadata.generation) {
    for (const resource::Pool& pool : pools) {
        const Json* live = child("StatefulSet", resource::set_name(cluster, pool.name));
        if (live != nullptr) sets[pool.name] = set_seen(*live);
    }
    if (const Json* map = child("ConfigMap", resource::config_map_name(cluster)))
        for (const char* name : {annotation::live_config, annotation::live_done, annotation::moved}) {
            const auto annotations = api::metadata_of(*map).annotations;
            if (const auto found = annotations.find(name); found != annotations.end())
                config_map_annotations[name] = found->second;
        }
    plan.status = cluster.status;
}

Seat* Pass::seat(int64_t id) {
    const auto found = std::ranges::find(seats, id, &Seat::id);
    return found == seats.end() ? nullptr : &*found;
}

bool Pass::are_all_healthy() const { return std::ranges::all_of(seats, &Seat::is_healthy); }

bool Pass::is_any_ready() const { return std::ranges::any_of(seats, &Seat::is_healthy); }

bool Pass::is_node_away(const Seat& seat) const {
    if (seat.pod == nullptr || !input.observed.knows_nodes) return false;
    const auto node = input.observed.nodes.find(seat.pod->node);
    return node != input.observed.nodes.end() && !node->second.is_ready;
}

const Json* Pass::child(const char* kind, const std::string& name) const {
    const auto found = input.observed.children.find({kind, name});
    return found == input.observed.children.end() ? nullptr : &found->second;
}

void Pass::add(Action action, bool is_disruptive) {
    is_disrupting |= is_disruptive;
    plan.steps.push_back({std::move(action), is_disruptive});
}

void Pass::event(bool is_warning, std::string reason, std::string message) {
    add(Event{is_warning, std::move(reason), std::move(message)});
}

void Pass::stall(const char* reason, std::string problem) {
    if (stalled_reason.empty()) stalled_reason = reason;
    problems.push_back(std::move(problem));
}

void Pass::look_again(Duration after) {
    if (!plan.look_again || after < *plan.look_again) plan.look_again = after;
}

}  // namespace milena::plan
