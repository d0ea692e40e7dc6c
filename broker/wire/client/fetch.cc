#include "wire/messages/fetch.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, FetchResponse&);

template void write(Encoder&, const FetchRequest&);

}  // namespace milena::wire
