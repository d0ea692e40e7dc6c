#include "wire/records/txn_records.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, TransactionLogKey&);
template void read(Decoder&, TransactionLogValue&);

template void write(Encoder&, const TransactionLogKey&);
template void write(Encoder&, const TransactionLogValue&);

}  // namespace milena::wire
