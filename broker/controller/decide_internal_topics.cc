#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "controller/broker_placement.h"
#include "controller/decide.h"
#include "controller/internal_topics.h"
#include "controller/partition_change.h"

namespace milena::controller {
namespace {

using metadata::PartitionImage;

// New replicas of one topic: on brokers that have few of it, in racks that the partition isn't in yet.
class InternalTopicGrowth {
  public:
    InternalTopicGrowth(const metadata::Image& image, const metadata::TopicImage& topic) : image_(image) {
        for (const auto& [id, broker] : *image.brokers) {
            if (broker.is_active() && takes_replicas(image, broker)) replicas_by_broker_[id] = 0;
        }
        for (const auto& partition : topic.partitions) {
            for (const NodeId node : partition->replicas) count(node);
        }
    }

    size_t brokers_count() const { return replicas_by_broker_.size(); }

    // Up to `factor` replicas, or as many as there are brokers for.
    PartitionTarget grown(const PartitionImage& partition, size_t factor) {
        PartitionTarget target = PartitionTarget::same_as(partition);
        while (target.replicas.size() < factor) {
            const auto best = best_for(target.replicas);
            if (!best) break;
            target.replicas.push_back(*best);
            target.adding_replicas.push_back(*best);
            count(*best);
        }
        std::ranges::sort(target.adding_replicas);
        return target;
    }

  private:
    void count(NodeId node) {
        const auto known = replicas_by_broker_.find(node);
        if (known != replicas_by_broker_.end()) ++known->second;
    }

    std::string rack_of(NodeId node) const {
        const metadata::BrokerImage* broker = image_.broker(node);
        return broker == nullptr ? "" : broker->rack.value_or("");
    }

    std::optional<NodeId> best_for(const std::vector<NodeId>& replicas) const {
        std::set<std::string> racks;
        for (const NodeId node : replicas) racks.insert(rack_of(node));
        std::optional<std::tuple<bool, size_t, NodeId>> best;
        for (const auto& [id, replicas_count] : replicas_by_broker_) {
            if (contains(replicas, id)) continue;
            const std::tuple candidate{racks.contains(rack_of(id)), replicas_count, id};
            if (!best || candidate < *best) best = candidate;
        }
        return best ? std::optional(std::get<NodeId>(*best)) : std::nullopt;
    }

    const metadata::Image& image_;
    std::map<NodeId, size_t> replicas_by_broker_;  // of the topic, on brokers that may have more
};

// False: the records are enough for now.
bool grow(const Context& context, const metadata::TopicImage& topic, size_t count_max, metadata::Records& records) {
    if (!internal_replication_factor(context.settings, topic.name, 1)) return true;
    InternalTopicGrowth growth(context.image, topic);
    const auto factor = internal_replication_factor(context.settings, topic.name, growth.brokers_count());
    const LeadershipRules rules = RulesOfTopics(context.image, context.settings).of(topic.name);
    const size_t wanted = std::min(static_cast<size_t>(std::max(factor.value_or(1), 1)), growth.brokers_count());
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
        const PartitionImage& partition = *topic.partitions[i];
        if (partition.replicas.size() >= wanted || is_moving(partition)) continue;
        if (records.size() >= count_max) return false;
        auto change = change_partition(context.image, rules, partition, growth.grown(partition, wanted));
        if (!change) continue;
        change->topic_id = topic.id;
        change->partition_id = static_cast<int32_t>(i);
        records.emplace_back(std::move(*change));
    }
    return true;
}

}  // namespace

Decision<Result<Upkeep>> decide(const Context& context, const GrowInternalTopics& request) {
    Decision<Result<Upkeep>> decision{.records = {}, .response = Upkeep{}};
    for (const auto& topic : context.image.topics->by_name) {
        if (!grow(context, *topic, request.partitions_max, decision.records)) decision.response->are_more = true;
    }
    decision.response->count = decision.records.size();
    return decision;
}

}  // namespace milena::controller
