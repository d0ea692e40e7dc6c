#include "wire/messages/share_groups.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ShareGroupHeartbeatResponse&);
template void read(Decoder&, ShareGroupDescribeResponse&);
template void read(Decoder&, ShareFetchResponse&);
template void read(Decoder&, ShareAcknowledgeResponse&);
template void read(Decoder&, DescribeShareGroupOffsetsResponse&);
template void read(Decoder&, AlterShareGroupOffsetsResponse&);
template void read(Decoder&, DeleteShareGroupOffsetsResponse&);

template void write(Encoder&, const ShareGroupHeartbeatRequest&);
template void write(Encoder&, const ShareGroupDescribeRequest&);
template void write(Encoder&, const ShareFetchRequest&);
template void write(Encoder&, const ShareAcknowledgeRequest&);
template void write(Encoder&, const DescribeShareGroupOffsetsRequest&);
template void write(Encoder&, const AlterShareGroupOffsetsRequest&);
template void write(Encoder&, const DeleteShareGroupOffsetsRequest&);

}  // namespace milena::wire
