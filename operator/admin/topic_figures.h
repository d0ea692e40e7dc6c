// Measures all topics of a cluster: sizes from every broker's directories, lags from what groups have committed at
// their coordinators and from the ends at the leaders. Asks each broker under the address that Metadata tells. Blocks
// its caller.
#pragma once

#include <string>
#include <vector>

#include "admin/kafka_ask.h"
#include "admin/topics.h"

namespace milena::admin {

Result<Topics::Figures, std::string> measure_topics(const std::vector<BrokerAddress>& brokers);

}  // namespace milena::admin
