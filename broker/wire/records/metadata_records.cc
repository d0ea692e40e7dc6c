#include "wire/records/metadata_records.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, RegisterBrokerRecord&);
template void read(Decoder&, UnregisterBrokerRecord&);
template void read(Decoder&, BrokerRegistrationChangeRecord&);
template void read(Decoder&, FenceBrokerRecord&);
template void read(Decoder&, UnfenceBrokerRecord&);
template void read(Decoder&, RegisterControllerRecord&);
template void read(Decoder&, TopicRecord&);
template void read(Decoder&, RemoveTopicRecord&);
template void read(Decoder&, PartitionRecord&);
template void read(Decoder&, PartitionChangeRecord&);
template void read(Decoder&, ClearElrRecord&);
template void read(Decoder&, ConfigRecord&);
template void read(Decoder&, FeatureLevelRecord&);
template void read(Decoder&, FeatureUpdateRecord&);
template void read(Decoder&, ClientQuotaRecord&);
template void read(Decoder&, ProducerIdsRecord&);
template void read(Decoder&, AccessControlEntryRecord&);
template void read(Decoder&, RemoveAccessControlEntryRecord&);
template void read(Decoder&, UserScramCredentialRecord&);
template void read(Decoder&, RemoveUserScramCredentialRecord&);
template void read(Decoder&, DelegationTokenRecord&);
template void read(Decoder&, RemoveDelegationTokenRecord&);
template void read(Decoder&, BeginTransactionRecord&);
template void read(Decoder&, EndTransactionRecord&);
template void read(Decoder&, AbortTransactionRecord&);
template void read(Decoder&, NoOpRecord&);
template void read(Decoder&, ZkMigrationStateRecord&);

template void write(Encoder&, const RegisterBrokerRecord&);
template void write(Encoder&, const UnregisterBrokerRecord&);
template void write(Encoder&, const BrokerRegistrationChangeRecord&);
template void write(Encoder&, const FenceBrokerRecord&);
template void write(Encoder&, const UnfenceBrokerRecord&);
template void write(Encoder&, const RegisterControllerRecord&);
template void write(Encoder&, const TopicRecord&);
template void write(Encoder&, const RemoveTopicRecord&);
template void write(Encoder&, const PartitionRecord&);
template void write(Encoder&, const PartitionChangeRecord&);
template void write(Encoder&, const ClearElrRecord&);
template void write(Encoder&, const ConfigRecord&);
template void write(Encoder&, const FeatureLevelRecord&);
template void write(Encoder&, const FeatureUpdateRecord&);
template void write(Encoder&, const ClientQuotaRecord&);
template void write(Encoder&, const ProducerIdsRecord&);
template void write(Encoder&, const AccessControlEntryRecord&);
template void write(Encoder&, const RemoveAccessControlEntryRecord&);
template void write(Encoder&, const UserScramCredentialRecord&);
template void write(Encoder&, const RemoveUserScramCredentialRecord&);
template void write(Encoder&, const DelegationTokenRecord&);
template void write(Encoder&, const RemoveDelegationTokenRecord&);
template void write(Encoder&, const BeginTransactionRecord&);
template void write(Encoder&, const EndTransactionRecord&);
template void write(Encoder&, const AbortTransactionRecord&);
template void write(Encoder&, const NoOpRecord&);
template void write(Encoder&, const ZkMigrationStateRecord&);

}  // namespace milena::wire
