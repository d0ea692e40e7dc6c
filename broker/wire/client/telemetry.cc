#include "wire/messages/telemetry.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, GetTelemetrySubscriptionsResponse&);
template void read(Decoder&, PushTelemetryResponse&);

template void write(Encoder&, const GetTelemetrySubscriptionsRequest&);
template void write(Encoder&, const PushTelemetryRequest&);

}  // namespace milena::wire
