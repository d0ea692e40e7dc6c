#include "property/wire/message_type_of.h"
#include "wire/records/consumer_protocol.h"
#include "wire/records/control_records.h"
#include "wire/records/group_records.h"
#include "wire/records/metadata_records.h"
#include "wire/records/share_group_records.h"
#include "wire/records/share_state_records.h"
#include "wire/records/streams_group_records.h"
#include "wire/records/txn_records.h"

namespace milena::wire {

namespace {

template <class... Record>
std::vector<MessageType> types_of() {
    return {message_type_of<Record>(MessageKind::record)...};
}

}  // namespace

std::vector<MessageType> record_types() {
    return types_of<
        RegisterBrokerRecord, UnregisterBrokerRecord, BrokerRegistrationChangeRecord, FenceBrokerRecord,
        UnfenceBrokerRecord, RegisterControllerRecord, TopicRecord, RemoveTopicRecord, PartitionRecord,
        PartitionChangeRecord, ClearElrRecord, ConfigRecord, FeatureLevelRecord, ClientQuotaRecord, ProducerIdsRecord,
        AccessControlEntryRecord, RemoveAccessControlEntryRecord, UserScramCredentialRecord,
        RemoveUserScramCredentialRecord, DelegationTokenRecord, RemoveDelegationTokenRecord, BeginTransactionRecord,
        EndTransactionRecord, AbortTransactionRecord, NoOpRecord, ZkMigrationStateRecord, ControlRecordKey,
        EndTxnMarker, LeaderChangeMessage, SnapshotHeaderRecord, SnapshotFooterRecord, KRaftVersionRecord, VotersRecord,
        LegacyOffsetCommitKey, LegacyOffsetCommitValue, OffsetCommitKey, OffsetCommitValue, GroupMetadataKey,
        GroupMetadataValue, ConsumerGroupMetadataKey, ConsumerGroupMetadataValue, ConsumerGroupPartitionMetadataKey,
        ConsumerGroupPartitionMetadataValue, ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue,
        ConsumerGroupTargetAssignmentMetadataKey, ConsumerGroupTargetAssignmentMetadataValue,
        ConsumerGroupTargetAssignmentMemberKey, ConsumerGroupTargetAssignmentMemberValue,
        ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue,
        ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue, ShareGroupMemberMetadataKey,
        ShareGroupMemberMetadataValue, ShareGroupMetadataKey, ShareGroupMetadataValue,
        ShareGroupTargetAssignmentMetadataKey, ShareGroupTargetAssignmentMetadataValue,
        ShareGroupTargetAssignmentMemberKey, ShareGroupTargetAssignmentMemberValue,
        ShareGroupCurrentMemberAssignmentKey, ShareGroupCurrentMemberAssignmentValue,
        ShareGroupStatePartitionMetadataKey, ShareGroupStatePartitionMetadataValue, StreamsGroupMetadataKey,
        StreamsGroupMetadataValue, StreamsGroupMemberMetadataKey, StreamsGroupMemberMetadataValue,
        StreamsGroupTargetAssignmentMetadataKey, StreamsGroupTargetAssignmentMetadataValue,
        StreamsGroupTargetAssignmentMemberKey, StreamsGroupTargetAssignmentMemberValue,
        StreamsGroupCurrentMemberAssignmentKey, StreamsGroupCurrentMemberAssignmentValue, StreamsGroupTopologyKey,
        StreamsGroupTopologyValue, TransactionLogKey, TransactionLogValue, ShareSnapshotKey, ShareSnapshotValue,
        ShareUpdateKey, ShareUpdateValue, ConsumerProtocolSubscription, ConsumerProtocolAssignment>();
}

}  // namespace milena::wire
