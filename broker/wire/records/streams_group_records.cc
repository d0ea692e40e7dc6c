#include "wire/records/streams_group_records.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, StreamsGroupMetadataKey&);
template void read(Decoder&, StreamsGroupMetadataValue&);
template void read(Decoder&, StreamsGroupMemberMetadataKey&);
template void read(Decoder&, StreamsGroupMemberMetadataValue&);
template void read(Decoder&, StreamsGroupTargetAssignmentMetadataKey&);
template void read(Decoder&, StreamsGroupTargetAssignmentMetadataValue&);
template void read(Decoder&, StreamsGroupTargetAssignmentMemberKey&);
template void read(Decoder&, StreamsGroupTargetAssignmentMemberValue&);
template void read(Decoder&, StreamsGroupCurrentMemberAssignmentKey&);
template void read(Decoder&, StreamsGroupCurrentMemberAssignmentValue&);
template void read(Decoder&, StreamsGroupTopologyKey&);
template void read(Decoder&, StreamsGroupTopologyValue&);

template void write(Encoder&, const StreamsGroupMetadataKey&);
template void write(Encoder&, const StreamsGroupMetadataValue&);
template void write(Encoder&, const StreamsGroupMemberMetadataKey&);
template void write(Encoder&, const StreamsGroupMemberMetadataValue&);
template void write(Encoder&, const StreamsGroupTargetAssignmentMetadataKey&);
template void write(Encoder&, const StreamsGroupTargetAssignmentMetadataValue&);
template void write(Encoder&, const StreamsGroupTargetAssignmentMemberKey&);
template void write(Encoder&, const StreamsGroupTargetAssignmentMemberValue&);
template void write(Encoder&, const StreamsGroupCurrentMemberAssignmentKey&);
template void write(Encoder&, const StreamsGroupCurrentMemberAssignmentValue&);
template void write(Encoder&, const StreamsGroupTopologyKey&);
template void write(Encoder&, const StreamsGroupTopologyValue&);

}  // namespace milena::wire
