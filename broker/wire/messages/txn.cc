#include "wire/messages/txn.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, InitProducerIdRequest&);
template void read(Decoder&, AddPartitionsToTxnRequest&);
template void read(Decoder&, AddOffsetsToTxnRequest&);
template void read(Decoder&, EndTxnRequest&);
template void read(Decoder&, WriteTxnMarkersRequest&);
template void read(Decoder&, TxnOffsetCommitRequest&);
template void read(Decoder&, DescribeProducersRequest&);
template void read(Decoder&, DescribeTransactionsRequest&);
template void read(Decoder&, ListTransactionsRequest&);

template void write(Encoder&, const InitProducerIdResponse&);
template void write(Encoder&, const AddPartitionsToTxnResponse&);
template void write(Encoder&, const AddOffsetsToTxnResponse&);
template void write(Encoder&, const EndTxnResponse&);
template void write(Encoder&, const WriteTxnMarkersResponse&);
template void write(Encoder&, const TxnOffsetCommitResponse&);
template void write(Encoder&, const DescribeProducersResponse&);
template void write(Encoder&, const DescribeTransactionsResponse&);
template void write(Encoder&, const ListTransactionsResponse&);

}  // namespace milena::wire
