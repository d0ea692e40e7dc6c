#include "wire/messages/groups.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, FindCoordinatorRequest&);
template void read(Decoder&, JoinGroupRequest&);
template void read(Decoder&, SyncGroupRequest&);
template void read(Decoder&, HeartbeatRequest&);
template void read(Decoder&, LeaveGroupRequest&);
template void read(Decoder&, DescribeGroupsRequest&);
template void read(Decoder&, ListGroupsRequest&);
template void read(Decoder&, DeleteGroupsRequest&);

template void write(Encoder&, const FindCoordinatorResponse&);
template void write(Encoder&, const JoinGroupResponse&);
template void write(Encoder&, const SyncGroupResponse&);
template void write(Encoder&, const HeartbeatResponse&);
template void write(Encoder&, const LeaveGroupResponse&);
template void write(Encoder&, const DescribeGroupsResponse&);
template void write(Encoder&, const ListGroupsResponse&);
template void write(Encoder&, const DeleteGroupsResponse&);

}  // namespace milena::wire
