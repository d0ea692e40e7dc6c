// How replicas, leaderships, bytes and traffic are spread over the brokers, as a plan of moves sees and changes it. A
// value.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "controller/weights.h"
#include "metadata/image.h"

namespace milena::controller {

// Sums are of type double: what brokers have told may be anything, and a double doesn't overflow.
struct BrokerLoad {
    std::string rack;
    size_t replicas_count = 0;
    size_t leaders_count = 0;  // preferred ones: who leads now may be a matter of the moment
    double bytes = 0;          // of the replicas
    double traffic = 0;        // bytes per second into the partitions that it is preferred for
    double bytes_peak = 0;     // of the replicas, before any that leaves has gone
    // That bytes_peak may come to, or the disk would be fuller than it may be. Unknown of a broker that hasn't told.
    double bytes_max = std::numeric_limits<double>::infinity();
};

// What a plan knows of weights, and how full it may make a disk.
struct Weighing {
    const Weights* weights = nullptr;  // null: of nothing is known what it weighs
    double disk_max_percent = 85;      // of a disk: nothing is moved to where there would be more then
};

class BrokerLoads {
  public:
    // Of the brokers that may take new replicas, but for those that are `excluded`. A partition that is being moved
    // counts as if it had arrived.
    BrokerLoads(const metadata::Image& image, const std::set<NodeId>& excluded, const Weighing& weighing = {});

    const std::map<NodeId, BrokerLoad>& by_broker() const { return by_broker_; }
    const BrokerLoad* of(NodeId broker) const;

    // A partition of that weight gets other replicas, or the same ones in another order.
    void move(const std::vector<NodeId>& from, const std::vector<NodeId>& to, const PartitionWeight& weight = {});

    // Who is to take a replica of so many bytes beside these: in a rack that has the least of them, then the one with
    // the fewest, then the one that stores least.
    std::optional<NodeId> best_beside(const std::vector<NodeId>& replicas, uint64_t bytes = 0) const;
    // One of the brokers may take so many bytes more.
    bool has_room(NodeId broker, uint64_t bytes) const;

    // In how many racks the replicas are, and in how many they could be.
    size_t racks_count(const std::vector<NodeId>& replicas) const;
    size_t racks_count() const;
    // Whether the replicas are in no fewer racks when one of them is elsewhere.
    bool keeps_racks(const std::vector<NodeId>& replicas, NodeId from, NodeId to) const;

    double mean(double BrokerLoad::* amount) const;
    // Pairs of brokers that differ by more than is tolerated, who has more first: those that differ most come first.
    std::vector<std::pair<NodeId, NodeId>> uneven(double BrokerLoad::* amount, double tolerated) const;

  private:
    void count(const std::vector<NodeId>& replicas, const PartitionWeight& weight, bool are_added);
    void limit(NodeId broker, const DiskLoad& disk, double max_percent);
    const std::string& rack_of(NodeId broker) const;

    std::map<NodeId, BrokerLoad> by_broker_;
    std::map<NodeId, std::string> racks_;  // of all that are registered
};

// The replicas that a partition has when the move that is under way is over.
std::vector<NodeId> final_replicas(const metadata::PartitionImage& partition);

}  // namespace milena::controller
