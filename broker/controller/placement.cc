#include "controller/placement.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "controller/broker_placement.h"

namespace milena::controller {

namespace {

// The brokers that replicas may be placed on, in a ring whose neighbours are in different racks as far as possible: one
// of each rack in turn. Those that can't lead now follow the others.
class Ring {
  public:
    explicit Ring(const metadata::Image& image) {
        add(image, true);
        active_count_ = brokers_.size();
        add(image, false);
    }

    size_t size() const { return brokers_.size(); }
    size_t active_count() const { return active_count_; }

    // The next partition's replicas. Leaders go round the ring; who follows is, in this order, active, in a rack with
    // the fewest replicas of the partition, the one that has followed least, the nearest in the ring.
    std::vector<NodeId> take(size_t leader, size_t count) {
        for (Broker& broker : brokers_) broker.is_taken = false;
        in_rack_.assign(racks_.size(), 0);
        std::vector<NodeId> result;
        result.reserve(count);
        while (result.size() < count) {
            Broker& next = brokers_[result.empty() ? leader : follower(leader)];
            next.is_taken = true;
            if (!result.empty()) ++next.follows_count;
            ++in_rack_[next.rack];
            result.push_back(next.id);
        }
        return result;
    }

  private:
    struct Broker {
        NodeId id;
        size_t rack = 0;
        bool is_active = false;
        size_t follows_count = 0;
        bool is_taken = false;
    };

    void add(const metadata::Image& image, bool are_active) {
        std::map<size_t, std::vector<NodeId>> racks;
        size_t count = 0;
        for (const auto& [id, broker] : *image.brokers) {
            if (broker.is_active() != are_active || !takes_replicas(image, broker)) continue;
            const size_t rack = racks_.try_emplace(broker.rack.value_or(""), racks_.size()).first->second;
            racks[rack].push_back(id);
            ++count;
        }
        const size_t end = brokers_.size() + count;
        for (size_t round = 0; brokers_.size() < end; ++round) {
            for (const auto& [rack, ids] : racks) {
                if (round < ids.size()) brokers_.push_back({.id = ids[round], .rack = rack, .is_active = are_active});
            }
        }
    }

    // One that isn't taken; any where all are.
    size_t follower(size_t leader) const {
        using Rank = std::tuple<bool, size_t, size_t, size_t>;
        std::optional<Rank> best;
        for (size_t distance = 1; distance < brokers_.size(); ++distance) {
            const Broker& broker = brokers_[(leader + distance) % brokers_.size()];
            if (broker.is_taken) continue;
            const Rank rank{!broker.is_active, in_rack_[broker.rack], broker.follows_count, distance};
            if (!best || rank < *best) best = rank;
        }
        return best ? (leader + std::get<3>(*best)) % brokers_.size() : leader;
    }

    std::vector<Broker> brokers_;
    size_t active_count_ = 0;
    std::map<std::string, size_t> racks_;  // by name, their numbers
    std::vector<size_t> in_rack_;          // replicas of the partition that is being placed, by rack
};

}  // namespace

Uuid directory_on(const metadata::Image& image, NodeId node) {
    const metadata::BrokerImage* broker = image.broker(node);
    return broker != nullptr && broker->directories.size() == 1 ? broker->directories.front()
                                                                : metadata::unassigned_directory;
}

Result<std::vector<std::vector<NodeId>>, std::string> place(const metadata::Image& image, env::Random& random,
                                                            const PlacementSpec& spec) {
    Ring ring(image);
    const auto replicas_count = static_cast<size_t>(spec.replication_factor);
    if (ring.active_count() == 0)
        return unexpected(std::string("All brokers are currently fenced, or have all their log directories cordoned."));
    if (replicas_count > ring.size())
        return unexpected("The target replication factor of " + std::to_string(replicas_count) +
                          " cannot be reached because only " + std::to_string(ring.size()) +
                          " broker(s) are registered or some brokers have all their log directories cordoned.");
    const size_t start = static_cast<size_t>(random.next() % ring.active_count());
    std::vector<std::vector<NodeId>> result(static_cast<size_t>(spec.partitions_count));
    for (size_t i = 0; i < result.size(); ++i) result[i] = ring.take((start + i) % ring.active_count(), replicas_count);
    return result;
}

std::optional<metadata::PartitionImage> new_partition(const metadata::Image& image, std::vector<NodeId> replicas) {
    metadata::PartitionImage partition;
    for (const NodeId node : replicas) {
        const metadata::BrokerImage* broker = image.broker(node);
        if (broker != nullptr && broker->is_active()) partition.isr.push_back(node);
        partition.directories.push_back(directory_on(image, node));
    }
    if (partition.isr.empty()) return std::nullopt;
    partition.leader = partition.isr.front();
    partition.replicas = std::move(replicas);
    return partition;
}

Result<std::vector<NodeId>, std::string> check_assignment(const metadata::Image& image,
                                                          const std::vector<int32_t>& broker_ids,
                                                          size_t replication_factor,
                                                          const std::vector<NodeId>& present) {
    const std::string what = "The manual partition assignment includes ";
    if (broker_ids.empty()) return unexpected(what + "an empty replica list.");
    std::vector<NodeId> replicas;
    std::set<int32_t> seen;
    for (const int32_t id : broker_ids) {
        if (image.broker(NodeId(id)) == nullptr)
            return unexpected(what + "broker " + std::to_string(id) + ", but no such broker is registered.");
        if (!seen.insert(id).second) return unexpected(what + "the broker " + std::to_string(id) + " more than once.");
        if (placement_of(image, NodeId(id)) != BrokerPlacement::open &&
            std::ranges::find(present, NodeId(id)) == present.end())
            return unexpected(what + "broker " + std::to_string(id) + ", which is " +
                              std::string(placement_name(placement_of(image, NodeId(id)))) +
                              " and gets no new replicas.");
        replicas.emplace_back(id);
    }
    if (replication_factor != 0 && replicas.size() != replication_factor)
        return unexpected(what + "a partition with " + std::to_string(replicas.size()) +
                          " replica(s), but this is not consistent with previous partitions, which have " +
                          std::to_string(replication_factor) + " replica(s).");
    return replicas;
}

}  // namespace milena::controller
