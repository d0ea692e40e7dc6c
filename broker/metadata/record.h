// Record: any one record of the metadata log, and its form as the value of a log record. Pure functions.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/records/metadata_records.h"

namespace milena::metadata {

using Record = std::variant<wire::RegisterBrokerRecord, wire::UnregisterBrokerRecord, wire::TopicRecord,
                            wire::PartitionRecord, wire::ConfigRecord, wire::PartitionChangeRecord,
                            wire::FenceBrokerRecord, wire::UnfenceBrokerRecord, wire::RemoveTopicRecord,
                            wire::DelegationTokenRecord, wire::UserScramCredentialRecord, wire::FeatureLevelRecord,
                            wire::ClientQuotaRecord, wire::ProducerIdsRecord, wire::BrokerRegistrationChangeRecord,
                            wire::AccessControlEntryRecord, wire::RemoveAccessControlEntryRecord, wire::NoOpRecord,
                            wire::ZkMigrationStateRecord, wire::RemoveUserScramCredentialRecord,
                            wire::BeginTransactionRecord, wire::EndTransactionRecord, wire::AbortTransactionRecord,
                            wire::RemoveDelegationTokenRecord, wire::RegisterControllerRecord, wire::ClearElrRecord>;

using Records = std::vector<Record>;

// In the version that a cluster at this metadata.version reads.
Bytes encode_record(const Record& record, int16_t metadata_version);

enum class RecordFault : uint8_t {
    malformed,  // no continuation of what we know of the format
    unknown,    // of a type or version that a later Kafka writes: opening the log would lose it
};

// The record owns its memory, except byte strings, which share that of `value`.
Result<Record, RecordFault> decode_record(const Bytes& value);

}  // namespace milena::metadata
