#include <algorithm>

#include "plan/pass.h"

namespace milena::plan {

namespace {

using Texts = std::map<std::string, std::string>;
namespace annotation = resource::annotation;

// By external listener: where clients are told to come, as a file of settings says it.
Texts addresses_in(const Pass& pass, const std::string& file) {
    Texts addresses;
    const std::string name = "\nadvertised.listeners=";
    const size_t line = file.find(name);
    if (line == std::string::npos) return addresses;
    const size_t end = std::min(file.find('\n', line + 1), file.size());
    const std::string_view list = std::string_view(file).substr(line + name.size(), end - line - name.size());
    for (const api::Listener& listener : resource::listeners_of(pass.cluster.spec)) {
        if (listener.type == api::ListenerType::internal) continue;
        const std::string key = resource::kafka_name(listener) + "://";
        for (size_t at = list.find(key); at != std::string_view::npos; at = list.find(key, at + 1)) {
            if (at != 0 && list[at - 1] != ',') continue;
            const std::string_view rest = list.substr(at + key.size());
            addresses[listener.name] = rest.substr(0, rest.find(','));
        }
    }
    return addresses;
}

std::string file_of(const Pass& pass, const Seat& seat) {
    const nlohmann::json* map = pass.child("ConfigMap", resource::config_map_name(pass.cluster));
    if (map == nullptr) return {};
    return map->value(nlohmann::json::json_pointer("/data/" + seat.pod_name + ".properties"), "");
}

// What the pod was started with. One that doesn't say so has what its file says until now, and is told.
Texts addresses_at_start(Pass& pass, const Seat& seat) {
    const auto found = seat.pod->annotations.find(annotation::advertised);
    if (found != seat.pod->annotations.end())
        return api::texts_of(nlohmann::json::parse(found->second, nullptr, false));
    Texts addresses = addresses_in(pass, file_of(pass, seat));
    pass.add(Patch{"v1",
                   "Pod",
                   seat.pod->name,
                   seat.pod->uid,
                   {{"metadata", {{"annotations", {{annotation::advertised, nlohmann::json(addresses).dump()}}}}}}});
    return addresses;
}

}  // namespace

void plan_advertised(Pass& pass) {
    const std::vector<api::Listener> all = resource::listeners_of(pass.cluster.spec);
    const bool is_any_external =
        std::ranges::any_of(all, [](const api::Listener& each) { return each.type != api::ListenerType::internal; });
    if (!is_any_external) return;
    for (Seat& seat : pass.seats) {
        // Its file is read when its container starts.
        if (!seat.pool->is_broker || seat.pod == nullptr || seat.pod->is_deleting || !seat.pod->is_running) continue;
        const Texts started = addresses_at_start(pass, seat);
        for (const auto& [listener, address] :
             addresses_in(pass, resource::properties(pass.wanted, *seat.pool, seat.id)))
            if (const auto before = started.find(listener); before == started.end() || before->second != address)
                seat.outdated = "the address of its listener " + listener;
    }
}

}  // namespace milena::plan
