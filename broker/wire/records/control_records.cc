#include "wire/records/control_records.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ControlRecordKey&);
template void read(Decoder&, EndTxnMarker&);
template void read(Decoder&, LeaderChangeMessage&);
template void read(Decoder&, SnapshotHeaderRecord&);
template void read(Decoder&, SnapshotFooterRecord&);
template void read(Decoder&, KRaftVersionRecord&);
template void read(Decoder&, VotersRecord&);

template void write(Encoder&, const ControlRecordKey&);
template void write(Encoder&, const EndTxnMarker&);
template void write(Encoder&, const LeaderChangeMessage&);
template void write(Encoder&, const SnapshotHeaderRecord&);
template void write(Encoder&, const SnapshotFooterRecord&);
template void write(Encoder&, const KRaftVersionRecord&);
template void write(Encoder&, const VotersRecord&);

}  // namespace milena::wire
