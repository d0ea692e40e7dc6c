#include <algorithm>

#include "api/metadata.h"
#include "plan/pass.h"

namespace milena::plan {

namespace {

using Json = nlohmann::json;
using Texts = std::map<std::string, std::string>;
namespace annotation = resource::annotation;
using api::Truth;

constexpr Duration look_again_at_refused = std::chrono::minutes(1);

std::optional<std::string> value_of(const Texts& texts, const std::string& name) {
    const auto found = texts.find(name);
    return found == texts.end() ? std::nullopt : std::optional(found->second);
}

// The settings that a pod was started with; one of which nothing is known started with what is wanted.
std::optional<Texts> started_with(const Pod& pod) {
    const auto found = pod.annotations.find(annotation::config);
    if (found == pod.annotations.end()) return std::nullopt;
    return api::texts_of(Json::parse(found->second, nullptr, false));
}

std::set<std::string> names_that_differ(const Texts& a, const Texts& b) {
    std::set<std::string> names;
    for (const auto& [name, value] : a)
        if (value_of(b, name) != value) names.insert(name);
    for (const auto& [name, value] : b)
        if (!a.contains(name)) names.insert(name);
    return names;
}

// What the brokers were told last: the set's template.
std::optional<Texts> accepted(const Pass& pass) {
    for (const auto& [pool, set] : pass.sets)
        if (set.config) return set.config;
    return std::nullopt;
}

std::set<std::string> changed_names(const Pass& pass, const std::optional<Texts>& before) {
    std::set<std::string> names;
    if (before) names = names_that_differ(*before, pass.cluster.spec.config);
    for (const Seat& seat : pass.seats) {
        const auto started = seat.pod == nullptr ? std::nullopt : started_with(*seat.pod);
        if (started) names.merge(names_that_differ(*started, pass.cluster.spec.config));
    }
    return names;
}

// Why this setting can't be what the spec says, as far as the schema tells; empty: it can.
std::string refusal(const ConfigSchema& schema, const std::string& name, const std::optional<std::string>& wanted) {
    const auto found = schema.find(name);
    if (found == schema.end()) return wanted ? name + " is no setting that the brokers know" : "";
    const SettingSchema& setting = found->second;
    if (setting.change == Change::immutable) return name + " can't be changed once a cluster has begun";
    if (wanted && !may_be_of_type(setting.type, *wanted))
        return name + " can't be \"" + *wanted + "\": its type is " + setting.type;
    return {};
}

// Leaves what is refused as it was; the rest goes on.
void refuse(Pass& pass, const Texts& before, const Texts& reasons) {
    std::string refused;
    for (const auto& [name, why] : reasons) {
        refused += (refused.empty() ? "" : "; ") + why;
        pass.wanted.config.erase(name);
        if (const auto old = value_of(before, name)) pass.wanted.config[name] = *old;
    }
    if (refused.empty()) return;
    pass.conditions.set(api::condition::config_applied, Truth::no, "Refused", "spec.config: " + refused);
    pass.stall("ConfigRefused", "spec.config: " + refused);
    pass.look_again(look_again_at_refused);
}

// What the schema can't tell of values the brokers are asked, before a file has them: with a value that they don't take
// no broker would start any more. False: there is no answer yet.
bool has_refused(Pass& pass, const Texts& before, const std::set<std::string>& changed, const ConfigSchema& schema) {
    Texts reasons, to_ask;
    for (const std::string& name : changed) {
        const auto wanted = value_of(pass.cluster.spec.config, name);
        if (wanted == value_of(before, name)) continue;
        if (std::string why = refusal(schema, name, wanted); !why.empty())
            reasons[name] = std::move(why);
        else if (wanted && schema.at(name).change == Change::live)
            to_ask[name] = *wanted;
    }
    const auto& answer = pass.input.answers.refused_settings;
    const bool is_answered = to_ask.empty() || (answer && answer->has_value());
    if (!is_answered) {
        if (!answer) pass.plan.questions.settings = to_ask;
        return false;
    }
    if (!to_ask.empty())
        for (const auto& [name, why] : **answer) reasons[name] = name + ": " + why;
    refuse(pass, before, reasons);
    return true;
}

bool needs_restart(const ConfigSchema& schema, const std::string& name, const Texts& wanted) {
    const auto found = schema.find(name);
    if (found == schema.end() || found->second.change != Change::live) return true;
    return !wanted.contains(name) && !found->second.default_value;
}

// Sorts what differs between pods and the spec: pods to restart, and what is set in the running cluster meanwhile.
Texts sort(Pass& pass, const ConfigSchema& schema) {
    Texts live;
    for (Seat& seat : pass.seats) {
        const auto started = seat.pod == nullptr ? std::nullopt : started_with(*seat.pod);
        if (!started) continue;
        for (const std::string& name : names_that_differ(*started, pass.wanted.config)) {
            if (needs_restart(schema, name, pass.wanted.config)) {
                if (seat.outdated.empty()) seat.outdated = "the setting " + name;
            } else {
                live[name] = value_of(pass.wanted.config, name).value_or(schema.at(name).default_value.value_or(""));
            }
        }
    }
    return live;
}

Json parsed(const std::map<std::string, std::string>& annotations, const char* name) {
    const auto found = annotations.find(name);
    const Json json = found == annotations.end() ? Json::object() : Json::parse(found->second, nullptr, false);
    return json.is_object() ? json : Json::object();
}

// Three steps: what will be set is written down, then set, then written down as done. A crash between them leaves what
// is needed to finish, or to take back what the user has taken back meanwhile.
void plan_live(Pass& pass, const Texts& live) {
    auto& annotations = pass.config_map_annotations;
    const Json before = parsed(annotations, annotation::live_config);
    Json intended = Json(live);
    if (live.empty()) intended = Json::object();
    const std::string done = resource::digest(intended);
    const bool is_done = annotations.contains(annotation::live_done) && annotations[annotation::live_done] == done;
    if (before == intended && (is_done || live.empty())) {
        apply_config_map(pass);
        return;
    }
    if (const api::Condition* applied = pass.conditions.find(api::condition::config_applied);
        applied->status == Truth::yes)
        pass.conditions.set(api::condition::config_applied, Truth::no, "Changing", "changing live settings");
    if (!pass.is_any_ready()) {
        pass.under_way.push_back("waiting for a broker to set live settings");
        apply_config_map(pass);
        return;
    }
    AlterBrokerConfig alter{live, {}};
    Json pending = intended;
    for (const auto& [name, value] : before.items())
        if (!live.contains(name)) {
            pending[name] = nullptr;
            alter.remove.push_back(name);
        }
    annotations[annotation::live_config] = pending.dump();
    annotations.erase(annotation::live_done);
    apply_config_map(pass);
    pass.event(false, "SettingsChanged", "changing settings of the running brokers: " + pending.dump());
    pass.add(std::move(alter));
    annotations.erase(annotation::live_config);
    if (!live.empty()) {
        annotations[annotation::live_config] = intended.dump();
        annotations[annotation::live_done] = done;
    }
    if (Step* step = apply_config_map(pass)) step->needs_all_before = true;
    pass.under_way.push_back("changing live settings");
}

// Until they have said what may be changed how, all stays as it was.
void wait_for_brokers(Pass& pass, const std::optional<Texts>& before, const std::string& error) {
    if (before) pass.wanted.config = *before;
    pass.conditions.set(api::condition::config_applied, Truth::no, "SchemaUnknown",
                        error.empty() ? "asking the brokers" : error);
    pass.under_way.push_back("asking which settings need a restart");
    if (!error.empty()) pass.look_again(std::chrono::seconds(5));
    apply_config_map(pass);
}

}  // namespace

Step* apply_config_map(Pass& pass) {
    return plan_apply(pass, resource::config_map(pass.wanted, pass.replicas, pass.config_map_annotations));
}

void plan_config(Pass& pass) {
    pass.conditions.set(api::condition::config_applied, Truth::yes, "Applied");
    const std::optional<Texts> before = accepted(pass);
    const std::set<std::string> changed = changed_names(pass, before);
    // Where no broker serves there is nobody to ask and nobody to disturb: it will be seen at their start.
    if (changed.empty() || !pass.is_any_ready()) return plan_live(pass, sort(pass, {}));
    const auto& asked = pass.input.answers.config_schema;
    if (!asked) pass.plan.questions.config_schema = true;
    if (!asked || !asked->has_value()) return wait_for_brokers(pass, before, asked ? asked->error() : "");
    const Texts was = before.value_or(pass.cluster.spec.config);
    if (!has_refused(pass, was, changed, **asked)) {
        const auto& refused = pass.input.answers.refused_settings;
        return wait_for_brokers(pass, before, refused ? refused->error() : "");
    }
    plan_live(pass, sort(pass, **asked));
}

}  // namespace milena::plan
