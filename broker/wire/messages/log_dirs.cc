#include "wire/messages/log_dirs.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, AlterReplicaLogDirsRequest&);
template void read(Decoder&, DescribeLogDirsRequest&);

template void write(Encoder&, const AlterReplicaLogDirsResponse&);
template void write(Encoder&, const DescribeLogDirsResponse&);

}  // namespace milena::wire
