#include <algorithm>

#include "plan/pass.h"

namespace milena::plan {

namespace {

using Texts = std::map<std::string, std::string>;
namespace annotation = resource::annotation;

constexpr const char* address_setting = "advertised.listeners";

// By external listener: where clients are told to come, as a file of settings says it.
Texts addresses_in(const Pass& pass, const std::string& file) {
    Texts addresses;
    const std::string name = "\n" + std::string(address_setting) + "=";
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

// Where clients find the broker now, as far as that isn't what its pod was started with.
struct Difference {
    std::string listener;  // one of those that differ; empty: none does
    std::string live;      // what its dynamic setting has to be; empty: it needs none
    bool needs_restart = false;
    bool is_unknown = false;  // an address is gone, and another one will come
};

// A listener that it doesn't have, and what only the file can say, need a restart.
Difference difference(const Pass& pass, const Texts& started, const Texts& wanted) {
    const auto is_for_files = [](const std::string& address) { return address.find("${") != std::string::npos; };
    Difference result;
    for (const api::Listener& listener : resource::listeners_of(pass.cluster.spec)) {
        if (listener.type == api::ListenerType::internal) continue;
        const auto now = wanted.find(listener.name), before = started.find(listener.name);
        result.is_unknown |= now == wanted.end();
        if (now == wanted.end() || (before != started.end() && before->second == now->second)) continue;
        result.listener = listener.name;
        if (before == started.end() || is_for_files(now->second)) {
            result.needs_restart = true;
            continue;
        }
        result.live += (result.live.empty() ? "" : ",") + resource::kafka_name(listener) + "://" + now->second;
    }
    return result;
}

// What running brokers were given, by id. One that isn't there may have been given anything: by an operator that died
// before it had written it down, or for another resource whose disks these are.
Texts given(const Pass& pass) {
    const auto found = pass.config_map_annotations.find(annotation::moved);
    if (found == pass.config_map_annotations.end()) return {};
    return api::texts_of(nlohmann::json::parse(found->second, nullptr, false));
}

void note_given(Pass& pass, const Texts& given) {
    pass.config_map_annotations[annotation::moved] = nlohmann::json(given).dump();
}

// Nothing as long as the brokers haven't said whether they take addresses while they run.
std::optional<bool> can_move(Pass& pass) {
    const auto& asked = pass.input.answers.config_schema;
    if (!asked) pass.plan.questions.config_schema = true;
    if (!asked || !asked->has_value()) {
        pass.under_way.push_back("asking whether addresses need a restart");
        if (asked) pass.look_again(std::chrono::seconds(5));
        return std::nullopt;
    }
    const auto found = (*asked)->find(address_setting);
    return found != (*asked)->end() && found->second.change == Change::live_per_broker;
}

// One of another version may not take it, and the roll must not wait for that.
bool is_mixed(const Pass& pass) {
    return std::ranges::any_of(
        pass.seats, [&](const Seat& seat) { return seat.pod != nullptr && seat.pod->image != pass.wanted.image; });
}

// What the broker is to be given now, or why it is restarted; `known` is what brokers were given.
void plan_move(Pass& pass, Seat& seat, const Difference& found, const Texts& known) {
    const std::string restart = "the address of its listener " + found.listener;
    if (found.needs_restart) seat.outdated = restart;
    const auto told = known.find(std::to_string(seat.id));
    if (told != known.end() && told->second == found.live) return;
    if (found.is_unknown || !seat.is_healthy() || is_mixed(pass)) return;
    const std::optional<bool> can = found.live.empty() ? true : can_move(pass);
    if (can == false) seat.outdated = restart;
    if (can == true) pass.moves[seat.id] = found.live;
}

}  // namespace

void plan_advertised(Pass& pass) {
    const std::vector<api::Listener> all = resource::listeners_of(pass.cluster.spec);
    const bool is_any_external =
        std::ranges::any_of(all, [](const api::Listener& each) { return each.type != api::ListenerType::internal; });
    if (!is_any_external) return;
    Texts known = given(pass);
    for (Seat& seat : pass.seats) {
        // Its file is read when its container starts.
        if (!seat.pool->is_broker || seat.pod == nullptr || seat.pod->is_deleting || !seat.pod->is_running) continue;
        const Texts started = addresses_at_start(pass, seat);
        const Texts wanted = addresses_in(pass, resource::properties(pass.wanted, *seat.pool, seat.id));
        plan_move(pass, seat, difference(pass, started, wanted), known);
    }
    for (const auto& [broker, addresses] : pass.moves) known.erase(std::to_string(broker));
    if (!pass.moves.empty()) note_given(pass, known);
}

// Between what plan_config writes down, that nobody knows what these brokers have, and that it is done.
void plan_moves(Pass& pass) {
    if (pass.moves.empty()) return;
    Texts known = given(pass);
    for (const auto& [broker, addresses] : pass.moves) {
        const std::string name = "broker " + std::to_string(broker);
        if (addresses.empty()) {
            pass.add(AlterBrokerConfig{{}, {address_setting}, broker});
        } else {
            pass.event(false, "AddressChanged", name + " is reached at " + addresses);
            pass.add(AlterBrokerConfig{{{address_setting, addresses}}, {}, broker});
            pass.under_way.push_back("giving " + name + " its new address");
        }
        known[std::to_string(broker)] = addresses;
    }
    note_given(pass, known);
    if (Step* step = apply_config_map(pass)) step->needs_all_before = true;
}

}  // namespace milena::plan
