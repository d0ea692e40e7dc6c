#include "wire/messages/txn.h"

#include "wire/codec.h"

namespace milena::wire {

template void read(Decoder&, InitProducerIdResponse&);
template void read(Decoder&, AddPartitionsToTxnResponse&);
template void read(Decoder&, AddOffsetsToTxnResponse&);
template void read(Decoder&, EndTxnResponse&);
template void read(Decoder&, WriteTxnMarkersResponse&);
template void read(Decoder&, TxnOffsetCommitResponse&);
template void read(Decoder&, DescribeProducersResponse&);
template void read(Decoder&, DescribeTransactionsResponse&);
template void read(Decoder&, ListTransactionsResponse&);

template void write(Encoder&, const InitProducerIdRequest&);
template void write(Encoder&, const AddPartitionsToTxnRequest&);
template void write(Encoder&, const AddOffsetsToTxnRequest&);
template void write(Encoder&, const EndTxnRequest&);
template void write(Encoder&, const WriteTxnMarkersRequest&);
template void write(Encoder&, const TxnOffsetCommitRequest&);
template void write(Encoder&, const DescribeProducersRequest&);
template void write(Encoder&, const DescribeTransactionsRequest&);
template void write(Encoder&, const ListTransactionsRequest&);

}  // namespace milena::wire
