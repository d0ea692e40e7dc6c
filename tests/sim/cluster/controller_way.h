// ControllerWay: from a broker to the active controller, in its own process or over the network, as the broker's own
// ControllerGate goes: what no active controller has answered is asked again for a while.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "controller/controller.h"
#include "sim/cluster/network.h"

namespace milena::sim::cluster {

class ControllerWay {
  public:
    ControllerWay(ClusterNetwork& network, Machine& machine, controller::Controller& controller)
        : network_(network), machine_(machine), controller_(controller) {}

    template <class Request, class Answer>
    void ask(const Request& request, std::function<void(Result<Answer>)> done) {
        ask_until<Request, Answer>(std::make_shared<const Request>(request), machine_.clock().now() + patience,
                                   std::move(done));
    }

  private:
    static constexpr Duration patience = std::chrono::seconds(10);
    static constexpr Duration retry_interval = std::chrono::milliseconds(50);
    static constexpr Duration call_timeout = std::chrono::seconds(5);

    template <class Request, class Answer>
    void ask_until(std::shared_ptr<const Request> request, Instant deadline, std::function<void(Result<Answer>)> done);

    ClusterNetwork& network_;
    Machine& machine_;
    controller::Controller& controller_;
};

}  // namespace milena::sim::cluster
