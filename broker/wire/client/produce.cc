#include "wire/messages/produce.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ProduceResponse&);

template void write(Encoder&, const ProduceRequest&);

}  // namespace milena::wire
