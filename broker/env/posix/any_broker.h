// AnyBroker: some brokers of a cluster, of which the first that answers counts. A connection for each request, as
// wire::ask() wants one. Blocks its caller; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "env/posix/broker_connection.h"

namespace milena::env {

struct BrokerAddress {
    std::string host;
    std::string port;

    std::string text() const { return host + ":" + port; }
};

class AnyBroker {
  public:
    // `patience` is with each of them.
    AnyBroker(const std::vector<BrokerAddress>& brokers, const BrokerConnection::Patience& patience)
        : brokers_(brokers), patience_(patience) {}

    // The error says who didn't answer last, and why.
    Result<Bytes, std::string> exchange(const Bytes& request) const;

  private:
    const std::vector<BrokerAddress>& brokers_;
    const BrokerConnection::Patience patience_;
};

}  // namespace milena::env
