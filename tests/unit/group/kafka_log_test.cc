// What Apache Kafka 4.3.1 wrote into __consumer_offsets when a console consumer read ten records as group "dumped" and
// the group was deleted afterwards.
#include <array>

#include "unit/group/coordinator_fixture.h"
#include "wire/record.h"

namespace milena::group {
namespace {

constexpr std::array<std::string_view, 5> batches{
    // The group before its first member
    "00000000000000000000005a00000000021faa127c000000000000000001a1fec4834d000001a1fec4834dffffffffffffffffff"
    "ff000000000000000150000000140002000664756d706564300003000000000000ffffffff000001a1fec483470000000000",
    // One member in generation 1
    "00000000000000010000013b000000000225baeeb3000000000000000001a1fec4835e000001a1fec4835effffffffffffffffff"
    "ff00000000000000019004000000140002000664756d706564ee0300030008636f6e73756d657200000001000572616e67650035"
    "636f6e736f6c652d636f6e73756d65722d33633536633862352d643165362d343937392d396665372d3037383065633361393639"
    "61000001a1fec48359000000010035636f6e736f6c652d636f6e73756d65722d33633536633862352d643165362d343937392d39"
    "6665372d303738306563336139363961ffff0010636f6e736f6c652d636f6e73756d6572000a2f3132372e302e302e31000493e0"
    "0000afc80000001c000300000001000664756d706564ffffffff00000000ffffffffffff0000001a000300000001000664756d70"
    "65640000000100000000ffffffff00",
    // Its commit
    "00000000000000020000007900000000020432d2ca000000000000000001a1fec483a7000001a1fec483a7ffffffffffffffffff"
    "ff00000000000000018c010000002c0001000664756d706564000664756d70656400000000540004000000000000000a00000000"
    "01000001a1fec483a401001023100d53043b44d29a39494a4d8224c100",
    // The group after its last member
    "00000000000000030000006200000000029e75458c000000000000000001a1fec483b3000001a1fec483b3ffffffffffffffffff"
    "ff000000000000000160000000140002000664756d7065644000030008636f6e73756d657200000002ffffffff000001a1fec483"
    "b30000000000",
    // Both deleted
    "00000000000000040000005f000000000239fb8326000000000001000001a1fec485c1000001a1fec485c1ffffffffffffffffff"
    "ff0000000000000002380000002c0001000664756d706564000664756d70656400000000010020000002140002000664756d7065"
    "640100",
};

std::vector<std::byte> from_hex(std::string_view text) {
    std::vector<std::byte> bytes;
    for (size_t i = 0; i + 1 < text.size(); i += 2)
        bytes.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
    return bytes;
}

class KafkaLog : public CoordinatorFixture {
  public:
    // The first so many batches, into a coordinator that has seen nothing else.
    void load(size_t count) {
        begin();
        for (size_t i = 0; i < count; ++i) {
            const std::vector<std::byte> batch = from_hex(batches[i]);
            ASSERT_TRUE(wire::crc_matches(batch));
            const auto header = wire::parse_batch_header(batch);
            wire::RecordCursor cursor(*header, wire::records_section(batch));
            for (auto next = cursor.next(); *next; next = cursor.next()) {
                Record record{.key = Bytes::copy_of(*(*next)->key), .value = std::nullopt};
                if ((*next)->value) record.value = Bytes::copy_of(*(*next)->value);
                ASSERT_TRUE(coordinator->apply(record, (*next)->offset));
                seen.push_back(std::move(record));
            }
        }
        coordinator->loaded();
    }
    const ClassicGroup& dumped() const { return *std::as_const(*coordinator).find("dumped"); }

    Records seen;
};

TEST_F(KafkaLog, a_group_without_members_is_loaded) {
    load(1);
    EXPECT_EQ(dumped().state(), ClassicState::empty);
    EXPECT_EQ(dumped().generation(), 0);
    EXPECT_TRUE(dumped().protocol_type().empty());
}

TEST_F(KafkaLog, a_group_with_a_member_is_loaded) {
    load(2);
    EXPECT_EQ(dumped().state(), ClassicState::stable);
    EXPECT_EQ(dumped().generation(), 1);
    EXPECT_EQ(*dumped().protocol(), "range");
    ASSERT_EQ(dumped().members().size(), 1U);
    const Member& member = dumped().members().begin()->second;
    EXPECT_TRUE(dumped().is_leader(member.id));
    EXPECT_EQ(member.client_id, "console-consumer");
    EXPECT_EQ(member.client_host, "/127.0.0.1");
    EXPECT_EQ(member.session_timeout_ms, 45'000);
    EXPECT_EQ(member.rebalance_timeout_ms, 300'000);
    EXPECT_TRUE(dumped().is_subscribed_to("dumped"));
    EXPECT_FALSE(dumped().is_subscribed_to("other"));
}

TEST_F(KafkaLog, a_commit_is_loaded) {
    load(3);
    const CommittedOffset* committed = coordinator->offsets().find("dumped", "dumped", PartitionIndex(0));
    ASSERT_NE(committed, nullptr);
    EXPECT_EQ(committed->offset, Offset(10));
    EXPECT_EQ(committed->leader_epoch, LeaderEpoch(0));
    EXPECT_EQ(committed->record_offset, Offset(2));
    EXPECT_FALSE(committed->topic_id.is_zero());
    EXPECT_TRUE(committed->text().empty());
}

TEST_F(KafkaLog, tombstones_take_everything_away) {
    load(4);
    EXPECT_EQ(dumped().state(), ClassicState::empty);
    EXPECT_EQ(coordinator->offsets().size(), 1U);
    load(5);
    EXPECT_EQ(coordinator->group_count(), 0U);
    EXPECT_EQ(coordinator->offsets().size(), 0U);
}

TEST_F(KafkaLog, what_is_read_is_written_again_byte_for_byte) {
    load(3);
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(*seen[1].value, *group_record("dumped", dumped().value()).value);
    const CommittedOffset* committed = coordinator->offsets().find("dumped", "dumped", PartitionIndex(0));
    const Record again = offset_record("dumped", "dumped", *committed);
    EXPECT_EQ(seen[2].key, again.key);
    EXPECT_EQ(*seen[2].value, *again.value);
    EXPECT_EQ(seen[0].key, group_tombstone("dumped").key);
}

// Consumer groups of the later protocol, and what nobody knows yet.
TEST_F(KafkaLog, records_of_other_kinds_are_no_concern) {
    for (const std::string_view key :
         {std::string_view("\0\3\0\1g", 5), std::string_view("\0\x10\0\1g", 5), std::string_view("\x7f\xff more", 7)}) {
        EXPECT_TRUE(coordinator->apply({bytes_of(key), bytes_of("anything")}, Offset(0)));
        EXPECT_TRUE(coordinator->apply({bytes_of(key), std::nullopt}, Offset(1)));
    }
    EXPECT_EQ(coordinator->group_count(), 0U);
}

TEST_F(KafkaLog, records_that_cannot_be_read_change_nothing) {
    load(3);
    for (const Record& good : seen) {
        for (size_t size = 2; size + 1 < good.value->size(); ++size)
            EXPECT_FALSE(coordinator->apply({good.key, good.value->slice(0, size)}, Offset(9)));
        for (size_t size = 0; size < good.key.size(); ++size)
            EXPECT_FALSE(coordinator->apply({good.key.slice(0, size), good.value}, Offset(9)));
        Record unknown_version = good;
        unknown_version.value = bytes_of("\x7f\xff");
        EXPECT_FALSE(coordinator->apply(unknown_version, Offset(9)));
    }
    EXPECT_EQ(dumped().generation(), 1);
    EXPECT_EQ(coordinator->offsets().size(), 1U);
}

}  // namespace
}  // namespace milena::group
