#include "wire/messages/metadata.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ApiVersionsRequest&);
template void read(Decoder&, MetadataRequest&);
template void read(Decoder&, DescribeClusterRequest&);
template void read(Decoder&, DescribeTopicPartitionsRequest&);

template void write(Encoder&, const ApiVersionsResponse&);
template void write(Encoder&, const MetadataResponse&);
template void write(Encoder&, const DescribeClusterResponse&);
template void write(Encoder&, const DescribeTopicPartitionsResponse&);

}  // namespace milena::wire
