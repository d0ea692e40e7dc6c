#include "settings/table.h"

#include <algorithm>
#include <array>

#include "settings/table_rows.h"

namespace milena::settings {

namespace {

std::vector<Setting> sorted(std::initializer_list<std::span<const Setting>> areas) {
    std::vector<Setting> all;
    for (std::span<const Setting> area : areas) all.insert(all.end(), area.begin(), area.end());
    std::ranges::sort(all, {}, &Setting::name);
    return all;
}

// Settings that give one value in several units, the strongest first. DescribeConfigs answers them in this order.
constexpr std::array<std::array<std::string_view, 3>, 4> chains = {{
    {"log.retention.ms", "log.retention.minutes", "log.retention.hours"},
    {"log.roll.ms", "log.roll.hours"},
    {"log.roll.jitter.ms", "log.roll.jitter.hours"},
    {"log.flush.interval.ms", "log.flush.scheduler.interval.ms"},
}};

// Settings that may stand behind listener.name.<listener>.<mechanism>. as well.
constexpr std::array<std::string_view, 5> mechanism_settings = {
    "connections.max.reauth.ms",          "sasl.jaas.config", "sasl.login.callback.handler.class", "sasl.login.class",
    "sasl.server.callback.handler.class",
};

// What follows listener.name.<listener>. in `name`; empty for a name without that prefix.
std::string_view without_listener_prefix(std::string_view name) {
    constexpr std::string_view prefix = "listener.name.";
    if (!name.starts_with(prefix)) return {};
    const size_t dot = name.find('.', prefix.size());
    return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

std::string_view without_mechanism(std::string_view name) {
    for (std::string_view setting : mechanism_settings) {
        if (name.ends_with(setting)) return setting;
    }
    return name;
}

}  // namespace

std::span<const Setting> broker_settings() {
    static const std::vector<Setting> rows =
        sorted({network_rows(), log_rows(), replication_rows(), controller_rows(), groups_rows(), transactions_rows(),
                security_rows(), quotas_rows(), metrics_rows(), remote_rows(), milena_rows()});
    return rows;
}

std::span<const Setting> topic_settings() {
    static const std::vector<Setting> rows = sorted({topic_rows()});
    return rows;
}

std::span<const Setting> group_settings() {
    static const std::vector<Setting> rows = sorted({group_rows()});
    return rows;
}

std::span<const Setting> client_metrics_settings() {
    static const std::vector<Setting> rows = sorted({client_metrics_rows()});
    return rows;
}

const Setting* find(std::span<const Setting> table, std::string_view name) {
    const auto found = std::ranges::lower_bound(table, name, {}, &Setting::name);
    return found != table.end() && found->name == name ? &*found : nullptr;
}

const Setting* find_broker_setting(std::string_view name) {
    if (const Setting* setting = find(broker_settings(), name)) return setting;
    const std::string_view rest = without_listener_prefix(name);
    if (const Setting* setting = find(broker_settings(), rest)) return setting;
    return find(broker_settings(), without_mechanism(rest));
}

bool is_live(const Setting& setting) {
    if (setting.name == "listeners" || setting.name == "listener.security.protocol.map") return false;
    return setting.mode != UpdateMode::read_only;
}

Change change_of(const Setting& setting) {
    static constexpr std::array<std::string_view, 3> immutable{"broker.id", "milena.cluster.id", "node.id"};
    if (std::ranges::find(immutable, setting.name) != immutable.end()) return Change::immutable;
    if (!is_live(setting)) return Change::restart;
    return setting.mode == UpdateMode::per_broker ? Change::live_per_broker : Change::live;
}

std::vector<std::string> broker_synonyms(std::string_view name) {
    // log.flush.scheduler.interval.ms is a fallback of log.flush.interval.ms, but not the other way round.
    for (const auto& chain : chains) {
        if (name == "log.flush.scheduler.interval.ms" || std::ranges::find(chain, name) == chain.end()) continue;
        std::vector<std::string> names;
        for (std::string_view member : chain) {
            if (!member.empty()) names.emplace_back(member);
        }
        return names;
    }
    const std::string_view rest = without_listener_prefix(name);
    if (rest.empty()) return {std::string(name)};
    return {std::string(name), std::string(without_mechanism(rest))};
}

}  // namespace milena::settings
