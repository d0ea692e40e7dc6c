#include "wire/messages/streams_groups.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, StreamsGroupHeartbeatRequest&);
template void read(Decoder&, StreamsGroupDescribeRequest&);

template void write(Encoder&, const StreamsGroupHeartbeatResponse&);
template void write(Encoder&, const StreamsGroupDescribeResponse&);

}  // namespace milena::wire
