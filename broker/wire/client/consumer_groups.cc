#include "wire/messages/consumer_groups.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ConsumerGroupHeartbeatResponse&);
template void read(Decoder&, ConsumerGroupDescribeResponse&);

template void write(Encoder&, const ConsumerGroupHeartbeatRequest&);
template void write(Encoder&, const ConsumerGroupDescribeRequest&);

}  // namespace milena::wire
