#include "wire/records/share_state_records.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, ShareSnapshotKey&);
template void read(Decoder&, ShareSnapshotValue&);
template void read(Decoder&, ShareUpdateKey&);
template void read(Decoder&, ShareUpdateValue&);

template void write(Encoder&, const ShareSnapshotKey&);
template void write(Encoder&, const ShareSnapshotValue&);
template void write(Encoder&, const ShareUpdateKey&);
template void write(Encoder&, const ShareUpdateValue&);

}  // namespace milena::wire
