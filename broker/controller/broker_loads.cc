#include "controller/broker_loads.h"

#include <algorithm>
#include <tuple>

#include "controller/broker_placement.h"
#include "controller/partition_change.h"

namespace milena::controller {

std::vector<NodeId> final_replicas(const metadata::PartitionImage& partition) {
    std::vector<NodeId> result = partition.replicas;
    std::erase_if(result, [&](NodeId node) { return contains(partition.removing_replicas, node); });
    return result;
}

BrokerLoads::BrokerLoads(const metadata::Image& image, const std::set<NodeId>& excluded) {
    for (const auto& [id, broker] : *image.brokers) {
        racks_[id] = broker.rack.value_or("");
        if (broker.is_active() && takes_replicas(image, broker) && !excluded.contains(id))
            by_broker_[id].rack = racks_[id];
    }
    for (const auto& topic : image.topics->by_id) {
        for (const auto& partition : topic->partitions) count(final_replicas(*partition), true);
    }
}

const BrokerLoad* BrokerLoads::of(NodeId broker) const {
    const auto known = by_broker_.find(broker);
    return known == by_broker_.end() ? nullptr : &known->second;
}

void BrokerLoads::count(const std::vector<NodeId>& replicas, bool are_added) {
    for (const NodeId node : replicas) {
        const auto known = by_broker_.find(node);
        if (known == by_broker_.end()) continue;
        const auto add = [&](size_t& total) { total = are_added ? total + 1 : total - 1; };
        add(known->second.replicas_count);
        if (node == replicas.front()) add(known->second.leaders_count);
    }
}

void BrokerLoads::move(const std::vector<NodeId>& from, const std::vector<NodeId>& to) {
    count(from, false);
    count(to, true);
}

std::string BrokerLoads::rack_of(NodeId broker) const {
    const auto known = racks_.find(broker);
    return known == racks_.end() ? "" : known->second;
}

std::optional<NodeId> BrokerLoads::best_beside(const std::vector<NodeId>& replicas) const {
    std::map<std::string, size_t> in_rack;
    for (const NodeId node : replicas) ++in_rack[rack_of(node)];
    std::optional<std::tuple<size_t, size_t, NodeId>> best;
    for (const auto& [id, load] : by_broker_) {
        if (contains(replicas, id)) continue;
        const std::tuple candidate{in_rack[load.rack], load.replicas_count, id};
        if (!best || candidate < *best) best = candidate;
    }
    return best ? std::optional(std::get<NodeId>(*best)) : std::nullopt;
}

size_t BrokerLoads::racks_count(const std::vector<NodeId>& replicas) const {
    std::set<std::string> racks;
    for (const NodeId node : replicas) racks.insert(rack_of(node));
    return racks.size();
}

size_t BrokerLoads::racks_count() const {
    std::set<std::string> racks;
    for (const auto& [id, load] : by_broker_) racks.insert(load.rack);
    return racks.size();
}

}  // namespace milena::controller
