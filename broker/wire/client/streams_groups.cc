#include "wire/messages/streams_groups.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, StreamsGroupHeartbeatResponse&);
template void read(Decoder&, StreamsGroupDescribeResponse&);

template void write(Encoder&, const StreamsGroupHeartbeatRequest&);
template void write(Encoder&, const StreamsGroupDescribeRequest&);

}  // namespace milena::wire
