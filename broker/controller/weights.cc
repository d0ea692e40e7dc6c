#include "controller/weights.h"

#include "controller/decide.h"

namespace milena::controller {

Result<void> Weights::take(const metadata::Image& image, const ReportLoad& report) {
    const auto asking = asking_broker(image, report.broker, report.broker_epoch);
    if (!asking) return unexpected(asking.error());
    if (by_topic_.size() > image.topics->by_id.size())
        std::erase_if(by_topic_, [&](const auto& entry) { return image.topic(entry.first) == nullptr; });
    std::erase_if(brokers_, [&](const auto& entry) { return image.broker(entry.first) == nullptr; });
    for (const PartitionLoad& load : report.partitions) {
        const metadata::TopicImage* topic = image.topic(load.topic_id);
        const metadata::PartitionImage* partition = topic == nullptr ? nullptr : topic->partition(load.partition);
        if (partition == nullptr || partition->leader != report.broker) continue;
        std::vector<PartitionWeight>& weights = by_topic_[load.topic_id];
        weights.resize(topic->partitions.size());
        weights[static_cast<size_t>(load.partition.value)] = load.weight;
    }
    Heard& heard = brokers_[report.broker];
    heard.disk = report.disk;
    heard.is_whole = heard.is_whole || !report.are_more;
    return {};
}

PartitionWeight Weights::of(const Uuid& topic_id, PartitionIndex partition) const {
    const auto topic = by_topic_.find(topic_id);
    const auto at = static_cast<size_t>(partition.value);
    return topic != by_topic_.end() && at < topic->second.size() ? topic->second[at] : PartitionWeight{};
}

const DiskLoad* Weights::disk_of(NodeId broker) const {
    const auto known = brokers_.find(broker);
    return known == brokers_.end() ? nullptr : &known->second.disk;
}

std::vector<NodeId> Weights::unheard(const metadata::Image& image) const {
    std::vector<NodeId> missing;
    for (const auto& [id, broker] : *image.brokers) {
        const auto known = brokers_.find(id);
        if (!broker.is_fenced && (known == brokers_.end() || !known->second.is_whole)) missing.push_back(id);
    }
    return missing;
}

}  // namespace milena::controller
