#include "wire/messages/quotas.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, DescribeClientQuotasRequest&);
template void read(Decoder&, AlterClientQuotasRequest&);

template void write(Encoder&, const DescribeClientQuotasResponse&);
template void write(Encoder&, const AlterClientQuotasResponse&);

}  // namespace milena::wire
