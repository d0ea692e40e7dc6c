#include "wire/messages/offsets.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ListOffsetsResponse&);
template void read(Decoder&, OffsetForLeaderEpochResponse&);
template void read(Decoder&, DeleteRecordsResponse&);

template void write(Encoder&, const ListOffsetsRequest&);
template void write(Encoder&, const OffsetForLeaderEpochRequest&);
template void write(Encoder&, const DeleteRecordsRequest&);

}  // namespace milena::wire
