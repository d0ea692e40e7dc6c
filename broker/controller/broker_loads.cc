#include "controller/broker_loads.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "controller/broker_placement.h"
#include "controller/partition_change.h"

namespace milena::controller {

std::vector<NodeId> final_replicas(const metadata::PartitionImage& partition) {
    std::vector<NodeId> result = partition.replicas;
    std::erase_if(result, [&](NodeId node) { return contains(partition.removing_replicas, node); });
    return result;
}

BrokerLoads::BrokerLoads(const metadata::Image& image, const std::set<NodeId>& excluded, const Weighing& weighing) {
    for (const auto& [id, broker] : *image.brokers) {
        racks_[id] = broker.rack.value_or("");
        if (!broker.is_active() || !takes_replicas(image, broker) || excluded.contains(id)) continue;
        by_broker_[id].rack = racks_[id];
        const DiskLoad* disk = weighing.weights == nullptr ? nullptr : weighing.weights->disk_of(id);
        if (disk != nullptr) limit(id, *disk, weighing.disk_max_percent);
    }
    for (const auto& topic : image.topics->by_id) {
        for (size_t i = 0; i < topic->partitions.size(); ++i) {
            const metadata::PartitionImage& partition = *topic->partitions[i];
            const PartitionIndex index(static_cast<int32_t>(i));
            const PartitionWeight weight =
                weighing.weights == nullptr ? PartitionWeight{} : weighing.weights->of(topic->id, index);
            count(final_replicas(partition), weight, true);
            for (const NodeId node : partition.replicas)
                if (const auto known = by_broker_.find(node); known != by_broker_.end())
                    known->second.bytes_peak += static_cast<double>(weight.bytes);
        }
    }
    // Of some nobody may have told yet what they weigh.
    for (auto& [id, load] : by_broker_)
        if (const DiskLoad* disk = weighing.weights == nullptr ? nullptr : weighing.weights->disk_of(id))
            load.bytes_peak = std::max(load.bytes_peak, static_cast<double>(disk->logs_bytes));
}

const BrokerLoad* BrokerLoads::of(NodeId broker) const {
    const auto known = by_broker_.find(broker);
    return known == by_broker_.end() ? nullptr : &known->second;
}

// What else is on the disk stays there. What has arrived or gone since the broker has told is counted by the image.
void BrokerLoads::limit(NodeId broker, const DiskLoad& disk, double max_percent) {
    const double used = static_cast<double>(disk.total_bytes) - static_cast<double>(disk.usable_bytes);
    const double others = std::max(0.0, used - static_cast<double>(disk.logs_bytes));
    by_broker_[broker].bytes_max = static_cast<double>(disk.total_bytes) * max_percent / 100 - others;
}

void BrokerLoads::count(const std::vector<NodeId>& replicas, const PartitionWeight& weight, bool are_added) {
    const double sign = are_added ? 1 : -1;
    for (const NodeId node : replicas) {
        const auto known = by_broker_.find(node);
        if (known == by_broker_.end()) continue;
        BrokerLoad& load = known->second;
        const auto add = [&](size_t& total) { total = are_added ? total + 1 : total - 1; };
        add(load.replicas_count);
        load.bytes += sign * static_cast<double>(weight.bytes);
        if (node != replicas.front()) continue;
        add(load.leaders_count);
        load.traffic += sign * static_cast<double>(weight.bytes_in_per_second);
    }
}

void BrokerLoads::move(const std::vector<NodeId>& from, const std::vector<NodeId>& to, const PartitionWeight& weight) {
    count(from, weight, false);
    count(to, weight, true);
    for (const NodeId node : to)
        if (const auto known = by_broker_.find(node); known != by_broker_.end() && !contains(from, node))
            known->second.bytes_peak += static_cast<double>(weight.bytes);
}

const std::string& BrokerLoads::rack_of(NodeId broker) const {
    static const std::string none;
    const auto known = racks_.find(broker);
    return known == racks_.end() ? none : known->second;
}

bool BrokerLoads::has_room(NodeId broker, uint64_t bytes) const {
    const BrokerLoad& load = by_broker_.at(broker);
    return bytes == 0 || load.bytes_peak + static_cast<double>(bytes) <= load.bytes_max;
}

std::optional<NodeId> BrokerLoads::best_beside(const std::vector<NodeId>& replicas, uint64_t bytes) const {
    std::map<std::string, size_t> in_rack;
    for (const NodeId node : replicas) ++in_rack[rack_of(node)];
    std::optional<std::tuple<size_t, size_t, double, NodeId>> best;
    for (const auto& [id, load] : by_broker_) {
        if (contains(replicas, id) || !has_room(id, bytes)) continue;
        const std::tuple candidate{in_rack[load.rack], load.replicas_count, load.bytes, id};
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

bool BrokerLoads::keeps_racks(const std::vector<NodeId>& replicas, NodeId from, NodeId to) const {
    const std::string& left = rack_of(from);
    const std::string& entered = rack_of(to);
    if (left == entered) return true;
    const auto has_other_in = [&](const std::string& rack) {
        return std::ranges::any_of(replicas, [&](NodeId node) { return node != from && rack_of(node) == rack; });
    };
    return !has_other_in(entered) || has_other_in(left);
}

double BrokerLoads::mean(double BrokerLoad::* amount) const {
    double total = 0;
    for (const auto& [id, load] : by_broker_) total += load.*amount;
    return by_broker_.empty() ? 0 : total / static_cast<double>(by_broker_.size());
}

std::vector<std::pair<NodeId, NodeId>> BrokerLoads::uneven(double BrokerLoad::* amount, double tolerated) const {
    std::vector<std::tuple<double, NodeId, NodeId>> pairs;
    for (const auto& [more, its] : by_broker_)
        for (const auto& [less, other] : by_broker_)
            if (const double gap = its.*amount - other.*amount; gap > tolerated) pairs.emplace_back(gap, more, less);
    std::ranges::sort(pairs, std::greater());
    std::vector<std::pair<NodeId, NodeId>> result;
    for (const auto& [gap, more, less] : pairs) result.emplace_back(more, less);
    return result;
}

}  // namespace milena::controller
