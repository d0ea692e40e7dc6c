#include "wire/records/share_group_records.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ShareGroupMemberMetadataKey&);
template void read(Decoder&, ShareGroupMemberMetadataValue&);
template void read(Decoder&, ShareGroupMetadataKey&);
template void read(Decoder&, ShareGroupMetadataValue&);
template void read(Decoder&, ShareGroupTargetAssignmentMetadataKey&);
template void read(Decoder&, ShareGroupTargetAssignmentMetadataValue&);
template void read(Decoder&, ShareGroupTargetAssignmentMemberKey&);
template void read(Decoder&, ShareGroupTargetAssignmentMemberValue&);
template void read(Decoder&, ShareGroupCurrentMemberAssignmentKey&);
template void read(Decoder&, ShareGroupCurrentMemberAssignmentValue&);
template void read(Decoder&, ShareGroupStatePartitionMetadataKey&);
template void read(Decoder&, ShareGroupStatePartitionMetadataValue&);

template void write(Encoder&, const ShareGroupMemberMetadataKey&);
template void write(Encoder&, const ShareGroupMemberMetadataValue&);
template void write(Encoder&, const ShareGroupMetadataKey&);
template void write(Encoder&, const ShareGroupMetadataValue&);
template void write(Encoder&, const ShareGroupTargetAssignmentMetadataKey&);
template void write(Encoder&, const ShareGroupTargetAssignmentMetadataValue&);
template void write(Encoder&, const ShareGroupTargetAssignmentMemberKey&);
template void write(Encoder&, const ShareGroupTargetAssignmentMemberValue&);
template void write(Encoder&, const ShareGroupCurrentMemberAssignmentKey&);
template void write(Encoder&, const ShareGroupCurrentMemberAssignmentValue&);
template void write(Encoder&, const ShareGroupStatePartitionMetadataKey&);
template void write(Encoder&, const ShareGroupStatePartitionMetadataValue&);

}  // namespace milena::wire
