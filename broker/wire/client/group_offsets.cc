#include "wire/messages/group_offsets.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, OffsetCommitResponse&);
template void read(Decoder&, OffsetFetchResponse&);
template void read(Decoder&, OffsetDeleteResponse&);

template void write(Encoder&, const OffsetCommitRequest&);
template void write(Encoder&, const OffsetFetchRequest&);
template void write(Encoder&, const OffsetDeleteRequest&);

}  // namespace milena::wire
