// Record: any one record of the metadata log, and its form as the value of a log record. Pure functions.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/decoder.h"
#include "wire/records/metadata_records.h"

namespace milena::metadata {

using Record =
    std::variant<wire::RegisterBrokerRecord, wire::UnregisterBrokerRecord, wire::TopicRecord, wire::PartitionRecord,
                 wire::ConfigRecord, wire::PartitionChangeRecord, wire::FenceBrokerRecord, wire::UnfenceBrokerRecord,
                 wire::RemoveTopicRecord, wire::DelegationTokenRecord, wire::UserScramCredentialRecord,
                 wire::FeatureLevelRecord, wire::ClientQuotaRecord, wire::ProducerIdsRecord,
                 wire::BrokerRegistrationChangeRecord, wire::AccessControlEntryRecord,
                 wire::RemoveAccessControlEntryRecord, wire::NoOpRecord, wire::ZkMigrationStateRecord,
                 wire::RemoveUserScramCredentialRecord, wire::BeginTransactionRecord, wire::EndTransactionRecord,
                 wire::AbortTransactionRecord, wire::RemoveDelegationTokenRecord, wire::RegisterControllerRecord,
                 wire::ClearElrRecord, wire::FeatureUpdateRecord>;

using Records = std::vector<Record>;

// In the version that a cluster at this metadata.version reads.
Bytes encode_record(const Record& record, int16_t metadata_version);

// An unknown type or version is an error too: who went on without the record would lose it in the next snapshot. A type
// is unknown as well where the program's release hasn't got the level that it came with. Byte strings in the record
// share the memory of `value`.
Result<Record, wire::DecodeError> decode_record(const Bytes& value);

}  // namespace milena::metadata
