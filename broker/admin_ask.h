// How `milena admin` asks brokers by Kafka's protocol. Blocking.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "env/posix/any_broker.h"
#include "wire/client/ask.h"

namespace milena {

template <class Response, class Request>
Result<Response, std::string> ask_any(const std::vector<env::BrokerAddress>& brokers, const Request& request,
                                      wire::Version version) {
    const env::AnyBroker any(brokers, {.for_answer = std::chrono::seconds(10)});
    return wire::ask<Response>(any, request, version, "milena-admin");
}

}  // namespace milena
