#include "env/posix/any_broker.h"

#include <utility>

namespace milena::env {

Result<Bytes, std::string> AnyBroker::exchange(const Bytes& request) const {
    std::string why = "no broker has an address yet";
    for (const BrokerAddress& at : brokers_) {
        const auto connection = BrokerConnection::open(at.host, at.port, patience_);
        if (!connection) {
            why = at.text() + ": " + connection.error();
            continue;
        }
        auto answer = connection->exchange(request);
        if (answer) return answer;
        why = at.text() + ": " + answer.error();
    }
    return unexpected(std::move(why));
}

}  // namespace milena::env
