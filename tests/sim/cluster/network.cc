#include "sim/cluster/network.h"

#include "sim/cluster/sim_node.h"
#include "sim/cluster/stream.h"

namespace milena::sim::cluster {

SimNode* ClusterNetwork::process(NodeId id) const {
    const auto at = processes_.find(id);
    return at == processes_.end() ? nullptr : at->second;
}

void ClusterNetwork::carry(NodeId from, NodeId to, const std::function<void()>& arrive) {
    ++messages_count_;
    const int copies = repeats_one_in != 0 && world_.random.one_in(repeats_one_in) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        if (loses_one_in != 0 && world_.random.one_in(loses_one_in)) continue;
        if (is_cut(from, to)) continue;
        world_.after(delay(from, to), [this, from, to, arrive] {
            if (!is_cut(from, to)) arrive();
        });
    }
}

void ClusterNetwork::begin(const std::shared_ptr<Exchange>& exchange, Duration timeout,
                           const std::function<void(SimNode&)>& deliver) {
    Machine& from = machine(exchange->from);
    from.after(timeout,
               [this, exchange] { end(exchange, [exchange] { exchange->fail(raft::SendError::timed_out); }); });
    carry(exchange->from, exchange->to, [this, exchange, deliver] {
        if (process(exchange->to) == nullptr) return refuse(exchange);
        Machine& target = machine(exchange->to);
        target.when_ended([this, weak = std::weak_ptr(exchange)] {
            const auto still = weak.lock();
            if (still && !still->is_over) refuse(still);
        });
        target.post([this, to = exchange->to, deliver] {
            if (SimNode* node = process(to)) deliver(*node);
        });
    });
}

void ClusterNetwork::end(const std::shared_ptr<Exchange>& exchange, const std::function<void()>& how) {
    Machine& from = machine(exchange->from);
    if (exchange->is_over || from.life() != exchange->life) return;
    exchange->is_over = true;
    from.post(how);
}

// The connection is refused, or breaks: that is told like everything else.
void ClusterNetwork::refuse(const std::shared_ptr<Exchange>& exchange) {
    carry(exchange->to, exchange->from,
          [this, exchange] { end(exchange, [exchange] { exchange->fail(raft::SendError::unreachable); }); });
}

void ClusterNetwork::from_client(NodeId to, std::function<void(SimNode&)> deliver) {
    carry(clients, to, [this, to, deliver = std::move(deliver)] {
        if (process(to) == nullptr) return;
        machine(to).post([this, to, deliver] {
            if (SimNode* node = process(to)) deliver(*node);
        });
    });
}

std::shared_ptr<Stream> ClusterNetwork::open_stream(Machine& from, NodeId to, const Hello& hello) {
    auto stream = std::make_shared<Stream>(*this, from, machine(to));
    stream->connect(hello);
    return stream;
}

}  // namespace milena::sim::cluster
