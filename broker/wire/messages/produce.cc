#include "wire/messages/produce.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ProduceRequest&);

template void write(Encoder&, const ProduceResponse&);

}  // namespace milena::wire
