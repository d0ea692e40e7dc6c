#include "wire/messages/auth.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, SaslHandshakeResponse&);
template void read(Decoder&, SaslAuthenticateResponse&);
template void read(Decoder&, DescribeUserScramCredentialsResponse&);
template void read(Decoder&, AlterUserScramCredentialsResponse&);
template void read(Decoder&, CreateDelegationTokenResponse&);
template void read(Decoder&, RenewDelegationTokenResponse&);
template void read(Decoder&, ExpireDelegationTokenResponse&);
template void read(Decoder&, DescribeDelegationTokenResponse&);

template void write(Encoder&, const SaslHandshakeRequest&);
template void write(Encoder&, const SaslAuthenticateRequest&);
template void write(Encoder&, const DescribeUserScramCredentialsRequest&);
template void write(Encoder&, const AlterUserScramCredentialsRequest&);
template void write(Encoder&, const CreateDelegationTokenRequest&);
template void write(Encoder&, const RenewDelegationTokenRequest&);
template void write(Encoder&, const ExpireDelegationTokenRequest&);
template void write(Encoder&, const DescribeDelegationTokenRequest&);

}  // namespace milena::wire
