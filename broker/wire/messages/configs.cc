#include "wire/messages/configs.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, DescribeConfigsRequest&);
template void read(Decoder&, AlterConfigsRequest&);
template void read(Decoder&, IncrementalAlterConfigsRequest&);
template void read(Decoder&, ListConfigResourcesRequest&);

template void write(Encoder&, const DescribeConfigsResponse&);
template void write(Encoder&, const AlterConfigsResponse&);
template void write(Encoder&, const IncrementalAlterConfigsResponse&);
template void write(Encoder&, const ListConfigResourcesResponse&);

}  // namespace milena::wire
