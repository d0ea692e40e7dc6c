#include "controller/elr_safety.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "controller/broker_changes.h"
#include "metadata/delta.h"
#include "metadata/feature_levels.h"

namespace milena::controller {
namespace {

using metadata::ConfigResourceType;
using settings::Texts;

constexpr const char* min_isr = "min.insync.replicas";

wire::ConfigRecord of_broker(const std::string& name, std::optional<std::string> value) {
    wire::ConfigRecord record;
    record.resource_type = static_cast<int8_t>(ConfigResourceType::broker);
    record.resource_name = name;
    record.name = min_isr;
    record.value = std::move(value);
    return record;
}

bool changes_min_isr(const metadata::Record& record) {
    const auto* config = std::get_if<wire::ConfigRecord>(&record);
    return config != nullptr && config->name == min_isr;
}

std::optional<std::string> value_in(const Texts& texts) {
    const auto at = texts.find(min_isr);
    return at == texts.end() ? std::nullopt : std::optional(at->second);
}

}  // namespace

void begin_elr(const Context& context, metadata::Records& records) {
    if (!context.image.broker_defaults().contains(min_isr))
        records.emplace_back(of_broker("", context.settings.text(min_isr).value_or("1")));
    for (const auto& config : *context.image.configs) {
        const metadata::ConfigResource& resource = config->resource;
        if (resource.type == ConfigResourceType::broker && !resource.name.empty() && config->values.contains(min_isr))
            records.emplace_back(of_broker(resource.name, std::nullopt));
    }
}

void begin_elr_in(metadata::Records& records, const settings::BrokerSettings& settings) {
    const auto begins = [](const metadata::Record& record) {
        const auto* feature = std::get_if<wire::FeatureLevelRecord>(&record);
        return feature != nullptr && feature->name == metadata::elr_version_feature && feature->feature_level > 0;
    };
    if (std::ranges::any_of(records, begins) && std::ranges::none_of(records, changes_min_isr))
        records.emplace_back(of_broker("", settings.text(min_isr).value_or("1")));
}

void end_elr(const metadata::Image& image, metadata::Records& records) {
    for (const auto& topic : image.topics->by_name) {
        for (size_t i = 0; i < topic->partitions.size(); ++i) {
            const metadata::PartitionImage& partition = *topic->partitions[i];
            if (partition.isr.empty() || (partition.elr.empty() && partition.last_known_elr.empty())) continue;
            wire::PartitionChangeRecord change;
            change.topic_id = topic->id;
            change.partition_id = static_cast<int32_t>(i);
            change.eligible_leader_replicas.emplace();
            change.last_known_elr.emplace();
            records.emplace_back(std::move(change));
        }
    }
}

void settle_elr(const Context& context, metadata::Records& records) {
    if (!metadata::has_elr(*context.image.features) || std::ranges::none_of(records, changes_min_isr)) return;
    metadata::ImageBuilder builder(std::make_shared<const metadata::Image>(context.image));
    for (const metadata::Record& record : records) builder.apply(record);
    const metadata::Delta delta = std::move(builder).finish({context.image.offset, context.image.epoch});
    const settings::BrokerSettings settings =
        context.settings.with_dynamic(context.settings.dynamic_broker(), delta.after->broker_defaults());
    change_partitions(
        *delta.after, settings,
        [](const metadata::PartitionImage& partition) {
            const bool is_concerned = partition.leader != no_node && !partition.elr.empty();
            return is_concerned ? std::optional(PartitionTarget::same_as(partition)) : std::nullopt;
        },
        records);
}

Result<void, settings::ConfigError> check_min_isr(const metadata::Image& image,
                                                  const metadata::ConfigResource& resource, const Texts& before,
                                                  const Texts& after) {
    if (resource.type != ConfigResourceType::broker || !metadata::has_elr(*image.features)) return {};
    const auto refused = [](const char* what) {
        return unexpected(
            settings::ConfigError{ErrorCode::invalid_config, std::string(what) + " while ELR is enabled."});
    };
    if (!resource.name.empty() && value_in(before) != value_in(after))
        return refused("Broker-level min.insync.replicas cannot be altered");
    if (resource.name.empty() && before.contains(min_isr) && !after.contains(min_isr))
        return refused("Cluster-level min.insync.replicas cannot be removed");
    return {};
}

}  // namespace milena::controller
