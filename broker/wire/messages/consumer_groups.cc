#include "wire/messages/consumer_groups.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ConsumerGroupHeartbeatRequest&);
template void read(Decoder&, ConsumerGroupDescribeRequest&);

template void write(Encoder&, const ConsumerGroupHeartbeatResponse&);
template void write(Encoder&, const ConsumerGroupDescribeResponse&);

}  // namespace milena::wire
