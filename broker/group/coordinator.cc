#include "group/coordinator.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/log.h"
#include "wire/records/coordinator_frame.h"

namespace milena::group {

ErrorCode coordinator_error(ErrorCode error) {
    switch (error) {
        case ErrorCode::unknown_topic_or_partition:
        case ErrorCode::not_enough_replicas:
        case ErrorCode::not_enough_replicas_after_append:
        case ErrorCode::request_timed_out: return ErrorCode::coordinator_not_available;
        case ErrorCode::not_leader_or_follower:
        case ErrorCode::kafka_storage_error: return ErrorCode::not_coordinator;
        case ErrorCode::message_too_large:
        case ErrorCode::record_list_too_large:
        case ErrorCode::invalid_fetch_size: return ErrorCode::unknown_server_error;
        default: return error;
    }
}

Coordinator::Coordinator(const Environment& environment, const Config& config)
    : environment_(environment),
      config_(config),
      sweep_deadline_(deadlines_, [this] { sweep(); }),
      expiry_deadline_(deadlines_, [this] {
          expiry_deadline_.set(clock().now() + config_.offsets_retention_check_interval);
          if (!sweep_) sweep_ = Sweep();
          sweep_->expires = true;
          sweep();
      }) {}

// --- records ---------------------------------------------------------------------------------------------------------

bool Coordinator::apply(const Record& record, Offset offset) {
    const auto type = wire::decode_prefix(record.key);
    if (!type.has_value()) return false;
    switch (*type) {
        case wire::LegacyOffsetCommitKey::api.key:
        case wire::OffsetCommitKey::api.key: return apply_offset(record, offset);
        case wire::GroupMetadataKey::api.key: return apply_group(record);
        default: return true;
    }
}

bool Coordinator::apply_offset(const Record& record, Offset offset) {
    // The two kinds of keys are alike but for their number.
    const auto key = wire::decode<wire::OffsetCommitKey>(record.key.slice(sizeof(int16_t)), 0);
    if (!key.has_value()) return false;
    if (!record.value) {
        offsets_.remove(key->group, key->topic, PartitionIndex(key->partition));
        return true;
    }
    const auto value = wire::decode_versioned<wire::OffsetCommitValue>(*record.value);
    if (!value.has_value()) return false;
    ClassicGroup* known = find(key->group);
    (known != nullptr ? *known : create(key->group)).is_provisional = false;
    CommittedOffset committed;
    committed.offset = Offset(value->offset);
    committed.record_offset = offset;
    committed.commit_timestamp = Timestamp(value->commit_timestamp);
    committed.expire_timestamp = Timestamp(value->expire_timestamp);
    committed.topic_id = value->topic_id;
    if (!value->metadata.empty()) committed.metadata = std::make_unique<const std::string>(value->metadata);
    committed.leader_epoch = LeaderEpoch(value->leader_epoch);
    committed.partition = PartitionIndex(key->partition);
    offsets_.put(key->group, key->topic, std::move(committed));
    return true;
}

bool Coordinator::apply_group(const Record& record) {
    const auto key = wire::decode_coordinator_key<wire::GroupMetadataKey>(record.key);
    if (!key.has_value()) return false;
    if (!record.value) {
        groups_.erase(key->group);
        return true;
    }
    const auto value = wire::decode_versioned<wire::GroupMetadataValue>(*record.value);
    if (!value.has_value()) return false;
    ClassicGroup* known = find(key->group);
    ClassicGroup& group = known != nullptr ? *known : create(key->group);
    group.apply(*value);
    group.is_provisional = false;
    return true;
}

void Coordinator::apply_in_transaction(ProducerId producer, const Record& record, Offset offset) {
    Record kept{.key = Bytes::copy_of(record.key.span()), .value = std::nullopt};
    if (record.value) kept.value = Bytes::copy_of(record.value->span());
    transactions_[producer].push_back({std::move(kept), offset});
}

void Coordinator::end_transaction(ProducerId producer, bool is_committed) {
    const auto pending = transactions_.extract(producer);
    if (pending.empty() || !is_committed) return;
    for (const Pending& each : pending.mapped()) {
        const auto key = wire::decode_coordinator_key<wire::OffsetCommitKey>(each.record.key);
        if (!key.has_value()) continue;
        // What was committed outside of the transaction meanwhile is newer.
        const CommittedOffset* known = offsets_.find(key->group, key->topic, PartitionIndex(key->partition));
        if (known == nullptr || known->record_offset < each.offset) (void)apply(each.record, each.offset);
    }
}

ErrorCode Coordinator::write(const Records& records) {
    const Result<Offset> first = environment_.journal.append(records);
    if (!first.has_value()) return coordinator_error(first.error());
    Offset at = *first;
    for (const Record& record : records) {
        check(apply(record, at));
        ++at;
    }
    return ErrorCode::none;
}

ErrorCode Coordinator::write_in_batches(const Records& records) {
    constexpr ptrdiff_t batch_records_max = 1'000;
    constexpr size_t framing_bytes = 64;  // more than a record has around its key and value
    const size_t bytes_max = environment_.journal.batch_bytes_max();
    for (auto at = records.begin(); at != records.end();) {
        auto end = at;
        size_t bytes = 0;
        while (end != records.end() && end - at < batch_records_max) {
            bytes += size_bytes(*end) + framing_bytes;
            if (end != at && bytes > bytes_max) break;
            ++end;
        }
        const ErrorCode error = write(Records(at, end));
        if (error != ErrorCode::none) return error;
        at = end;
    }
    return ErrorCode::none;
}

void Coordinator::write_or_go_on(const ClassicGroup& group) {
    const Record record = group_record(group.id(), group.value());
    const ErrorCode error = write({record});
    if (error == ErrorCode::none) return;
    log_warn("group not written", {{"group", group.id()}, {"generation", group.generation()}, {"error", error}});
    check(apply(record, no_offset));
}

// --- groups ----------------------------------------------------------------------------------------------------------

const ClassicGroup* Coordinator::find(std::string_view group_id) const {
    const auto at = groups_.find(group_id);
    return at == groups_.end() ? nullptr : at->second.get();
}

ClassicGroup* Coordinator::find(std::string_view group_id) {
    const auto at = groups_.find(group_id);
    return at == groups_.end() ? nullptr : at->second.get();
}

ClassicGroup& Coordinator::create(std::string_view group_id) {
    auto group = std::make_unique<ClassicGroup>(std::string(group_id), environment_.members);
    group->join_deadline = Deadline(deadlines_, [this, id = group->id()] {
        if (ClassicGroup* due = find(id); due != nullptr && due->is_in(ClassicState::preparing_rebalance))
            complete_join(*due);
    });
    group->sync_deadline = Deadline(deadlines_, [this, id = group->id()] { sync_expired(id); });
    return *groups_.emplace(group->id(), std::move(group)).first->second;
}

void Coordinator::loaded() {
    for (auto& [id, group] : groups_) {
        for (auto& [member_id, member] : group->members()) {
            start_session(*group, member);
            extend_session(member);
        }
        // The limit may have been lowered: whoever comes first stays.
        if (group->members().size() > config_.group_size_max) prepare_rebalance(*group);
    }
    expiry_deadline_.set(clock().now() + config_.offsets_retention_check_interval);
}

void Coordinator::resign() {
    for (auto& [id, group] : groups_) {
        for (auto& [member_id, member] : group->members()) {
            if (member.awaiting_join)
                answer_join_error(group->take_join(member), member_id, ErrorCode::not_coordinator);
            if (member.awaiting_sync)
                answer_sync_error(std::exchange(member.awaiting_sync, nullptr), ErrorCode::not_coordinator);
        }
    }
    groups_.clear();
    sweep_deadline_.cancel();
    expiry_deadline_.cancel();
}

// As Java prints a random UUID.
std::string Coordinator::new_member_id(std::string_view prefix) {
    const Uuid id = Uuid::from_random(environment_.random.next(), environment_.random.next());
    std::array<char, 40> text;
    const auto part = [](uint64_t bits, int shift, uint64_t mask) {
        return static_cast<unsigned long long>((bits >> shift) & mask);
    };
    std::snprintf(text.data(), text.size(), "-%08llx-%04llx-%04llx-%04llx-%012llx", part(id.high, 32, 0xffffffff),
                  part(id.high, 16, 0xffff), part(id.high, 0, 0xffff), part(id.low, 48, 0xffff),
                  part(id.low, 0, 0xffffffffffff));
    return std::string(prefix) + text.data();
}

void Coordinator::count_groups(GroupMetrics& metrics) const {
    for (const auto& [id, group] : groups_) {
        ++metrics.groups[static_cast<size_t>(group->state())];
        metrics.members += group->members().size();
    }
}

}  // namespace milena::group
