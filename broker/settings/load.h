// From what the user wrote to a broker's configuration: file < environment < --override. Reports every error at once,
// with its place and what would be right, and what has no effect here. Pure: texts come in as arguments.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "settings/broker_config.h"
#include "settings/broker_settings.h"

namespace milena::settings {

struct Input {
    std::string file_name{};  // for messages: "server.properties"
    std::string file_text{};
    Texts environment{};                   // all variables; only those of the convention are looked at
    std::vector<std::string> overrides{};  // "name=value", the later wins
    std::string host_name{};               // advertised for a listener without a host; see also providers.h
};

struct Loaded {
    BrokerSettings settings;
    BrokerConfig config;
    std::vector<std::string> notices;  // one line each, to be logged once: known names without effect here …
};

// On failure, one line per error: `server.properties:12: unknown setting "log.dir.s"; did you mean "log.dirs"?`.
Result<Loaded, std::vector<std::string>> load(const Input& input);

// The same for dynamic settings: one line for each that `after` has otherwise than `before`.
std::vector<std::string> dynamic_notices(const BrokerSettings& before, const BrokerSettings& after);

// The setting that an environment variable stands for, by the convention of Kafka's container image: KAFKA_LOG_DIRS is
// log.dirs, "__" is "_", "___" is "-"; MILENA_SHARDS is milena.shards. Empty: the variable is none of ours.
std::string setting_of_variable(std::string_view variable);

// A page about every setting, for `milena broker --help-settings`.
std::string render_help();

}  // namespace milena::settings
