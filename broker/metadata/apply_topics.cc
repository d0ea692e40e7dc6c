#include <algorithm>
#include <utility>

#include "base/log.h"
#include "metadata/draft.h"

namespace milena::metadata {

namespace {

std::vector<NodeId> nodes(const std::vector<int32_t>& ids) {
    std::vector<NodeId> result;
    result.reserve(ids.size());
    for (const int32_t id : ids) result.emplace_back(id);
    return result;
}

template <class Field>
std::vector<NodeId> nodes_or_none(const Field& field) {
    return field.has_value() ? nodes(*field) : std::vector<NodeId>();
}

template <class Field>
void change(std::vector<NodeId>& value, const Field& field) {
    if (field.has_value()) value = nodes(*field);
}

// Every replica has a directory; what the record doesn't say is not known.
void complete_directories(PartitionImage& partition, const Uuid& unknown) {
    partition.directories.resize(partition.replicas.size(), unknown);
}

// What PartitionChangeRecord says of one partition; a leader that is named, even the old one, begins a new epoch.
void merge(PartitionImage& partition, const wire::PartitionChangeRecord& record) {
    constexpr int32_t same_leader = -2;
    change(partition.isr, record.isr);
    change(partition.replicas, record.replicas);
    change(partition.removing_replicas, record.removing_replicas);
    change(partition.adding_replicas, record.adding_replicas);
    change(partition.elr, record.eligible_leader_replicas);
    change(partition.last_known_elr, record.last_known_elr);
    if (record.directories.has_value()) partition.directories = *record.directories;
    complete_directories(partition, unassigned_directory);
    if (record.leader != same_leader) {
        partition.leader = NodeId(record.leader);
        ++partition.leader_epoch;
    }
    if (record.leader_recovery_state >= 0)
        partition.leader_recovery_state = static_cast<LeaderRecoveryState>(record.leader_recovery_state.value);
    ++partition.partition_epoch;
}

}  // namespace

const PartitionImage* TopicDraft::partition(PartitionIndex index) const {
    const auto at = partitions.find(index);
    if (at != partitions.end()) return at->second.get();
    return before == nullptr ? nullptr : before->partition(index);
}

TopicDraft* Draft::topic(const Uuid& id) {
    const auto at = topics.find(id);
    if (at != topics.end()) return at->second.is_deleted ? nullptr : &at->second;
    auto before = base->topics->by_id.share(id);
    if (before == nullptr) return nullptr;
    TopicDraft& draft = topics[id];
    draft.id = id;
    draft.name = before->name;
    draft.before = std::move(before);
    return &draft;
}

TopicDraft* Draft::topic(std::string_view name) {
    for (auto& [id, draft] : topics) {
        if (!draft.is_deleted && draft.name == name) return &draft;
    }
    const TopicImage* before = base->topic(name);
    return before == nullptr ? nullptr : topic(before->id);
}

void Draft::apply(const wire::TopicRecord& record) {
    const TopicImage* same_name = base->topic(record.name);
    const bool is_taken = same_name != nullptr && topic(same_name->id) != nullptr;
    if (is_taken || new_names.contains(record.name) || topic(record.topic_id) != nullptr) {
        log_warn("metadata topic skipped: it exists", {{"topic", record.name}, {"topic_id", record.topic_id}});
        return;
    }
    TopicDraft& draft = topics[record.topic_id];
    draft = TopicDraft{.id = record.topic_id, .name = record.name, .before = nullptr, .partitions = {}};
    new_names.insert(record.name);
}

void Draft::apply(const wire::RemoveTopicRecord& record) {
    TopicDraft* draft = topic(record.topic_id);
    if (draft == nullptr) {
        log_warn("metadata topic not removed: it is unknown", {{"topic_id", record.topic_id}});
        return;
    }
    new_names.erase(draft->name);
    config({ConfigResourceType::topic, draft->name}).clear();
    if (draft->before == nullptr) {
        topics.erase(record.topic_id);
        return;
    }
    draft->is_deleted = true;
    draft->partitions.clear();
}

void Draft::apply(const wire::PartitionRecord& record) {
    TopicDraft* draft = topic(record.topic_id);
    if (draft == nullptr || record.partition_id < 0) {
        log_warn("metadata partition skipped: its topic is unknown",
                 {{"topic_id", record.topic_id}, {"partition", record.partition_id}});
        return;
    }
    auto partition = std::make_shared<PartitionImage>();
    partition->replicas = nodes(record.replicas);
    partition->directories = record.directories;
    complete_directories(*partition, migrating_directory);
    partition->isr = nodes(record.isr);
    partition->removing_replicas = nodes(record.removing_replicas);
    partition->adding_replicas = nodes(record.adding_replicas);
    partition->elr = nodes_or_none(record.eligible_leader_replicas);
    partition->last_known_elr = nodes_or_none(record.last_known_elr);
    partition->leader = NodeId(record.leader);
    partition->leader_recovery_state = static_cast<LeaderRecoveryState>(record.leader_recovery_state.value);
    partition->leader_epoch = LeaderEpoch(record.leader_epoch);
    partition->partition_epoch = record.partition_epoch;
    draft->partitions[PartitionIndex(record.partition_id)] = std::move(partition);
}

void Draft::apply(const wire::PartitionChangeRecord& record) {
    TopicDraft* draft = topic(record.topic_id);
    const PartitionIndex index(record.partition_id);
    const PartitionImage* before = draft == nullptr ? nullptr : draft->partition(index);
    if (before == nullptr) {
        log_warn("metadata partition not changed: it is unknown",
                 {{"topic_id", record.topic_id}, {"partition", record.partition_id}});
        return;
    }
    auto partition = std::make_shared<PartitionImage>(*before);
    merge(*partition, record);
    draft->partitions[index] = std::move(partition);
}

void Draft::clear_elr(TopicDraft& draft) {
    wire::PartitionChangeRecord none;
    none.eligible_leader_replicas.emplace();
    none.last_known_elr.emplace();
    const auto clear = [&](PartitionIndex index, const PartitionImage& before) {
        if (before.elr.empty() && before.last_known_elr.empty()) return;
        auto partition = std::make_shared<PartitionImage>(before);
        merge(*partition, none);
        draft.partitions[index] = std::move(partition);
    };
    const size_t count = draft.before == nullptr ? 0 : draft.before->partitions.size();
    for (size_t i = 0; i < count; ++i) {
        const PartitionIndex index(static_cast<int32_t>(i));
        if (!draft.partitions.contains(index)) clear(index, *draft.before->partitions[i]);
    }
    for (const auto& [index, partition] : draft.partitions) clear(index, PartitionImage(*partition));
}

void Draft::apply(const wire::ClearElrRecord& record) {
    if (record.topic_name.empty()) {
        for (const auto& before : base->topics->by_id) topic(before->id);
        for (auto& [id, draft] : topics) {
            if (!draft.is_deleted) clear_elr(draft);
        }
    } else if (TopicDraft* draft = topic(std::string_view(record.topic_name))) {
        clear_elr(*draft);
    } else {
        log_warn("metadata ELR not cleared: the topic is unknown", {{"topic", record.topic_name}});
    }
}

}  // namespace milena::metadata
