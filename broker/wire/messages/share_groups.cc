#include "wire/messages/share_groups.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ShareGroupHeartbeatRequest&);
template void read(Decoder&, ShareGroupDescribeRequest&);
template void read(Decoder&, ShareFetchRequest&);
template void read(Decoder&, ShareAcknowledgeRequest&);
template void read(Decoder&, DescribeShareGroupOffsetsRequest&);
template void read(Decoder&, AlterShareGroupOffsetsRequest&);
template void read(Decoder&, DeleteShareGroupOffsetsRequest&);

template void write(Encoder&, const ShareGroupHeartbeatResponse&);
template void write(Encoder&, const ShareGroupDescribeResponse&);
template void write(Encoder&, const ShareFetchResponse&);
template void write(Encoder&, const ShareAcknowledgeResponse&);
template void write(Encoder&, const DescribeShareGroupOffsetsResponse&);
template void write(Encoder&, const AlterShareGroupOffsetsResponse&);
template void write(Encoder&, const DeleteShareGroupOffsetsResponse&);

}  // namespace milena::wire
