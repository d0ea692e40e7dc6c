#include "wire/messages/telemetry.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, GetTelemetrySubscriptionsRequest&);
template void read(Decoder&, PushTelemetryRequest&);

template void write(Encoder&, const GetTelemetrySubscriptionsResponse&);
template void write(Encoder&, const PushTelemetryResponse&);

}  // namespace milena::wire
