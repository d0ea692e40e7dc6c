#include "wire/records/consumer_protocol.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ConsumerProtocolSubscription&);
template void read(Decoder&, ConsumerProtocolAssignment&);

template void write(Encoder&, const ConsumerProtocolSubscription&);
template void write(Encoder&, const ConsumerProtocolAssignment&);

}  // namespace milena::wire
