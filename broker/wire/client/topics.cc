#include "wire/messages/topics.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, CreateTopicsResponse&);
template void read(Decoder&, DeleteTopicsResponse&);
template void read(Decoder&, CreatePartitionsResponse&);
template void read(Decoder&, ElectLeadersResponse&);
template void read(Decoder&, AlterPartitionReassignmentsResponse&);
template void read(Decoder&, ListPartitionReassignmentsResponse&);

template void write(Encoder&, const CreateTopicsRequest&);
template void write(Encoder&, const DeleteTopicsRequest&);
template void write(Encoder&, const CreatePartitionsRequest&);
template void write(Encoder&, const ElectLeadersRequest&);
template void write(Encoder&, const AlterPartitionReassignmentsRequest&);
template void write(Encoder&, const ListPartitionReassignmentsRequest&);

}  // namespace milena::wire
