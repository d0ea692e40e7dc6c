#include "wire/messages/auth.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, SaslHandshakeRequest&);
template void read(Decoder&, SaslAuthenticateRequest&);
template void read(Decoder&, DescribeUserScramCredentialsRequest&);
template void read(Decoder&, AlterUserScramCredentialsRequest&);
template void read(Decoder&, CreateDelegationTokenRequest&);
template void read(Decoder&, RenewDelegationTokenRequest&);
template void read(Decoder&, ExpireDelegationTokenRequest&);
template void read(Decoder&, DescribeDelegationTokenRequest&);

template void write(Encoder&, const SaslHandshakeResponse&);
template void write(Encoder&, const SaslAuthenticateResponse&);
template void write(Encoder&, const DescribeUserScramCredentialsResponse&);
template void write(Encoder&, const AlterUserScramCredentialsResponse&);
template void write(Encoder&, const CreateDelegationTokenResponse&);
template void write(Encoder&, const RenewDelegationTokenResponse&);
template void write(Encoder&, const ExpireDelegationTokenResponse&);
template void write(Encoder&, const DescribeDelegationTokenResponse&);

}  // namespace milena::wire
