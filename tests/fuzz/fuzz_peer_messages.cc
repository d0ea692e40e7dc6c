// Hostile messages between brokers: whatever comes is read or refused, however the network has cut it; what was read is
// written and read again as the same. The first byte of an input says which message it claims to be, the second one how
// long the slices are in which it comes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <controller.pb.h>
#include <quorum.pb.h>

#include "base/check.h"
#include "peer/controller_messages.h"
#include "peer/frame.h"
#include "peer/quorum_messages.h"

namespace {

using namespace milena;
using namespace milena::peer;

std::vector<Bytes> cut(std::span<const std::byte> content, size_t length) {
    std::vector<Bytes> slices;
    while (!content.empty()) {
        const auto slice = content.first(std::min(length, content.size()));
        slices.push_back(Bytes::copy_of(slice));
        content = content.subspan(slice.size());
    }
    return slices;
}

void read_leader_frame(const std::vector<Bytes>& slices) {
    const auto frame = decode_leader_frame(slices);
    if (!frame.has_value()) return;
    size_t records_bytes = 0;
    for (const replica::PartitionFrame& partition : frame->partitions) {
        check(partition.key.partition.value >= 0 && partition.leader_epoch.value >= -1);
        for (const Bytes& piece : partition.records) records_bytes += piece.size();
    }
    check(frame->records_bytes == records_bytes);
    const auto again = decode_leader_frame(encode(*frame));
    check(again.has_value() && again->partitions.size() == frame->partitions.size());
    for (size_t i = 0; i < again->partitions.size(); ++i) {
        check(again->partitions[i].key == frame->partitions[i].key);
        check(again->partitions[i].records == frame->partitions[i].records);
    }
}

void read_follower_message(const std::vector<Bytes>& slices) {
    const auto message = decode_follower_message(slices);
    if (!message.has_value()) return;
    const Bytes written = std::visit([](const auto& known) { return encode(known); }, *message);
    const auto again = decode_follower_message(std::span(&written, 1));
    check(again.has_value() && *again == *message);
}

template <class Message>
void read_quorum(std::span<const uint8_t> content) {
    Message message;
    if (!message.ParseFromArray(content.data(), static_cast<int>(content.size()))) return;
    const auto known = read(message);
    if (!known.has_value()) return;
    Message written;
    write(*known, written);
    const auto again = read(written);
    check(again.has_value() && *again == *known);
}

template <class Message>
void read_controller(std::span<const uint8_t> content) {
    Message message;
    if (!message.ParseFromArray(content.data(), static_cast<int>(content.size()))) return;
    const auto known = read(message);
    if (!known.has_value()) return;
    Message written;
    write(*known, written);
    check(read(written).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    namespace controller_proto = milena::controller::v1;
    namespace quorum_proto = milena::quorum::v1;
    if (size < 2) return 0;
    const std::span<const uint8_t> content(data + 2, size - 2);
    switch (data[0] % 11) {
        case 0: read_leader_frame(cut(std::as_bytes(content), data[1] + size_t{1})); break;
        case 1: read_follower_message(cut(std::as_bytes(content), data[1] + size_t{1})); break;
        case 2: read_quorum<quorum_proto::QuorumRequest>(content); break;
        case 3: read_quorum<quorum_proto::QuorumResponse>(content); break;
        case 4: read_controller<controller_proto::RegisterBrokerRequest>(content); break;
        case 5: read_controller<controller_proto::HeartbeatRequest>(content); break;
        case 6: read_controller<controller_proto::AlterPartitionRequest>(content); break;
        case 7: read_controller<controller_proto::ForwardRequest>(content); break;
        case 8: read_controller<controller_proto::AlterPartitionResponse>(content); break;
        case 9: read_controller<controller_proto::ForwardResponse>(content); break;
        default: read_controller<controller_proto::ReportLoadRequest>(content); break;
    }
    return 0;
}
