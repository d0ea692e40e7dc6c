#include "wire/records/group_records.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, LegacyOffsetCommitKey&);
template void read(Decoder&, LegacyOffsetCommitValue&);
template void read(Decoder&, OffsetCommitKey&);
template void read(Decoder&, OffsetCommitValue&);
template void read(Decoder&, GroupMetadataKey&);
template void read(Decoder&, GroupMetadataValue&);
template void read(Decoder&, ConsumerGroupMetadataKey&);
template void read(Decoder&, ConsumerGroupMetadataValue&);
template void read(Decoder&, ConsumerGroupPartitionMetadataKey&);
template void read(Decoder&, ConsumerGroupPartitionMetadataValue&);
template void read(Decoder&, ConsumerGroupMemberMetadataKey&);
template void read(Decoder&, ConsumerGroupMemberMetadataValue&);
template void read(Decoder&, ConsumerGroupTargetAssignmentMetadataKey&);
template void read(Decoder&, ConsumerGroupTargetAssignmentMetadataValue&);
template void read(Decoder&, ConsumerGroupTargetAssignmentMemberKey&);
template void read(Decoder&, ConsumerGroupTargetAssignmentMemberValue&);
template void read(Decoder&, ConsumerGroupCurrentMemberAssignmentKey&);
template void read(Decoder&, ConsumerGroupCurrentMemberAssignmentValue&);
template void read(Decoder&, ConsumerGroupRegularExpressionKey&);
template void read(Decoder&, ConsumerGroupRegularExpressionValue&);

template void write(Encoder&, const LegacyOffsetCommitKey&);
template void write(Encoder&, const LegacyOffsetCommitValue&);
template void write(Encoder&, const OffsetCommitKey&);
template void write(Encoder&, const OffsetCommitValue&);
template void write(Encoder&, const GroupMetadataKey&);
template void write(Encoder&, const GroupMetadataValue&);
template void write(Encoder&, const ConsumerGroupMetadataKey&);
template void write(Encoder&, const ConsumerGroupMetadataValue&);
template void write(Encoder&, const ConsumerGroupPartitionMetadataKey&);
template void write(Encoder&, const ConsumerGroupPartitionMetadataValue&);
template void write(Encoder&, const ConsumerGroupMemberMetadataKey&);
template void write(Encoder&, const ConsumerGroupMemberMetadataValue&);
template void write(Encoder&, const ConsumerGroupTargetAssignmentMetadataKey&);
template void write(Encoder&, const ConsumerGroupTargetAssignmentMetadataValue&);
template void write(Encoder&, const ConsumerGroupTargetAssignmentMemberKey&);
template void write(Encoder&, const ConsumerGroupTargetAssignmentMemberValue&);
template void write(Encoder&, const ConsumerGroupCurrentMemberAssignmentKey&);
template void write(Encoder&, const ConsumerGroupCurrentMemberAssignmentValue&);
template void write(Encoder&, const ConsumerGroupRegularExpressionKey&);
template void write(Encoder&, const ConsumerGroupRegularExpressionValue&);

}  // namespace milena::wire
