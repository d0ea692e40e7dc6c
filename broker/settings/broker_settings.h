// The configured texts of one broker with their origin: file, environment and --override (together "static"), dynamic
// settings of this broker, dynamic defaults of the cluster, and the table's defaults. An immutable value: a change of
// dynamic settings makes a new one. Looked up by name; hot paths read BrokerConfig instead.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "settings/value.h"

namespace milena::settings {

// The numbers are those of the protocol's DescribeConfigs answer.
enum class Source : int8_t {
    unknown = 0,
    dynamic_topic = 1,
    dynamic_broker = 2,
    dynamic_default_broker = 3,
    static_broker = 4,
    default_value = 5,
    dynamic_broker_logger = 6,
    client_metrics = 7,
    group = 8,
};

class BrokerSettings {
  public:
    BrokerSettings() = default;
    // The texts are allowed ones, as load() lets them through.
    explicit BrokerSettings(Texts static_texts) : static_(std::move(static_texts)) {}

    // The same with other dynamic settings, as they stand in the metadata log. A text that is not allowed is left out:
    // the log may come from another version, and what is committed must apply.
    BrokerSettings with_dynamic(const Texts& of_broker, const Texts& of_cluster) const;

    // The value in force, in Kafka's canonical form; nothing for Kafka's null. `name` must be in the broker's table.
    std::optional<std::string> text(std::string_view name) const;
    // The same through the synonyms of the name, with the unit of `name`: log.retention.ms out of log.retention.hours.
    std::optional<int64_t> milliseconds(std::string_view name) const;
    bool is_configured(std::string_view name) const;  // anywhere but in the table's defaults

    // What one source says, uninterpreted. Only the four sources of broker settings.
    const Texts& dynamic_broker() const { return dynamic_broker_; }
    const Texts& dynamic_default() const { return dynamic_default_; }
    const Texts& static_texts() const { return static_; }

  private:
    Texts static_;
    Texts dynamic_default_;
    Texts dynamic_broker_;
};

}  // namespace milena::settings
