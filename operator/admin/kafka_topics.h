// Topics by Kafka's protocol: a few requests for any number of them, to the first broker that answers.
#pragma once

#include <memory>
#include <vector>

#include "admin/kafka_ask.h"
#include "admin/topics.h"

namespace milena::admin {

// Where Kafka's clients are answered.
std::shared_ptr<Topics> make_kafka_topics(std::vector<BrokerAddress> brokers);

}  // namespace milena::admin
