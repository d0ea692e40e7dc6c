#include "metadata/delta.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "metadata/draft.h"

namespace milena::metadata {

namespace {

// The drafts as changes of the two indexes of topics, and as what the shards are told.
void finish_topics(Draft& draft, Image& image, Delta& delta) {
    if (draft.topics.empty()) return;
    decltype(Topics::by_name)::Changes by_name;
    decltype(Topics::by_id)::Changes by_id;
    for (auto& [id, topic] : draft.topics) {
        TopicChange change = topic.finish();
        if (change.before == change.after) continue;
        // A name that was deleted and created again belongs to the topic that lives.
        if (change.after != nullptr) {
            by_name[change.after->name] = change.after;
        } else {
            by_name.emplace(change.before->name, nullptr);
        }
        by_id[id] = change.after;
        delta.topics.push_back(std::move(change));
    }
    image.topics = std::make_shared<const Topics>(
        Topics{image.topics->by_name.merged(by_name), image.topics->by_id.merged(by_id)});
}

void finish_configs(Draft& draft, Image& image, Delta& delta) {
    if (draft.configs.empty()) return;
    Configs::Changes changes;
    for (auto& [resource, values] : draft.configs) {
        delta.configs.insert(resource);
        if (values.empty()) {
            changes.emplace(resource, nullptr);
        } else {
            changes.emplace(resource, std::make_shared<const ConfigImage>(ConfigImage{resource, std::move(values)}));
        }
    }
    image.configs = std::make_shared<const Configs>(image.configs->merged(changes));
}

}  // namespace

TopicChange TopicDraft::finish() {
    TopicChange result{.before = before, .after = nullptr, .partitions = {}};
    if (is_deleted) {
        if (before != nullptr) {
            for (size_t i = 0; i < before->partitions.size(); ++i)
                result.partitions.emplace_back(static_cast<int32_t>(i));
        }
        return result;
    }
    if (before != nullptr && partitions.empty()) {
        result.after = before;
        return result;
    }
    auto topic = std::make_shared<TopicImage>();
    topic->name = name;
    topic->id = id;
    if (before != nullptr) topic->partitions = before->partitions;
    for (auto& [index, partition] : partitions) {
        const auto at = static_cast<size_t>(index.value);
        if (at < topic->partitions.size()) {
            topic->partitions[at] = std::move(partition);
        } else if (at == topic->partitions.size()) {
            topic->partitions.push_back(std::move(partition));
        } else {
            log_warn("metadata partition skipped: a gap in front of it", {{"topic", name}, {"partition", index}});
            continue;
        }
        result.partitions.push_back(index);
    }
    result.after = std::move(topic);
    return result;
}

Delta everything(std::shared_ptr<const Image> image) {
    Delta delta;
    for (const auto& topic : image->topics->by_id) {
        TopicChange change{.before = nullptr, .after = topic, .partitions = {}};
        for (size_t i = 0; i < topic->partitions.size(); ++i) change.partitions.emplace_back(static_cast<int32_t>(i));
        delta.topics.push_back(std::move(change));
    }
    for (const auto& config : *image->configs) delta.configs.insert(config->resource);
    for (const auto& [id, broker] : *image->brokers) delta.brokers.insert(id);
    delta.features_changed = true;
    delta.access_changed = true;
    delta.before = Image::empty();
    delta.after = std::move(image);
    return delta;
}

namespace {

std::vector<PartitionIndex> all_partitions(const TopicImage& topic) {
    std::vector<PartitionIndex> all;
    for (size_t i = 0; i < topic.partitions.size(); ++i) all.emplace_back(static_cast<int32_t>(i));
    return all;
}

std::vector<PartitionIndex> different_partitions(const TopicImage& before, const TopicImage& after) {
    std::vector<PartitionIndex> result;
    const TopicImage& larger = before.partitions.size() > after.partitions.size() ? before : after;
    for (const PartitionIndex index : all_partitions(larger)) {
        const PartitionImage* one = before.partition(index);
        const PartitionImage* other = after.partition(index);
        if (one == nullptr || other == nullptr || !(*one == *other)) result.push_back(index);
    }
    return result;
}

}  // namespace

Delta difference(std::shared_ptr<const Image> before, std::shared_ptr<const Image> after) {
    Delta delta;
    for (const auto& topic : before->topics->by_id)
        if (after->topic(topic->id) == nullptr)
            delta.topics.push_back({.before = topic, .after = nullptr, .partitions = all_partitions(*topic)});
    for (const auto& topic : after->topics->by_id) {
        const auto known = before->topics->by_id.share(topic->id);
        std::vector<PartitionIndex> partitions = known ? different_partitions(*known, *topic) : all_partitions(*topic);
        if (!known || !partitions.empty()) delta.topics.push_back({known, topic, std::move(partitions)});
    }
    for (const auto& config : *before->configs)
        if (after->config(config->resource.type, config->resource.name) != config->values)
            delta.configs.insert(config->resource);
    for (const auto& config : *after->configs)
        if (before->config(config->resource.type, config->resource.name) != config->values)
            delta.configs.insert(config->resource);
    for (const auto& [id, broker] : *before->brokers)
        if (after->broker(id) == nullptr || !(*after->broker(id) == broker)) delta.brokers.insert(id);
    for (const auto& [id, broker] : *after->brokers)
        if (before->broker(id) == nullptr) delta.brokers.insert(id);
    delta.features_changed = true;
    delta.access_changed = true;
    delta.before = std::move(before);
    delta.after = std::move(after);
    return delta;
}

ImageBuilder::ImageBuilder(std::shared_ptr<const Image> base) : draft_(std::make_unique<Draft>(std::move(base))) {}
ImageBuilder::~ImageBuilder() = default;
ImageBuilder::ImageBuilder(ImageBuilder&&) noexcept = default;
ImageBuilder& ImageBuilder::operator=(ImageBuilder&&) noexcept = default;

void ImageBuilder::apply(const Record& record) {
    std::visit([&](const auto& r) { draft_->apply(r); }, record);
}

Delta ImageBuilder::finish(const Provenance& end) && {
    Draft& draft = *draft_;
    Delta delta;
    auto image = std::make_shared<Image>(*draft.base);
    image->offset = end.offset;
    image->epoch = end.epoch;
    finish_topics(draft, *image, delta);
    finish_configs(draft, *image, delta);
    delta.brokers = std::move(draft.changed_brokers);
    delta.features_changed = draft.features.has_changed();
    delta.access_changed = draft.acls.has_changed() || draft.scram_credentials.has_changed() ||
                           draft.delegation_tokens.has_changed() || draft.client_quotas.has_changed();
    image->features = std::move(draft.features).finish();
    image->feature_updates = std::move(draft.feature_updates).finish();
    image->brokers = std::move(draft.brokers).finish();
    image->controllers = std::move(draft.controllers).finish();
    image->client_quotas = std::move(draft.client_quotas).finish();
    image->producer_ids = draft.producer_ids;
    image->acls = std::move(draft.acls).finish();
    image->scram_credentials = std::move(draft.scram_credentials).finish();
    image->delegation_tokens = std::move(draft.delegation_tokens).finish();
    delta.before = std::move(draft.base);
    delta.after = std::move(image);
    draft_.reset();
    return delta;
}

}  // namespace milena::metadata
