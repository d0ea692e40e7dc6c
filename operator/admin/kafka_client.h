// What a plan for a cluster needs that only Kafka's protocol tells or changes: dynamic settings, registrations, and how
// wide topics are. Blocks its caller, some seconds at most. Any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "admin/kafka_ask.h"
#include "admin/refusal.h"
#include "plan/answers.h"
#include "plan/step.h"

namespace milena::admin {

class KafkaClient {
  public:
    explicit KafkaClient(std::vector<BrokerAddress> brokers) : brokers_(std::move(brokers)) {}

    using Outcome = Result<void, Refusal>;

    Outcome order(const plan::AlterBrokerConfig& order);
    Outcome order(const plan::UnregisterBroker& order);

    using Settings = std::map<std::string, std::string>;
    // Of these settings, as defaults of all brokers, those that would be refused, each with the reason. Changes
    // nothing.
    Result<Settings, std::string> refused_settings(const Settings& settings);

    Result<plan::WidestTopic, std::string> widest_topic();

  private:
    const std::vector<BrokerAddress> brokers_;
};

}  // namespace milena::admin
