#include "wire/messages/acls.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, DescribeAclsRequest&);
template void read(Decoder&, CreateAclsRequest&);
template void read(Decoder&, DeleteAclsRequest&);

template void write(Encoder&, const DescribeAclsResponse&);
template void write(Encoder&, const CreateAclsResponse&);
template void write(Encoder&, const DeleteAclsResponse&);

}  // namespace milena::wire
