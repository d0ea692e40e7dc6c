// LeaderCheck: before a client is told who leads a partition, that broker is asked whether it is there. A client that
// has lost its leader asks the next broker at once, often before the election is over; told of the old leader again, it
// tries that one again and asks after a pause: librdkafka 2.12 after up to a second, Java's clients after their
// back-off. Where the old leader has gone, the answer waits for the election instead.
//
// Shared by all shards; its state belongs to the first one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/ids.h"
#include "shard/shard.h"

namespace milena::server {

class LeaderCheck {
  public:
    // Called on the first shard, and called back there: whether the broker's host refuses connections or has broken
    // one. That no answer comes in a short time is no evidence, and neither is not to know where it is.
    using Ask = std::function<void(NodeId, std::function<void(bool is_gone)>)>;

    // The shards outlive it.
    LeaderCheck(shard::Shards& shards, Ask ask) : shards_(shards), ask_(std::move(ask)) {}
    LeaderCheck(const LeaderCheck&) = delete;
    LeaderCheck& operator=(const LeaderCheck&) = delete;

    // `done` is called once, on `home`: when each of the brokers has answered, or is led by nothing any more in the
    // image of every shard, or half a second has passed.
    void vouch_for(shard::Shard& home, const std::set<NodeId>& leaders, std::function<void()> done);

    // Every shard uses the first one's image now: on the first shard.
    void published();

  private:
    struct Check {
        size_t missing = 0;  // brokers
        std::function<void()> done;
    };
    struct Asked {
        std::vector<std::shared_ptr<Check>> asking;  // not empty: a question is under way
        // They came later, and what it answers may be older than they are.
        std::vector<std::shared_ptr<Check>> next;
    };
    struct Election {
        NodeId gone;
        std::shared_ptr<Check> check;
    };

    void ask(NodeId broker);
    void wait_for_election(NodeId gone, const std::shared_ptr<Check>& check);
    bool is_active(NodeId broker) const;
    static void settle(Check& check);

    shard::Shards& shards_;
    const Ask ask_;
    std::map<NodeId, Asked> asked_;
    std::vector<std::shared_ptr<Election>> elections_;
};

}  // namespace milena::server
