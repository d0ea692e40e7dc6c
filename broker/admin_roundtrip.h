// What `milena admin roundtrip` does: proves a cluster as a client would, without any other client at hand. Blocking.
#pragma once

#include <string>
#include <vector>

#include "admin_kafka.h"
#include "base/result.h"

namespace milena {

// Makes a topic, produces a record with acks=all, consumes it, removes the topic. The error says what didn't go.
Result<void, std::string> print_roundtrip(const std::vector<env::BrokerAddress>& brokers);

}  // namespace milena
