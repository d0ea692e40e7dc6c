#include "wire/messages/offsets.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ListOffsetsRequest&);
template void read(Decoder&, OffsetForLeaderEpochRequest&);
template void read(Decoder&, DeleteRecordsRequest&);

template void write(Encoder&, const ListOffsetsResponse&);
template void write(Encoder&, const OffsetForLeaderEpochResponse&);
template void write(Encoder&, const DeleteRecordsResponse&);

}  // namespace milena::wire
