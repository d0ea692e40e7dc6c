#include <algorithm>
#include <array>

#include "settings/load.h"
#include "settings/table.h"

namespace milena::settings {

namespace {

// Variables that begin like ours but mean something else: those of Kafka's start scripts, and the links that Kubernetes
// puts into every container of a namespace with a Service called "kafka" or "milena" (KAFKA_PORT_9092_TCP_ADDR …).
constexpr std::array<std::string_view, 9> foreign_parts = {
    "_OPTS", "_HOME", "_VERSION", "_DEBUG", "_LOG4J", "_JMX", "_SERVICE_HOST", "_SERVICE_PORT", "_PORT",
};

bool is_foreign(std::string_view variable) {
    return std::ranges::any_of(foreign_parts, [&](std::string_view part) {
        const size_t at = variable.find(part);
        const size_t end = at + part.size();
        return at != std::string_view::npos && (end == variable.size() || variable[end] == '_' || part == "_LOG4J");
    });
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string setting_of_variable(std::string_view variable) {
    constexpr std::string_view kafka = "KAFKA_";
    constexpr std::string_view milena = "MILENA_";
    std::string name;
    std::string_view rest;
    if (variable.starts_with(kafka)) {
        rest = variable.substr(kafka.size());
    } else if (variable.starts_with(milena)) {
        name = "milena.";
        rest = variable.substr(milena.size());
    }
    if (rest.empty()) return {};
    for (size_t at = 0; at < rest.size();) {
        size_t count = 0;
        while (count < 3 && at + count < rest.size() && rest[at + count] == '_') ++count;
        constexpr std::string_view meanings = "._-";
        name += count == 0 ? lower(rest[at]) : meanings[count - 1];
        at += std::max<size_t>(count, 1);
    }
    if (find_broker_setting(name) == nullptr && is_foreign(variable)) return {};
    return name;
}

}  // namespace milena::settings
