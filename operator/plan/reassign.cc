#include <algorithm>
#include <tuple>

#include "plan/topic_plan.h"

namespace milena::plan {

namespace {

using Racks = std::map<int64_t, std::string>;

bool has(const std::vector<int64_t>& ids, int64_t id) { return std::ranges::find(ids, id) != ids.end(); }

std::string rack_of(const Racks& brokers, int64_t id) {
    const auto found = brokers.find(id);
    return found == brokers.end() ? std::string() : found->second;
}

// The open broker that this partition had best get a copy on.
std::optional<int64_t> best(const std::vector<int64_t>& replicas, const Racks& brokers,
                            const std::map<int64_t, int64_t>& loads) {
    std::optional<std::tuple<int64_t, int64_t, int64_t>> least;  // replicas in its rack, replicas on it, id
    for (const auto& [id, rack] : brokers) {
        if (has(replicas, id)) continue;
        const int64_t in_rack = rack.empty() ? 0 : std::ranges::count_if(replicas, [&](int64_t other) {
            return rack_of(brokers, other) == rack;
        });
        const std::tuple candidate{in_rack, loads.at(id), id};
        if (!least || candidate < *least) least = candidate;
    }
    return least ? std::optional(std::get<2>(*least)) : std::nullopt;
}

// Keeps the preferred leader, then those in sync.
void drop(const TopicPartition& partition, size_t count, std::vector<int64_t>& replicas) {
    std::stable_sort(replicas.begin(), replicas.end(), [&](int64_t a, int64_t b) {
        const auto rank = [&](int64_t id) { return id == partition.leader ? 0 : has(partition.in_sync, id) ? 1 : 2; };
        return rank(a) < rank(b);
    });
    replicas.resize(count);
}

}  // namespace

std::map<int64_t, std::vector<int64_t>> reassigned(const TopicInfo& topic, int64_t replication_factor,
                                                   const std::map<int64_t, std::string>& brokers) {
    std::map<int64_t, std::vector<int64_t>> result;
    std::map<int64_t, int64_t> loads;
    for (const auto& [id, rack] : brokers) loads[id] = 0;
    for (const TopicPartition& partition : topic.partitions)
        for (const int64_t id : partition.replicas) ++loads[id];
    const auto wanted = static_cast<size_t>(replication_factor);
    for (const TopicPartition& partition : topic.partitions) {
        if (partition.is_moving || partition.replicas.size() == wanted) continue;
        std::vector<int64_t> replicas = partition.replicas;
        if (replicas.size() > wanted) drop(partition, wanted, replicas);
        while (replicas.size() < wanted) {
            const auto id = best(replicas, brokers, loads);
            if (!id) return {};
            replicas.push_back(*id);
            ++loads[*id];
        }
        result.emplace(partition.index, std::move(replicas));
    }
    return result;
}

}  // namespace milena::plan
