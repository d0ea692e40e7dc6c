// What `milena admin` asks over Kafka's protocol: how the cluster looks to a client, and where its controllers listen.
// Blocking, one connection, closed at the end.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "env/posix/any_broker.h"

namespace milena {

// "host:port", perhaps several with commas between.
Result<std::vector<env::BrokerAddress>, std::string> parse_addresses(const std::string& text);

// Both print what the first of the brokers that can be reached says; the error says why none could.
Result<void, std::string> print_status(const std::vector<env::BrokerAddress>& brokers);
Result<void, std::string> print_topics(const std::vector<env::BrokerAddress>& brokers);

// Where the controllers are asked by gRPC; never empty.
Result<std::vector<env::BrokerAddress>, std::string> find_controllers(const std::vector<env::BrokerAddress>& brokers);

}  // namespace milena
