#include "wire/messages/fetch.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, FetchRequest&);

template void write(Encoder&, const FetchResponse&);

}  // namespace milena::wire
