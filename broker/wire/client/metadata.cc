#include "wire/messages/metadata.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ApiVersionsResponse&);
template void read(Decoder&, MetadataResponse&);
template void read(Decoder&, DescribeClusterResponse&);
template void read(Decoder&, DescribeTopicPartitionsResponse&);

template void write(Encoder&, const ApiVersionsRequest&);
template void write(Encoder&, const MetadataRequest&);
template void write(Encoder&, const DescribeClusterRequest&);
template void write(Encoder&, const DescribeTopicPartitionsRequest&);

}  // namespace milena::wire
