#include "controller/placement.h"

#include <algorithm>
#include <map>
#include <set>

namespace milena::controller {

namespace {

// Brokers so ordered that neighbours are in different racks as far as possible: one of each rack in turn.
std::vector<NodeId> interleaved_by_rack(const metadata::Image& image, bool are_active) {
    std::map<std::string, std::vector<NodeId>> racks;
    size_t count = 0;
    for (const auto& [id, broker] : *image.brokers) {
        if (broker.is_active() != are_active || !broker.has_uncordoned_directory()) continue;
        racks[broker.rack.value_or("")].push_back(id);
        ++count;
    }
    std::vector<NodeId> result;
    for (size_t round = 0; result.size() < count; ++round) {
        for (const auto& [rack, brokers] : racks) {
            if (round < brokers.size()) result.push_back(brokers[round]);
        }
    }
    return result;
}

// `count` neighbours in the ring, from `first` on; fewer if the ring is smaller.
void take(const std::vector<NodeId>& ring, size_t first, size_t count, std::vector<NodeId>& into) {
    for (size_t k = 0; k < std::min(count, ring.size()); ++k) into.push_back(ring[(first + k) % ring.size()]);
}

}  // namespace

Uuid directory_on(const metadata::Image& image, NodeId node) {
    const metadata::BrokerImage* broker = image.broker(node);
    return broker != nullptr && broker->directories.size() == 1 ? broker->directories.front()
                                                                : metadata::unassigned_directory;
}

Result<std::vector<std::vector<NodeId>>, std::string> place(const metadata::Image& image, env::Random& random,
                                                            const PlacementSpec& spec) {
    const std::vector<NodeId> active = interleaved_by_rack(image, true);
    const std::vector<NodeId> inactive = interleaved_by_rack(image, false);
    const auto replicas_count = static_cast<size_t>(spec.replication_factor);
    if (active.empty())
        return unexpected(std::string("All brokers are currently fenced, or have all their log directories cordoned."));
    if (replicas_count > active.size() + inactive.size())
        return unexpected("The target replication factor of " + std::to_string(replicas_count) +
                          " cannot be reached because only " + std::to_string(active.size() + inactive.size()) +
                          " broker(s) are registered or some brokers have all their log directories cordoned.");
    const size_t start = static_cast<size_t>(random.next() % active.size());
    std::vector<std::vector<NodeId>> result(static_cast<size_t>(spec.partitions_count));
    for (size_t i = 0; i < result.size(); ++i) {
        result[i].reserve(replicas_count);
        take(active, start + i, replicas_count, result[i]);
        take(inactive, start + i, replicas_count - result[i].size(), result[i]);
    }
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
                                                          size_t replication_factor) {
    const std::string what = "The manual partition assignment includes ";
    if (broker_ids.empty()) return unexpected(what + "an empty replica list.");
    std::vector<NodeId> replicas;
    std::set<int32_t> seen;
    for (const int32_t id : broker_ids) {
        if (image.broker(NodeId(id)) == nullptr)
            return unexpected(what + "broker " + std::to_string(id) + ", but no such broker is registered.");
        if (!seen.insert(id).second) return unexpected(what + "the broker " + std::to_string(id) + " more than once.");
        replicas.emplace_back(id);
    }
    if (replication_factor != 0 && replicas.size() != replication_factor)
        return unexpected(what + "a partition with " + std::to_string(replicas.size()) +
                          " replica(s), but this is not consistent with previous partitions, which have " +
                          std::to_string(replication_factor) + " replica(s).");
    return replicas;
}

}  // namespace milena::controller
