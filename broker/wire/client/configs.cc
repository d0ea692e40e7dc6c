#include "wire/messages/configs.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, DescribeConfigsResponse&);
template void read(Decoder&, AlterConfigsResponse&);
template void read(Decoder&, IncrementalAlterConfigsResponse&);
template void read(Decoder&, ListConfigResourcesResponse&);

template void write(Encoder&, const DescribeConfigsRequest&);
template void write(Encoder&, const AlterConfigsRequest&);
template void write(Encoder&, const IncrementalAlterConfigsRequest&);
template void write(Encoder&, const ListConfigResourcesRequest&);

}  // namespace milena::wire
