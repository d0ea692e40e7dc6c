#include "raft/batches.h"

#include <gtest/gtest.h>

#include "wire/decoder.h"

namespace milena::raft {
namespace {

const VoterSet first_voter({{.id = NodeId(1), .directory_id = Uuid{5, 500}, .endpoints = {}}});

TEST(RaftBatches, values_survive) {
    const std::vector<Bytes> values{Bytes::copy_of("a"), Bytes(), Bytes::copy_of("ccc")};
    const auto parsed = parse_batch(build_batch({Offset(7), LeaderEpoch(2), Timestamp(99)}, values));
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->values, values);
    EXPECT_TRUE(parsed->controls.empty());
    EXPECT_EQ(parsed->header.base_offset, Offset(7));
    EXPECT_EQ(parsed->header.last_offset(), Offset(9));
    EXPECT_EQ(parsed->header.partition_leader_epoch, LeaderEpoch(2));
    EXPECT_EQ(parsed->header.max_timestamp, Timestamp(99));
}

TEST(RaftBatches, control_records_survive) {
    const std::vector<ControlRecord> records{snapshot_header_record(Timestamp(5)), kraft_version_record(1),
                                             voters_record(first_voter), leader_change_record(NodeId(1), first_voter),
                                             snapshot_footer_record()};
    const auto parsed = parse_batch(build_control_batch({Offset(0), LeaderEpoch(1), Timestamp(1)}, records));
    ASSERT_TRUE(parsed.has_value());
    ASSERT_EQ(parsed->controls.size(), records.size());
    EXPECT_TRUE(parsed->values.empty());
    for (size_t i = 0; i < records.size(); ++i) {
        EXPECT_EQ(parsed->controls[i].type, records[i].type);
        EXPECT_EQ(parsed->controls[i].value, records[i].value);
    }
    const auto change = wire::decode<wire::LeaderChangeMessage>(parsed->controls[3].value, 0);
    ASSERT_TRUE(change.has_value());
    EXPECT_EQ(change->leader_id, 1);
    EXPECT_EQ(change->granting_voters.size(), 1U);
}

TEST(RaftBatches, every_flipped_byte_under_the_checksum_is_noticed) {
    const std::vector<Bytes> values{Bytes::copy_of("value")};
    const Bytes good = build_batch({Offset(0), LeaderEpoch(1), Timestamp(1)}, values);
    for (size_t i = wire::batch_field::magic; i < good.size(); ++i) {
        std::vector<std::byte> bad(good.span().begin(), good.span().end());
        bad[i] ^= std::byte{1};
        EXPECT_FALSE(parse_batch(Bytes::from(std::move(bad))).has_value()) << i;
    }
    EXPECT_FALSE(parse_batch(good.slice(0, good.size() - 1)).has_value());
    EXPECT_FALSE(parse_batch(Bytes()).has_value());
}

}  // namespace
}  // namespace milena::raft
