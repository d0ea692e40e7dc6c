#include "wire/messages/acls.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, DescribeAclsResponse&);
template void read(Decoder&, CreateAclsResponse&);
template void read(Decoder&, DeleteAclsResponse&);

template void write(Encoder&, const DescribeAclsRequest&);
template void write(Encoder&, const CreateAclsRequest&);
template void write(Encoder&, const DeleteAclsRequest&);

}  // namespace milena::wire
