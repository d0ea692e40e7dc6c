#include "wire/messages/share_state.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, InitializeShareGroupStateResponse&);
template void read(Decoder&, ReadShareGroupStateResponse&);
template void read(Decoder&, WriteShareGroupStateResponse&);
template void read(Decoder&, DeleteShareGroupStateResponse&);
template void read(Decoder&, ReadShareGroupStateSummaryResponse&);

template void write(Encoder&, const InitializeShareGroupStateRequest&);
template void write(Encoder&, const ReadShareGroupStateRequest&);
template void write(Encoder&, const WriteShareGroupStateRequest&);
template void write(Encoder&, const DeleteShareGroupStateRequest&);
template void write(Encoder&, const ReadShareGroupStateSummaryRequest&);

}  // namespace milena::wire
