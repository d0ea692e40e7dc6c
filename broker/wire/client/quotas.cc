#include "wire/messages/quotas.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, DescribeClientQuotasResponse&);
template void read(Decoder&, AlterClientQuotasResponse&);

template void write(Encoder&, const DescribeClientQuotasRequest&);
template void write(Encoder&, const AlterClientQuotasRequest&);

}  // namespace milena::wire
