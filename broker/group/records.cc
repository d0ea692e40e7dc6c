#include "group/records.h"

#include "wire/records/coordinator_frame.h"

namespace milena::group {
namespace {

// The versions that Kafka 4.3 writes.
constexpr wire::Version offset_value_version = 4;
constexpr wire::Version expiring_offset_value_version = 1;  // the only one with room for the client's own expiry
constexpr wire::Version group_value_version = 3;

Bytes offset_key(std::string_view group, std::string_view topic, PartitionIndex partition) {
    return wire::encode_coordinator_key(
        wire::OffsetCommitKey{.group = std::string(group), .topic = std::string(topic), .partition = partition.value});
}

}  // namespace

Record offset_record(std::string_view group, std::string_view topic, const CommittedOffset& offset) {
    wire::OffsetCommitValue value;
    value.offset = offset.offset.value;
    value.leader_epoch = offset.leader_epoch.value;
    value.metadata = std::string(offset.text());
    value.commit_timestamp = offset.commit_timestamp.value;
    value.expire_timestamp = offset.expire_timestamp.value;
    value.topic_id = offset.topic_id;
    const bool expires = offset.expire_timestamp != no_timestamp;
    return {offset_key(group, topic, offset.partition),
            wire::encode_versioned(value, expires ? expiring_offset_value_version : offset_value_version)};
}

Record offset_tombstone(std::string_view group, std::string_view topic, PartitionIndex partition) {
    return {offset_key(group, topic, partition), std::nullopt};
}

Record group_record(std::string_view group, const wire::GroupMetadataValue& value) {
    return {wire::encode_coordinator_key(wire::GroupMetadataKey{.group = std::string(group)}),
            wire::encode_versioned(value, group_value_version)};
}

Record group_tombstone(std::string_view group) {
    return {wire::encode_coordinator_key(wire::GroupMetadataKey{.group = std::string(group)}), std::nullopt};
}

}  // namespace milena::group
