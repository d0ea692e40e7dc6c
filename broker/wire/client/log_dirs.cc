#include "wire/messages/log_dirs.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, AlterReplicaLogDirsResponse&);
template void read(Decoder&, DescribeLogDirsResponse&);

template void write(Encoder&, const AlterReplicaLogDirsRequest&);
template void write(Encoder&, const DescribeLogDirsRequest&);

}  // namespace milena::wire
