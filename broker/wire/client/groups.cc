#include "wire/messages/groups.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, FindCoordinatorResponse&);
template void read(Decoder&, JoinGroupResponse&);
template void read(Decoder&, SyncGroupResponse&);
template void read(Decoder&, HeartbeatResponse&);
template void read(Decoder&, LeaveGroupResponse&);
template void read(Decoder&, DescribeGroupsResponse&);
template void read(Decoder&, ListGroupsResponse&);
template void read(Decoder&, DeleteGroupsResponse&);

template void write(Encoder&, const FindCoordinatorRequest&);
template void write(Encoder&, const JoinGroupRequest&);
template void write(Encoder&, const SyncGroupRequest&);
template void write(Encoder&, const HeartbeatRequest&);
template void write(Encoder&, const LeaveGroupRequest&);
template void write(Encoder&, const DescribeGroupsRequest&);
template void write(Encoder&, const ListGroupsRequest&);
template void write(Encoder&, const DeleteGroupsRequest&);

}  // namespace milena::wire
