// ClusterNetwork: how the machines of the simulated cluster, and the clients, reach each other. Single messages are
// delayed, so they overtake each other; they may be lost, come twice, or be cut off in one direction. Streams keep
// their order and lose nothing: what goes wrong below delays them, and at last they break. A process that isn't there
// refuses.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "base/result.h"
#include "raft/transport.h"
#include "sim/cluster/machine.h"

namespace milena::sim::cluster {

class SimNode;
class Stream;

inline constexpr NodeId clients{1000};  // all of them; they are never cut off

// Who opens a stream says which partitions it wants: those of one shard of the leader.
struct Hello {
    NodeId node = no_node;
    int64_t broker_epoch = -1;
    uint32_t leader_shard = 0;
};

class ClusterNetwork {
  public:
    explicit ClusterNetwork(World& world) : world_(world) {}

    void add(Machine& machine) { machines_[machine.id()] = &machine; }
    // The process that lives on the machine now, or null.
    void use_process(NodeId id, SimNode* process) { processes_[id] = process; }
    SimNode* process(NodeId id) const;
    Machine& machine(NodeId id) const { return *machines_.at(id); }
    const std::map<NodeId, Machine*>& machines() const { return machines_; }

    void cut(NodeId from, NodeId to) { cuts_.insert({from, to}); }
    void mend() { cuts_.clear(); }
    bool is_cut(NodeId from, NodeId to) const { return cuts_.contains({from, to}); }
    bool has_cuts() const { return !cuts_.empty(); }

    static constexpr Duration usual_delay_max = std::chrono::milliseconds(2);
    Duration delay_max = usual_delay_max;
    uint64_t loses_one_in = 0;  // 0: never
    uint64_t repeats_one_in = 0;

    // One message: runs `arrive` after a while, perhaps twice, perhaps never.
    void carry(NodeId from, NodeId to, const std::function<void()>& arrive);
    // From one to the other, whatever is lost or cut.
    Duration delay(NodeId from, NodeId to) {
        return std::chrono::microseconds(10) + world_.random.up_to(delay_max) + slowness_of(from) + slowness_of(to);
    }
    // All that goes there or comes from there takes so much longer.
    void slow_down(NodeId node, Duration by) { slowness_[node] = by; }
    void speed_up() { slowness_.clear(); }
    World& world() { return world_; }

    // Asks the process that is there now; `done` is called exactly once, on `from`, unless its process ends before.
    template <class Answer>
    using Reply = std::function<void(Answer)>;
    template <class Answer>
    void call(Machine& from, NodeId to, Duration timeout, std::function<void(SimNode&, Reply<Answer>)> ask,
              std::function<void(Result<Answer, raft::SendError>)> done);

    // A client's message, and the way back.
    void from_client(NodeId to, std::function<void(SimNode&)> deliver);
    void to_client(NodeId from, const std::function<void()>& deliver) { carry(from, clients, deliver); }

    // The caller listens to it before anything else happens.
    std::shared_ptr<Stream> open_stream(Machine& from, NodeId to, const Hello& hello);

    uint64_t messages_count() const { return messages_count_; }

  private:
    // A call that isn't over yet.
    struct Exchange {
        NodeId from;
        uint64_t life;
        NodeId to;
        bool is_over = false;
        std::function<void(raft::SendError)> fail;
    };
    Duration slowness_of(NodeId node) const {
        const auto at = slowness_.find(node);
        return at == slowness_.end() ? Duration{} : at->second;
    }
    void begin(const std::shared_ptr<Exchange>& exchange, Duration timeout,
               const std::function<void(SimNode&)>& deliver);
    void end(const std::shared_ptr<Exchange>& exchange, const std::function<void()>& how);
    void refuse(const std::shared_ptr<Exchange>& exchange);

    World& world_;
    std::map<NodeId, Machine*> machines_;
    std::map<NodeId, SimNode*> processes_;
    std::set<std::pair<NodeId, NodeId>> cuts_;
    std::map<NodeId, Duration> slowness_;
    uint64_t messages_count_ = 0;
};

template <class Answer>
void ClusterNetwork::call(Machine& from, NodeId to, Duration timeout, std::function<void(SimNode&, Reply<Answer>)> ask,
                          std::function<void(Result<Answer, raft::SendError>)> done) {
    auto exchange = std::make_shared<Exchange>(Exchange{from.id(), from.life(), to});
    exchange->fail = [done](raft::SendError error) { done(unexpected(error)); };
    begin(exchange, timeout, [this, exchange, ask = std::move(ask), done](SimNode& node) {
        ask(node, [this, exchange, done](Answer answer) {
            const auto shared = std::make_shared<Answer>(std::move(answer));
            carry(exchange->to, exchange->from,
                  [this, exchange, done, shared] { end(exchange, [done, shared] { done(*shared); }); });
        });
    });
}

}  // namespace milena::sim::cluster
