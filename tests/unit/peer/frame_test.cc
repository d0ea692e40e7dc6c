#include "peer/frame.h"

#include <gtest/gtest.h>
#include <replication.pb.h>

#include "peer/slice_reader.h"

namespace milena::peer {
namespace {

const Uuid framed_topic = Uuid::from_random(1, 2);

Bytes text(std::string_view content) { return Bytes::copy_of(content); }

Bytes large(char filling, size_t size = 5000) { return Bytes::copy_of(std::string(size, filling)); }

Bytes joined(const std::vector<Bytes>& pieces) {
    std::string all;
    for (const Bytes& piece : pieces) all += piece.view();
    return Bytes::copy_of(all);
}

std::vector<Bytes> cut(const Bytes& whole, size_t length) {
    std::vector<Bytes> slices;
    for (size_t from = 0; from < whole.size(); from += length)
        slices.push_back(whole.slice(from, std::min(length, whole.size() - from)));
    return slices;
}

replica::LeaderFrame a_leader_frame() {
    replica::LeaderFrame frame;
    frame.partitions.push_back({.key = {framed_topic, PartitionIndex(3)},
                                .leader_epoch = LeaderEpoch(7),
                                .error = ErrorCode::none,
                                .diverging = std::nullopt,
                                .high_watermark = Offset(100),
                                .log_start_offset = Offset(0),
                                .records = {large('a'), text("b"), large('c')}});
    frame.partitions.push_back({.key = {framed_topic, PartitionIndex(0)},
                                .leader_epoch = LeaderEpoch(8),
                                .error = ErrorCode::offset_out_of_range,
                                .diverging = storage::EpochEnd{LeaderEpoch(5), Offset(6)},
                                .high_watermark = no_offset,
                                .log_start_offset = no_offset,
                                .records = {}});
    frame.partitions.push_back({.key = {Uuid{}, PartitionIndex(1)},
                                .leader_epoch = no_leader_epoch,
                                .error = ErrorCode::none,
                                .diverging = std::nullopt,
                                .high_watermark = Offset(1),
                                .log_start_offset = Offset(1),
                                .records = {large('d', 70'000)}});
    frame.records_bytes = 5000 + 1 + 5000 + 70'000;
    return frame;
}

void expect_equal(const replica::LeaderFrame& a, const replica::LeaderFrame& b) {
    EXPECT_EQ(a.records_bytes, b.records_bytes);
    ASSERT_EQ(a.partitions.size(), b.partitions.size());
    for (size_t i = 0; i < a.partitions.size(); ++i) {
        const replica::PartitionFrame &one = a.partitions[i], &other = b.partitions[i];
        EXPECT_EQ(one.key, other.key);
        EXPECT_EQ(one.leader_epoch, other.leader_epoch);
        EXPECT_EQ(one.error, other.error);
        EXPECT_EQ(one.diverging, other.diverging);
        EXPECT_EQ(one.high_watermark, other.high_watermark);
        EXPECT_EQ(one.log_start_offset, other.log_start_offset);
        EXPECT_EQ(one.records, other.records);
    }
}

TEST(Frame, a_leader_s_frame_survives_however_it_is_cut) {
    const Bytes whole = joined(encode(a_leader_frame()));
    for (const size_t length : {size_t{1}, size_t{7}, size_t{100}, size_t{4999}, size_t{16'384}, whole.size()}) {
        const auto decoded = decode_leader_frame(cut(whole, length));
        ASSERT_TRUE(decoded.has_value()) << length << ": " << decoded.error();
        expect_equal(*decoded, a_leader_frame());
    }
}

TEST(Frame, a_frame_without_records_survives) {
    replica::LeaderFrame frame = a_leader_frame();
    for (replica::PartitionFrame& partition : frame.partitions) partition.records.clear();
    frame.records_bytes = 0;
    const auto decoded = decode_leader_frame(encode(frame));
    ASSERT_TRUE(decoded.has_value());
    expect_equal(*decoded, frame);
    expect_equal(*decode_leader_frame(encode(replica::LeaderFrame{})), {});
}

TEST(Frame, records_are_copied_neither_out_nor_in) {
    const replica::LeaderFrame frame = a_leader_frame();
    const std::vector<Bytes> message = encode(frame);
    ASSERT_EQ(message.size(), 5u);
    EXPECT_EQ(message[1].data(), frame.partitions[0].records[0].data());
    EXPECT_EQ(message[4].data(), frame.partitions[2].records[0].data());
    const auto decoded = decode_leader_frame(message);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->partitions[0].records[0].data(), message[1].data());
    EXPECT_EQ(decoded->partitions[2].records[0].data(), message[4].data());
}

TEST(Frame, what_is_tiny_keeps_no_slice_alive) {
    const auto decoded = decode_leader_frame(encode(a_leader_frame()));
    ASSERT_TRUE(decoded.has_value());
    const Bytes& tiny = decoded->partitions[0].records[1];
    EXPECT_EQ(tiny, text("b"));
    EXPECT_EQ(tiny.owner().use_count(), 1);
}

TEST(Frame, protobuf_reads_what_a_leader_sends) {
    replication::v1::LeaderMessage message;
    ASSERT_TRUE(message.ParseFromString(std::string(joined(encode(a_leader_frame())).view())));
    EXPECT_EQ(message.header().partitions_size(), 3);
    EXPECT_EQ(message.records().size(), a_leader_frame().records_bytes);
    std::string again;
    ASSERT_TRUE(message.SerializeToString(&again));
    const auto decoded = decode_leader_frame(std::vector{text(again)});
    ASSERT_TRUE(decoded.has_value());
    expect_equal(*decoded, a_leader_frame());
}

TEST(Frame, a_leader_s_frame_that_is_cut_off_is_refused) {
    const Bytes whole = joined(encode(a_leader_frame()));
    for (size_t length = 0; length < whole.size(); length += length < 300 ? 1 : 997)
        EXPECT_FALSE(decode_leader_frame(std::vector{whole.slice(0, length)}).has_value()) << length;
}

Bytes hostile(const std::function<void(replication::v1::LeaderMessage&)>& change) {
    replication::v1::LeaderMessage message;
    EXPECT_TRUE(message.ParseFromString(std::string(joined(encode(a_leader_frame())).view())));
    change(message);
    return text(message.SerializeAsString());
}

TEST(Frame, a_header_that_lies_is_refused) {
    const auto refuses = [](const std::function<void(replication::v1::LeaderMessage&)>& change) {
        return !decode_leader_frame(std::vector{hostile(change)}).has_value();
    };
    EXPECT_FALSE(refuses([](auto&) {}));
    const auto first = [](replication::v1::LeaderMessage& m) { return m.mutable_header()->mutable_partitions(0); };
    EXPECT_TRUE(refuses([&](auto& m) { first(m)->set_partition(-1); }));
    EXPECT_TRUE(refuses([&](auto& m) { first(m)->set_leader_epoch(-2); }));
    EXPECT_TRUE(refuses([&](auto& m) { first(m)->set_high_watermark(-2); }));
    EXPECT_TRUE(refuses([&](auto& m) { first(m)->set_error(40'000); }));
    EXPECT_TRUE(refuses([&](auto& m) { first(m)->mutable_diverging()->set_end_offset(-2); }));
    EXPECT_TRUE(refuses([&](auto& m) { first(m)->set_records_bytes(0, 5001); }));
    EXPECT_TRUE(refuses([&](auto& m) { first(m)->set_records_bytes(0, 4999); }));
    EXPECT_TRUE(refuses([&](auto& m) { first(m)->set_records_bytes(0, ~0ULL); }));
    EXPECT_TRUE(refuses([&](auto& m) { first(m)->add_records_bytes(0); }));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_records()->push_back('x'); }));
    EXPECT_TRUE(refuses([](auto& m) { m.clear_header(); }));
    EXPECT_TRUE(refuses([](auto& m) { m.clear_records(); }));
}

TEST(Frame, what_is_no_leader_s_frame_is_refused) {
    using namespace std::string_view_literals;
    for (const std::string_view bytes :
         {""sv, "\x0a"sv, "\x0a\x01"sv, "\x0a\x01\x08"sv, "\x7a\x00"sv, "\x0a\x00\x0a\x00"sv, "\x0a\x00\x7a\x01"sv,
          "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv, "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv,
          "\x0a\x80"sv, "\x0a\x00\x7a\x00\x7a\x00"sv})
        EXPECT_FALSE(decode_leader_frame(std::vector{text(bytes)}).has_value()) << bytes.size();
}

TEST(Frame, a_follower_s_messages_survive) {
    const Hello hello{"cluster", NodeId(4), 99, ShardId(3), 1 << 20, 1 << 16};
    const auto decoded = decode_follower_message(cut(encode(hello), 3));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, FollowerMessage(hello));
    const replica::FollowerFrame frame{
        .subscribe = {{{framed_topic, PartitionIndex(3)}, LeaderEpoch(7), Offset(100), no_leader_epoch, Offset(1)},
                      {{framed_topic, PartitionIndex(0)}, LeaderEpoch(0), Offset(0), LeaderEpoch(0), Offset(0)}},
        .unsubscribe = {{framed_topic, PartitionIndex(5)}},
        .acks = {{{framed_topic, PartitionIndex(9)}, LeaderEpoch(7), Offset(1LL << 40), Offset(1)}},
        .bytes_granted = 1ULL << 40};
    const auto survived = decode_follower_message(std::vector{encode(frame)});
    ASSERT_TRUE(survived.has_value());
    EXPECT_EQ(*survived, FollowerMessage(frame));
    const auto empty = decode_follower_message(std::vector{encode(replica::FollowerFrame{})});
    ASSERT_TRUE(empty.has_value());
    EXPECT_EQ(*empty, FollowerMessage(replica::FollowerFrame{}));
}

TEST(Frame, a_follower_that_lies_is_refused) {
    const auto refuses = [](const std::function<void(replication::v1::FollowerMessage&)>& change) {
        replication::v1::FollowerMessage message;
        message.add_subscribe();
        message.add_unsubscribe();
        message.add_acks();
        change(message);
        return !decode_follower_message(std::vector{text(message.SerializeAsString())}).has_value();
    };
    EXPECT_FALSE(refuses([](auto&) {}));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_subscribe(0)->set_partition(-1); }));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_subscribe(0)->set_fetch_offset(-1); }));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_subscribe(0)->set_last_fetched_epoch(-2); }));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_unsubscribe(0)->set_partition(-1); }));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_acks(0)->set_safe_end(-1); }));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_acks(0)->set_log_start_offset(-2); }));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_hello()->set_node(-1); }));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_hello()->set_cluster_id(std::string(256, 'x')); }));
    EXPECT_FALSE(decode_follower_message(std::vector{text("\x0a\xff")}).has_value());
    EXPECT_FALSE(decode_follower_message(std::vector{large('\0', 9 << 20)}).has_value());
}

TEST(SliceReader, reads_over_empty_slices) {
    const std::vector<Bytes> slices{Bytes{}, text("a"), Bytes{}, Bytes{}, text("bcd"), Bytes{}};
    SliceReader reader(slices);
    EXPECT_EQ(reader.left(), 4u);
    EXPECT_EQ(reader.byte(), uint8_t{'a'});
    EXPECT_EQ(reader.take(0).size(), 0u);
    EXPECT_EQ(reader.take(3), text("bcd"));
    EXPECT_EQ(reader.left(), 0u);
    EXPECT_EQ(reader.byte(), std::nullopt);
    EXPECT_EQ(reader.varint(), std::nullopt);
}

TEST(SliceReader, a_varint_is_no_longer_than_64_bits) {
    const std::vector<Bytes> largest{text("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")};
    EXPECT_EQ(SliceReader(largest).varint(), ~uint64_t{0});
    const std::vector<Bytes> larger{text("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")};
    EXPECT_EQ(SliceReader(larger).varint(), std::nullopt);
}

}  // namespace
}  // namespace milena::peer
