#include "wire/messages/quorum.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, DescribeQuorumResponse&);
template void read(Decoder&, AddRaftVoterResponse&);
template void read(Decoder&, RemoveRaftVoterResponse&);
template void read(Decoder&, UpdateFeaturesResponse&);
template void read(Decoder&, UnregisterBrokerResponse&);

template void write(Encoder&, const DescribeQuorumRequest&);
template void write(Encoder&, const AddRaftVoterRequest&);
template void write(Encoder&, const RemoveRaftVoterRequest&);
template void write(Encoder&, const UpdateFeaturesRequest&);
template void write(Encoder&, const UnregisterBrokerRequest&);

}  // namespace milena::wire
