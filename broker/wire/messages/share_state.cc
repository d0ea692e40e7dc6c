#include "wire/messages/share_state.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, InitializeShareGroupStateRequest&);
template void read(Decoder&, ReadShareGroupStateRequest&);
template void read(Decoder&, WriteShareGroupStateRequest&);
template void read(Decoder&, DeleteShareGroupStateRequest&);
template void read(Decoder&, ReadShareGroupStateSummaryRequest&);

template void write(Encoder&, const InitializeShareGroupStateResponse&);
template void write(Encoder&, const ReadShareGroupStateResponse&);
template void write(Encoder&, const WriteShareGroupStateResponse&);
template void write(Encoder&, const DeleteShareGroupStateResponse&);
template void write(Encoder&, const ReadShareGroupStateSummaryResponse&);

}  // namespace milena::wire
