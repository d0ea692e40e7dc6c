#include "peer/frame.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <google/protobuf/arena.h>
#include <replication.pb.h>

#include "peer/ids.h"
#include "peer/slice_reader.h"

namespace milena::peer {
namespace {

// Fields 1 and 15, both with their length in front.
constexpr uint8_t header_tag = 1 << 3 | 2;
constexpr uint8_t records_tag = 15 << 3 | 2;
// Some hundred thousand partitions.
constexpr size_t header_bytes_max = 16 << 20;
constexpr size_t follower_bytes_max = 8 << 20;

// --- out -------------------------------------------------------------------------------------------------------------

template <class Message>
void write_key(const replica::PartitionKey& key, Message& to) {
    to.set_topic_high(key.topic_id.high);
    to.set_topic_low(key.topic_id.low);
    to.set_partition(key.partition.value);
}

void write_partition(const replica::PartitionFrame& partition, replication::v1::PartitionHeader& to) {
    write_key(partition.key, to);
    to.set_leader_epoch(partition.leader_epoch.value);
    to.set_error(static_cast<int32_t>(partition.error));
    if (partition.diverging) {
        to.mutable_diverging()->set_epoch(partition.diverging->epoch.value);
        to.mutable_diverging()->set_end_offset(partition.diverging->end_offset.value);
    }
    to.set_high_watermark(partition.high_watermark.value);
    to.set_log_start_offset(partition.log_start_offset.value);
    for (const Bytes& piece : partition.records)
        if (!piece.empty()) to.add_records_bytes(piece.size());
}

void append_varint(std::vector<std::byte>& to, uint64_t value) {
    for (; value >= 0x80; value >>= 7) to.push_back(static_cast<std::byte>(value | 0x80));
    to.push_back(static_cast<std::byte>(value));
}

template <class Message>
void append_message(std::vector<std::byte>& to, const Message& message) {
    const size_t size = message.ByteSizeLong();
    to.resize(to.size() + size);
    message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(to.data() + (to.size() - size)));
}

// --- in --------------------------------------------------------------------------------------------------------------

template <class Message>
std::optional<replica::PartitionKey> read_key(const Message& from) {
    if (from.partition() < 0) return std::nullopt;
    return replica::PartitionKey{{from.topic_high(), from.topic_low()}, PartitionIndex(from.partition())};
}

bool is_or_none(int64_t number) { return number >= -1; }

Result<replica::PartitionFrame, std::string> read_partition(const replication::v1::PartitionHeader& from,
                                                            SliceReader& records) {
    const auto key = read_key(from);
    const auto error = read_error(from.error());
    if (!key || !error) return nonsense("a partition that can't be one");
    if (!is_or_none(from.leader_epoch()) || !is_or_none(from.high_watermark()) || !is_or_none(from.log_start_offset()))
        return nonsense("a negative offset or epoch");
    replica::PartitionFrame partition{.key = *key,
                                      .leader_epoch = LeaderEpoch(from.leader_epoch()),
                                      .error = *error,
                                      .diverging = std::nullopt,
                                      .high_watermark = Offset(from.high_watermark()),
                                      .log_start_offset = Offset(from.log_start_offset()),
                                      .records = {}};
    if (from.has_diverging()) {
        if (!is_or_none(from.diverging().epoch()) || !is_or_none(from.diverging().end_offset()))
            return nonsense("logs that part nowhere");
        partition.diverging =
            storage::EpochEnd{LeaderEpoch(from.diverging().epoch()), Offset(from.diverging().end_offset())};
    }
    // However many pieces are announced, each takes a byte.
    partition.records.reserve(std::min(static_cast<size_t>(from.records_bytes_size()), records.left()));
    for (const uint64_t size : from.records_bytes()) {
        if (size == 0 || size > records.left()) return nonsense("records that don't fit their header");
        partition.records.push_back(records.take(size));
    }
    return partition;
}

// The field with this tag, which must be next; `reader` stands behind its length.
Result<size_t, std::string> read_field(SliceReader& reader, uint8_t tag, size_t bytes_max) {
    if (reader.byte() != tag) return nonsense("a field that doesn't belong here");
    const auto size = reader.varint();
    if (!size || *size > reader.left() || *size > bytes_max) return nonsense("a field that doesn't fit");
    return *size;
}

replica::Subscription read_subscription(const replica::PartitionKey& key, const replication::v1::Subscription& from) {
    return {.key = key,
            .leader_epoch = LeaderEpoch(from.leader_epoch()),
            .fetch_offset = Offset(from.fetch_offset()),
            .last_fetched_epoch = LeaderEpoch(from.last_fetched_epoch()),
            .log_start_offset = Offset(from.log_start_offset())};
}

Result<FollowerMessage, std::string> read_follower_frame(const replication::v1::FollowerMessage& from) {
    replica::FollowerFrame frame;
    for (const replication::v1::Subscription& subscription : from.subscribe()) {
        const auto key = read_key(subscription);
        if (!key || !is_or_none(subscription.leader_epoch()) || subscription.fetch_offset() < 0 ||
            !is_or_none(subscription.last_fetched_epoch()) || !is_or_none(subscription.log_start_offset()))
            return nonsense("a subscription that can't be one");
        frame.subscribe.push_back(read_subscription(*key, subscription));
    }
    for (const replication::v1::Partition& partition : from.unsubscribe()) {
        const auto key = read_key(partition);
        if (!key) return nonsense("a partition that can't be one");
        frame.unsubscribe.push_back(*key);
    }
    for (const replication::v1::Ack& ack : from.acks()) {
        const auto key = read_key(ack);
        if (!key || !is_or_none(ack.leader_epoch()) || ack.safe_end() < 0 || !is_or_none(ack.log_start_offset()))
            return nonsense("an acknowledgement that can't be one");
        frame.acks.push_back({.key = *key,
                              .leader_epoch = LeaderEpoch(ack.leader_epoch()),
                              .safe_end = Offset(ack.safe_end()),
                              .log_start_offset = Offset(ack.log_start_offset())});
    }
    frame.bytes_granted = from.bytes_granted();
    return FollowerMessage(std::move(frame));
}

Result<FollowerMessage, std::string> read_hello(const replication::v1::Hello& from) {
    if (from.node() < 0 || from.broker_epoch() < -1 || from.cluster_id().size() > name_bytes_max)
        return nonsense("a follower that can't be one");
    return FollowerMessage(Hello{.cluster_id = from.cluster_id(),
                                 .node = NodeId(from.node()),
                                 .broker_epoch = from.broker_epoch(),
                                 .leader_shard = ShardId(from.leader_shard()),
                                 .frame_bytes_max = from.frame_bytes_max(),
                                 .partition_bytes_max = from.partition_bytes_max()});
}

}  // namespace

Bytes encode(const Hello& hello) {
    replication::v1::FollowerMessage message;
    replication::v1::Hello& written = *message.mutable_hello();
    written.set_cluster_id(hello.cluster_id);
    written.set_node(hello.node.value);
    written.set_broker_epoch(hello.broker_epoch);
    written.set_leader_shard(hello.leader_shard.value);
    written.set_frame_bytes_max(hello.frame_bytes_max);
    written.set_partition_bytes_max(hello.partition_bytes_max);
    std::vector<std::byte> bytes;
    append_message(bytes, message);
    return Bytes::from(std::move(bytes));
}

Bytes encode(const replica::FollowerFrame& frame) {
    google::protobuf::Arena arena;
    auto& message = *google::protobuf::Arena::CreateMessage<replication::v1::FollowerMessage>(&arena);
    for (const replica::Subscription& subscription : frame.subscribe) {
        replication::v1::Subscription& written = *message.add_subscribe();
        write_key(subscription.key, written);
        written.set_leader_epoch(subscription.leader_epoch.value);
        written.set_fetch_offset(subscription.fetch_offset.value);
        written.set_last_fetched_epoch(subscription.last_fetched_epoch.value);
        written.set_log_start_offset(subscription.log_start_offset.value);
    }
    for (const replica::PartitionKey& key : frame.unsubscribe) write_key(key, *message.add_unsubscribe());
    for (const replica::Ack& ack : frame.acks) {
        replication::v1::Ack& written = *message.add_acks();
        write_key(ack.key, written);
        written.set_leader_epoch(ack.leader_epoch.value);
        written.set_safe_end(ack.safe_end.value);
        written.set_log_start_offset(ack.log_start_offset.value);
    }
    message.set_bytes_granted(frame.bytes_granted);
    std::vector<std::byte> bytes;
    append_message(bytes, message);
    return Bytes::from(std::move(bytes));
}

std::vector<Bytes> encode(const replica::LeaderFrame& frame) {
    google::protobuf::Arena arena;
    auto& header = *google::protobuf::Arena::CreateMessage<replication::v1::LeaderHeader>(&arena);
    std::vector<Bytes> message(1);
    uint64_t records_bytes = 0;
    for (const replica::PartitionFrame& partition : frame.partitions) {
        write_partition(partition, *header.add_partitions());
        for (const Bytes& piece : partition.records) {
            if (piece.empty()) continue;
            records_bytes += piece.size();
            message.push_back(piece);
        }
    }
    header.set_leader_shards(frame.leader_shards);
    std::vector<std::byte> bytes;
    bytes.push_back(std::byte{header_tag});
    append_varint(bytes, header.ByteSizeLong());
    append_message(bytes, header);
    if (records_bytes > 0) {
        bytes.push_back(std::byte{records_tag});
        append_varint(bytes, records_bytes);
    }
    message.front() = Bytes::from(std::move(bytes));
    return message;
}

Result<replica::LeaderFrame, std::string> decode_leader_frame(std::span<const Bytes> slices) {
    SliceReader reader(slices);
    ASSIGN_OR_RETURN(const size_t header_size, read_field(reader, header_tag, header_bytes_max));
    const Bytes header_bytes = reader.take(header_size);
    google::protobuf::Arena arena;
    auto& header = *google::protobuf::Arena::CreateMessage<replication::v1::LeaderHeader>(&arena);
    if (!header.ParseFromArray(header_bytes.data(), static_cast<int>(header_bytes.size())))
        return nonsense("a header that isn't one");
    if (reader.left() > 0) {
        ASSIGN_OR_RETURN(const size_t records_size,
                         read_field(reader, records_tag, std::numeric_limits<size_t>::max()));
        if (records_size != reader.left()) return nonsense("something behind the records");
    }
    replica::LeaderFrame frame;
    frame.records_bytes = reader.left();
    frame.leader_shards = header.leader_shards();
    frame.partitions.reserve(static_cast<size_t>(header.partitions_size()));
    for (const replication::v1::PartitionHeader& partition : header.partitions()) {
        ASSIGN_OR_RETURN(replica::PartitionFrame known, read_partition(partition, reader));
        frame.partitions.push_back(std::move(known));
    }
    if (reader.left() > 0) return nonsense("records that no partition has");
    return frame;
}

Result<FollowerMessage, std::string> decode_follower_message(std::span<const Bytes> slices) {
    SliceReader reader(slices);
    if (reader.left() > follower_bytes_max) return nonsense("a message that is too long");
    const Bytes bytes = reader.take(reader.left());
    google::protobuf::Arena arena;
    auto& message = *google::protobuf::Arena::CreateMessage<replication::v1::FollowerMessage>(&arena);
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        return nonsense("a message that isn't one");
    return message.has_hello() ? read_hello(message.hello()) : read_follower_frame(message);
}

}  // namespace milena::peer
