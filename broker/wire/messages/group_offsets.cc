#include "wire/messages/group_offsets.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, OffsetCommitRequest&);
template void read(Decoder&, OffsetFetchRequest&);
template void read(Decoder&, OffsetDeleteRequest&);

template void write(Encoder&, const OffsetCommitResponse&);
template void write(Encoder&, const OffsetFetchResponse&);
template void write(Encoder&, const OffsetDeleteResponse&);

}  // namespace milena::wire
