// What a coordinator writes into its partition of __consumer_offsets, as keys and values in Kafka's format.
// Pure functions.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "group/committed_offsets.h"
#include "wire/records/group_records.h"

namespace milena::group {

struct Record {
    Bytes key;
    std::optional<Bytes> value;  // none: a tombstone
};

using Records = std::vector<Record>;

inline size_t size_bytes(const Record& record) { return record.key.size() + (record.value ? record.value->size() : 0); }

Record offset_record(std::string_view group, std::string_view topic, const CommittedOffset& offset);
Record offset_tombstone(std::string_view group, std::string_view topic, PartitionIndex partition);
Record group_record(std::string_view group, const wire::GroupMetadataValue& value);
Record group_tombstone(std::string_view group);

}  // namespace milena::group
