// How replicas and leaderships are spread over the brokers, as a plan of moves sees and changes it. A value.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "metadata/image.h"

namespace milena::controller {

struct BrokerLoad {
    std::string rack;
    size_t replicas_count = 0;
    size_t leaders_count = 0;  // preferred ones: who leads now may be a matter of the moment
};

class BrokerLoads {
  public:
    // Of the brokers that may take new replicas, but for those that are `excluded`. A partition that is being moved
    // counts as if it had arrived.
    BrokerLoads(const metadata::Image& image, const std::set<NodeId>& excluded);

    const std::map<NodeId, BrokerLoad>& by_broker() const { return by_broker_; }
    const BrokerLoad* of(NodeId broker) const;

    void move(const std::vector<NodeId>& from, const std::vector<NodeId>& to);

    // Who is to take a replica beside these: in a rack that has the least of them, then the one with the fewest.
    std::optional<NodeId> best_beside(const std::vector<NodeId>& replicas) const;

    // In how many racks the replicas are, and in how many they could be.
    size_t racks_count(const std::vector<NodeId>& replicas) const;
    size_t racks_count() const;

  private:
    void count(const std::vector<NodeId>& replicas, bool are_added);
    std::string rack_of(NodeId broker) const;

    std::map<NodeId, BrokerLoad> by_broker_;
    std::map<NodeId, std::string> racks_;  // of all that are registered
};

// The replicas that a partition has when the move that is under way is over.
std::vector<NodeId> final_replicas(const metadata::PartitionImage& partition);

}  // namespace milena::controller
