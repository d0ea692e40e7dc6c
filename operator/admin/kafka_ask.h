// One request of Kafka's protocol, on a connection of its own, to the first of some brokers that answers. Blocks its
// caller, some seconds at most for each broker. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/posix/any_broker.h"
#include "wire/client/ask.h"

namespace milena::admin {

using env::BrokerAddress;
using wire::error_text;

// How long the controller may take for what is asked of it; less than a broker's answer is waited for.
inline constexpr int32_t server_timeout_ms = 4000;

template <class Response, class Request>
Result<Response, std::string> ask(const std::vector<BrokerAddress>& brokers, const Request& request, int16_t version) {
    constexpr std::chrono::seconds silence_max(5);
    return wire::ask<Response>(env::AnyBroker(brokers, {silence_max, silence_max}), request, version,
                               "milena-operator");
}

}  // namespace milena::admin
