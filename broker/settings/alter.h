// What AlterConfigs and IncrementalAlterConfigs may do to dynamic settings, and what DescribeConfigs answers about
// settings: values, sources, synonyms. Pure functions; storing the change is the controller's, the wire form the
// handler's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "settings/broker_settings.h"
#include "settings/listeners.h"
#include "settings/table.h"
#include "settings/topic_config.h"

namespace milena::settings {

// The four scopes of dynamic settings; `broker` also stands for the cluster-wide default.
enum class Scope : uint8_t { topic, broker, group, client_metrics };

// IncrementalAlterConfigs; the numbers are those of the protocol.
enum class AlterOperation : int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

struct Alteration {
    std::string name;
    AlterOperation operation = AlterOperation::set;
    std::optional<std::string> value;
};

// The settings of a resource after the alterations; whether they are allowed is asked of a validate_ function.
Result<Texts, ConfigError> altered(Scope scope, Texts current, const std::vector<Alteration>& alterations);

// Whether a broker's dynamic settings, or the cluster's defaults, may be these; `settings` are this broker's.
Result<void, ConfigError> validate_broker_texts(const BrokerSettings& settings, const Texts& texts);
Result<void, ConfigError> validate_cluster_texts(const BrokerSettings& settings, const Texts& texts);
Result<void, ConfigError> validate_group_texts(const BrokerSettings& settings, const Texts& texts);
Result<void, ConfigError> validate_client_metrics_texts(const Texts& texts);

struct Synonym {
    std::string name;
    std::optional<std::string> value;
    Source source = Source::unknown;

    bool operator==(const Synonym&) const = default;
};

struct Described {
    std::string name;
    std::optional<std::string> value;
    Source source = Source::default_value;
    bool is_read_only = false;
    bool is_sensitive = false;
    int8_t type = 0;  // Type, or 0 for a name that no table has
    std::vector<Synonym> synonyms;
    std::string_view doc;
};

// All settings of the resource, sorted by name; the handler picks those it was asked for.
std::vector<Described> describe_broker(const BrokerSettings& settings);
std::vector<Described> describe_cluster(const BrokerSettings& settings);
std::vector<Described> describe_topic(const BrokerSettings& settings, const Texts& overrides);
std::vector<Described> describe_group(const BrokerSettings& settings, const Texts& overrides);
std::vector<Described> describe_client_metrics(const Texts& overrides);

}  // namespace milena::settings
