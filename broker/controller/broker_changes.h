// What the coming and going of a broker does to partitions. Every one of the cluster is looked at, which for 10,000 of
// them takes about as long as writing the records of one broker's. Pure.
#pragma once

#include <optional>

#include "controller/decide.h"
#include "controller/partition_change.h"

namespace milena::controller {

// The cluster with one broker as a decision is about to make it: what is elected is elected among these.
metadata::Image with_broker(const metadata::Image& image, metadata::BrokerImage broker);

// For each partition of `image` that `target_of(partition)` has a target for, the record that leads there.
template <class TargetOf>
void change_partitions(const metadata::Image& image, const settings::BrokerSettings& settings, TargetOf&& target_of,
                       metadata::Records& records) {
    const RulesOfTopics rules(image, settings);
    for (const auto& topic : image.topics->by_name) {
        std::optional<LeadershipRules> of_topic;
        for (size_t i = 0; i < topic->partitions.size(); ++i) {
            const metadata::PartitionImage& partition = *topic->partitions[i];
            std::optional<PartitionTarget> target = target_of(partition);
            if (!target) continue;
            if (!of_topic) of_topic = rules.of(topic->name);
            auto change = change_partition(image, *of_topic, partition, std::move(*target));
            if (!change) continue;
            change->topic_id = topic->id;
            change->partition_id = static_cast<int32_t>(i);
            records.emplace_back(std::move(*change));
        }
    }
}

bool leads_anything(const metadata::Image& image, NodeId broker);

}  // namespace milena::controller
