// Requests of Kafka's protocol that plans for clusters and for topics have in common. Blocking.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "admin/kafka_ask.h"
#include "admin/refusal.h"
#include "wire/messages/configs.h"
#include "wire/messages/metadata.h"
#include "wire/messages/topics.h"

namespace milena::admin {

// Of Kafka's ConfigResource.Type.
inline constexpr int8_t topic_resource = 2;
inline constexpr int8_t broker_resource = 4;

// Of an answer with this error.
Result<void, Refusal> outcome_of(ErrorCode error, const std::optional<std::string>& message);

// All brokers and all topics.
Result<wire::MetadataResponse, std::string> ask_for_all(const std::vector<BrokerAddress>& brokers);

// Every partition that is being reassigned.
Result<wire::ListPartitionReassignmentsResponse, std::string> ask_for_moves(const std::vector<BrokerAddress>& brokers);

// Settings of one resource: these values, and the defaults of those that are removed.
void add_alterations(wire::IncrementalAlterConfigsRequest& request, int8_t type, const std::string& name,
                     const std::map<std::string, std::string>& set, const std::vector<std::string>& remove);

}  // namespace milena::admin
