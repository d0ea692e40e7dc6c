// The topics in which coordinators keep their state: how many partitions and replicas they get, and which settings,
// where a request leaves that open. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "settings/broker_settings.h"
#include "settings/value.h"

namespace milena::controller {

struct TopicDefaults {
    int32_t partitions_count = 1;
    int32_t replication_factor = 1;
    settings::Texts configs;
};

// Of any topic. An internal one gets no more replicas than there are brokers, unless its factor was configured.
TopicDefaults topic_defaults(const settings::BrokerSettings& settings, std::string_view topic, size_t brokers_count);

// The factor that an internal topic is to have with so many brokers; nothing for any other topic.
std::optional<int32_t> internal_replication_factor(const settings::BrokerSettings& settings, std::string_view topic,
                                                   size_t brokers_count);

}  // namespace milena::controller
