// Coordinator: what groups have committed.
#include <algorithm>
#include <limits>
#include <ranges>
#include <set>
#include <utility>

#include "base/log.h"
#include "group/coordinator.h"

namespace milena::group {
namespace {

constexpr wire::Version group_id_not_found_since = 9;
constexpr size_t sweep_groups_max = 1'000;  // looked at in one go
constexpr size_t tombstones_max = 1'000;    // gathered before they are written
constexpr std::string_view no_metadata;

// How long Java takes the text to be.
size_t utf16_units(std::string_view text) {
    size_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<uint8_t>(c);
        if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
    }
    return units;
}

// Partitions of a request that were seen before: however often one is named, it has one record.
using SeenPartitions = std::set<std::pair<std::string_view, int32_t>>;

// False if a batch has no room for it.
bool take(Records& records, size_t& room, Record record) {
    const size_t bytes = size_bytes(record);
    if (bytes > room) return false;
    room -= bytes;
    records.push_back(std::move(record));
    return true;
}

// Beyond the end of time is never.
Timestamp expiry(Timestamp now, int64_t retention_ms) {
    int64_t at = 0;
    const bool is_never = __builtin_add_overflow(now.value, retention_ms, &at);
    return Timestamp(is_never ? std::numeric_limits<int64_t>::max() : at);
}

template <class Partition>
void fill(Partition& answered, const CommittedOffset* committed) {
    answered.committed_offset = committed == nullptr ? -1 : committed->offset.value;
    answered.committed_leader_epoch = committed == nullptr ? -1 : committed->leader_epoch.value;
    answered.metadata = std::string(committed == nullptr ? no_metadata : committed->text());
}

// A topic that was deleted and created anew has nothing to do with what was committed before.
bool is_of_another(const CommittedOffset* committed, const Uuid& topic_id) {
    return committed != nullptr && !topic_id.is_zero() && !committed->topic_id.is_zero() &&
           committed->topic_id != topic_id;
}

}  // namespace

ErrorCode Coordinator::check_commit(const wire::OffsetCommitRequest& request, wire::Version version) {
    ClassicGroup* group = find(request.group_id);
    const int32_t generation = request.generation_id_or_member_epoch;
    if (group == nullptr) {
        if (generation < 0) return ErrorCode::none;
        return version >= group_id_not_found_since ? ErrorCode::group_id_not_found : ErrorCode::illegal_generation;
    }
    // Whoever manages its partitions itself, or administers the group.
    if (generation < 0 && group->is_in(ClassicState::empty)) return ErrorCode::none;
    if (generation < 0 && request.member_id.empty() && !plain(request.group_instance_id))
        return ErrorCode::unknown_member_id;
    const ErrorCode error = group->check_member(request.member_id, request.group_instance_id);
    if (error != ErrorCode::none) return error;
    if (generation != group->generation()) return ErrorCode::illegal_generation;
    if (group->is_in(ClassicState::completing_rebalance)) return ErrorCode::rebalance_in_progress;
    extend_session(*group->find(request.member_id));
    return ErrorCode::none;
}

void Coordinator::commit_offsets(const wire::OffsetCommitRequest& request, wire::Version version,
                                 const Reply<wire::OffsetCommitResponse>& reply) {
    using Response = wire::OffsetCommitResponse;
    const ErrorCode refused = check_commit(request, version);
    if (refused != ErrorCode::none) return answer(reply, Result<Response>(unexpected(refused)));
    Response response;
    const auto is_too_large = [this](const auto& partition) {
        return utf16_units(partition.committed_metadata.value_or("")) > config_.offset_metadata_max;
    };
    for (const auto& topic : request.topics) {
        auto& answered = response.topics.emplace_back();
        answered.name = std::string(topic.name);
        answered.topic_id = topic.topic_id;
        for (const auto& partition : topic.partitions)
            answered.partitions.push_back({partition.partition_index, is_too_large(partition)
                                                                          ? ErrorCode::offset_metadata_too_large
                                                                          : ErrorCode::none});
    }
    Records records;
    SeenPartitions seen;
    size_t room = environment_.journal.batch_bytes_max();
    const Timestamp now = clock().wall();
    // From behind: the last entry of a partition counts, as it would for whoever reads the log.
    for (const auto& topic : std::views::reverse(request.topics)) {
        for (const auto& partition : std::views::reverse(topic.partitions)) {
            if (is_too_large(partition) || !seen.emplace(topic.name, partition.partition_index).second) continue;
            const std::string_view metadata = partition.committed_metadata.value_or("");
            CommittedOffset committed;
            committed.offset = Offset(partition.committed_offset);
            committed.commit_timestamp = now;
            if (request.retention_time_ms != -1) committed.expire_timestamp = expiry(now, request.retention_time_ms);
            committed.topic_id = topic.topic_id;
            if (!metadata.empty()) committed.metadata = std::make_unique<const std::string>(metadata);
            committed.leader_epoch = LeaderEpoch(partition.committed_leader_epoch);
            committed.partition = PartitionIndex(partition.partition_index);
            if (!take(records, room, offset_record(request.group_id, topic.name, committed)))
                return answer(reply, Result<Response>(unexpected(coordinator_error(ErrorCode::message_too_large))));
        }
    }
    std::ranges::reverse(records);
    const ErrorCode error = records.empty() ? ErrorCode::none : write(records);
    if (error != ErrorCode::none) return answer(reply, Result<Response>(unexpected(error)));
    environment_.counts->offset_commits += records.size();
    answer(reply, Result<Response>(std::move(response)));
}

void Coordinator::fetch_offsets(const wire::OffsetFetchRequest::Group& request,
                                const Reply<wire::OffsetFetchResponse::Group>& reply) {
    using Response = wire::OffsetFetchResponse::Group;
    Response response;
    response.group_id = std::string(request.group_id);
    const bool is_known = find(request.group_id) != nullptr;
    const CommittedOffsets::Topics* topics = is_known ? offsets_.of_group(request.group_id) : nullptr;
    if (request.topics) {
        SeenPartitions seen;
        for (const auto& topic : *request.topics) {
            auto& answered = response.topics.emplace_back();
            answered.name = std::string(topic.name);
            answered.topic_id = topic.topic_id;
            answered.partitions.reserve(topic.partition_indexes.size());
            const auto at = topics == nullptr ? CommittedOffsets::Topics::const_iterator() : topics->find(topic.name);
            for (const int32_t index : topic.partition_indexes) {
                // What was committed with an offset is a thousand times as long as what asks for it again.
                if (!seen.emplace(topic.name, index).second) continue;
                auto& partition = answered.partitions.emplace_back();
                partition.partition_index = index;
                const CommittedOffset* committed =
                    topics == nullptr || at == topics->end() ? nullptr : at->second.find(PartitionIndex(index));
                fill(partition, is_of_another(committed, topic.topic_id) ? nullptr : committed);
            }
        }
    } else if (topics != nullptr) {
        for (const auto& [name, partitions] : *topics) {
            auto& answered = response.topics.emplace_back();
            answered.name = name;
            partitions.each([&answered](const CommittedOffset& committed) {
                auto& partition = answered.partitions.emplace_back();
                partition.partition_index = committed.partition.value;
                fill(partition, &committed);
            });
        }
    }
    answer(reply, Result<Response>(std::move(response)));
}

void Coordinator::delete_offsets(const wire::OffsetDeleteRequest& request,
                                 const Reply<wire::OffsetDeleteResponse>& reply) {
    using Response = wire::OffsetDeleteResponse;
    const ClassicGroup* group = find(request.group_id);
    if (group == nullptr) return answer(reply, Result<Response>(unexpected(ErrorCode::group_id_not_found)));
    // Only of consumers is it known what they are subscribed to.
    if (!group->is_in(ClassicState::empty) && !group->uses_consumer_protocol())
        return answer(reply, Result<Response>(unexpected(ErrorCode::non_empty_group)));
    Response response;
    Records records;
    SeenPartitions seen;
    size_t room = environment_.journal.batch_bytes_max();
    for (const auto& topic : request.topics) {
        auto& answered = response.topics.emplace_back();
        answered.name = std::string(topic.name);
        const bool is_subscribed = group->is_subscribed_to(topic.name);
        for (const auto& partition : topic.partitions) {
            const PartitionIndex index(partition.partition_index);
            answered.partitions.push_back(
                {index.value, is_subscribed ? ErrorCode::group_subscribed_to_topic : ErrorCode::none});
            if (is_subscribed || offsets_.find(request.group_id, topic.name, index) == nullptr) continue;
            if (!seen.emplace(topic.name, index.value).second) continue;
            if (!take(records, room, offset_tombstone(request.group_id, topic.name, index)))
                return answer(reply, Result<Response>(unexpected(coordinator_error(ErrorCode::message_too_large))));
        }
    }
    const ErrorCode error = records.empty() ? ErrorCode::none : write(records);
    if (error != ErrorCode::none) return answer(reply, Result<Response>(unexpected(error)));
    answer(reply, Result<Response>(std::move(response)));
}

// --- what is forgotten -----------------------------------------------------------------------------------------------

void Coordinator::topic_deleted(std::string_view name, const Uuid& id) {
    if (!sweep_) sweep_ = Sweep();
    // Those that were passed already are looked at again.
    sweep_->next_group.clear();
    sweep_->deleted_topics.emplace(name, id);
    sweep_deadline_.set(clock().now());
}

void Coordinator::sweep() {
    Records tombstones;
    size_t left = sweep_groups_max;
    auto at = groups_.lower_bound(sweep_->next_group);
    while (at != groups_.end() && left-- > 0 && tombstones.size() < tombstones_max)
        sweep_group((at++)->first, tombstones);
    const bool is_over = at == groups_.end();
    if (!is_over) sweep_->next_group = at->first;
    if (!tombstones.empty()) {
        const ErrorCode error = write_in_batches(tombstones);
        if (error != ErrorCode::none) log_warn("tombstones not written", {{"error", error}});
    }
    if (is_over)
        sweep_.reset();
    else
        sweep_deadline_.set(clock().now());
}

void Coordinator::sweep_group(std::string_view group_id, Records& tombstones) {
    const ClassicGroup& group = *find(group_id);
    const CommittedOffsets::Topics* topics = offsets_.of_group(group_id);
    for (const auto& [name, id] : sweep_->deleted_topics) {
        const auto topic = topics == nullptr ? CommittedOffsets::Topics::const_iterator() : topics->find(name);
        if (topics == nullptr || topic == topics->end()) continue;
        topic->second.each([&](const CommittedOffset& committed) {
            if (!is_of_another(&committed, id))
                tombstones.push_back(offset_tombstone(group_id, name, committed.partition));
        });
    }
    if (!sweep_->expires) return;
    const bool has_offsets_left = topics != nullptr && !expire_offsets(group, *topics, tombstones);
    if (!has_offsets_left && group.is_in(ClassicState::empty) && group.pending_joins.empty())
        tombstones.push_back(group_tombstone(group_id));
}

// True if all of them are expired.
bool Coordinator::expire_offsets(const ClassicGroup& group, const CommittedOffsets::Topics& topics,
                                 Records& tombstones) const {
    const bool is_empty = group.is_in(ClassicState::empty);
    const bool is_simple = group.protocol_type().empty();
    const bool is_readable = group.uses_consumer_protocol() && group.knows_subscriptions();
    // Whoever rebalances may be about to read on.
    if (!is_simple && !is_empty && !(is_readable && group.is_in(ClassicState::stable))) return false;
    // A group's offsets begin to age when its last member goes; others when they are committed.
    const bool ages_with_group = !is_simple && is_empty && group.state_timestamp() != no_timestamp;
    const Timestamp now = clock().wall();
    bool are_all_expired = true;
    for (const auto& named : topics) {
        const auto& [topic, partitions] = named;
        const bool is_subscribed = group.is_subscribed_to(topic);
        partitions.each([&](const CommittedOffset& committed) {
            const Timestamp since = ages_with_group ? group.state_timestamp() : committed.commit_timestamp;
            const bool is_expired = committed.expire_timestamp != no_timestamp
                                        ? now >= committed.expire_timestamp
                                        : now - since >= config_.offsets_retention.count();
            if (!is_expired || is_subscribed) {
                are_all_expired = false;
                return;
            }
            tombstones.push_back(offset_tombstone(group.id(), topic, committed.partition));
            ++environment_.counts->offsets_expired;
        });
    }
    return are_all_expired;
}

}  // namespace milena::group
