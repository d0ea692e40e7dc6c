// What a plan needs of a cluster that only Kafka's protocol tells or changes: topics and dynamic settings. One
// connection for each request, to the first broker that answers. Blocks its caller, some seconds at most. Any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan/answers.h"
#include "plan/step.h"

namespace milena::admin {

struct HostPort {
    std::string host;
    int64_t port = 0;
};

class KafkaClient {
  public:
    explicit KafkaClient(std::vector<HostPort> brokers) : brokers_(std::move(brokers)) {}

    using Outcome = Result<void, std::string>;

    Outcome order(const plan::AlterBrokerConfig& order);
    Outcome order(const plan::UnregisterBroker& order);
    Outcome order(const plan::CreateTopic& order);
    Outcome order(const plan::DeleteTopic& order);
    Outcome order(const plan::CreatePartitions& order);
    Outcome order(const plan::AlterTopicConfig& order);
    Outcome order(const plan::Reassign& order);

    Result<plan::WidestTopic, std::string> widest_topic();

  private:
    template <class Response, class Request>
    Result<Response, std::string> ask(const Request& request, int16_t version);
    Outcome alter(int8_t resource_type, const std::string& name, const std::map<std::string, std::string>& set,
                  const std::vector<std::string>& remove);

    const std::vector<HostPort> brokers_;
};

}  // namespace milena::admin
