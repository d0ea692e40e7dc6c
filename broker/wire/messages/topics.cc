#include "wire/messages/topics.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, CreateTopicsRequest&);
template void read(Decoder&, DeleteTopicsRequest&);
template void read(Decoder&, CreatePartitionsRequest&);
template void read(Decoder&, ElectLeadersRequest&);
template void read(Decoder&, AlterPartitionReassignmentsRequest&);
template void read(Decoder&, ListPartitionReassignmentsRequest&);

template void write(Encoder&, const CreateTopicsResponse&);
template void write(Encoder&, const DeleteTopicsResponse&);
template void write(Encoder&, const CreatePartitionsResponse&);
template void write(Encoder&, const ElectLeadersResponse&);
template void write(Encoder&, const AlterPartitionReassignmentsResponse&);
template void write(Encoder&, const ListPartitionReassignmentsResponse&);

}  // namespace milena::wire
