#include "wire/messages/quorum.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, DescribeQuorumRequest&);
template void read(Decoder&, AddRaftVoterRequest&);
template void read(Decoder&, RemoveRaftVoterRequest&);
template void read(Decoder&, UpdateFeaturesRequest&);
template void read(Decoder&, UnregisterBrokerRequest&);

template void write(Encoder&, const DescribeQuorumResponse&);
template void write(Encoder&, const AddRaftVoterResponse&);
template void write(Encoder&, const RemoveRaftVoterResponse&);
template void write(Encoder&, const UpdateFeaturesResponse&);
template void write(Encoder&, const UnregisterBrokerResponse&);

}  // namespace milena::wire
