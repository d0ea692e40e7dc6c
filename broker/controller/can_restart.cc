#include "controller/can_restart.h"

#include <algorithm>
#include <optional>

#include "controller/leadership_rules.h"
#include "controller/partition_change.h"

namespace milena::controller {
namespace {

// The others that records would be committed with, and that could lead.
size_t others_in_sync(const metadata::Image& image, const metadata::PartitionImage& partition, NodeId broker) {
    return static_cast<size_t>(std::ranges::count_if(
        partition.isr, [&](NodeId node) { return node != broker && can_serve(image, partition, node); }));
}

}  // namespace

std::optional<HarmOfRestart> harm_of_restart(const metadata::Image& image, const metadata::PartitionImage& partition,
                                             int32_t min_isr, NodeId broker) {
    const size_t others = others_in_sync(image, partition, broker);
    const auto needed = static_cast<size_t>(std::max(min_isr, 1));
    if (others >= needed) return std::nullopt;
    const size_t replicas_count = partition.replicas.size();
    return HarmOfRestart{.risk = others == 0 ? RestartRisk::goes_offline : RestartRisk::falls_below_min_isr,
                         .helps_to_wait = replicas_count > needed || (others == 0 && replicas_count > 1)};
}

RestartAnswer can_restart(const metadata::Image& image, const settings::BrokerSettings& settings, NodeId broker) {
    RestartAnswer answer;
    const RulesOfTopics rules(image, settings);
    for (const auto& topic : image.topics->by_name) {
        std::optional<LeadershipRules> of_topic;
        for (size_t i = 0; i < topic->partitions.size(); ++i) {
            const metadata::PartitionImage& partition = *topic->partitions[i];
            if (!contains(partition.isr, broker) && partition.leader != broker) continue;
            if (!of_topic) of_topic = rules.of(topic->name);
            const auto harm = harm_of_restart(image, partition, of_topic->min_isr, broker);
            if (!harm) continue;
            auto& list = harm->helps_to_wait ? answer.blocking : answer.unavoidable;
            list.push_back(
                {.topic = topic->name, .partition = PartitionIndex(static_cast<int32_t>(i)), .risk = harm->risk});
        }
    }
    std::ranges::stable_sort(answer.unavoidable, {}, &PartitionAtRisk::risk);
    return answer;
}

size_t RestartAnswer::only_copies() const {
    return static_cast<size_t>(std::ranges::count(unavoidable, RestartRisk::goes_offline, &PartitionAtRisk::risk));
}

std::string_view restart_risk_name(RestartRisk risk) {
    return risk == RestartRisk::goes_offline ? "would go offline" : "would fall below min.insync.replicas";
}

}  // namespace milena::controller
