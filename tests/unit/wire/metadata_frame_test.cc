#include "wire/records/metadata_frame.h"

#include <variant>

#include <gtest/gtest.h>

#include "unit/wire/bytes_of.h"
#include "wire/equal.h"
#include "wire/records/metadata_records.h"

namespace milena::wire {
namespace {

using SomeRecord = std::variant<TopicRecord, PartitionRecord, NoOpRecord>;

TEST(MetadataFrame, record_is_preceded_by_frame_version_type_and_version) {
    EXPECT_EQ(encode_metadata_record(NoOpRecord{}), bytes_of({1, 20, 0, 0}));
    const Bytes topic = encode_metadata_record(TopicRecord{.name = "ab", .topic_id = {1, 2}});
    EXPECT_EQ(topic, bytes_of({1, 2, 0, 3, 'a', 'b', 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0}));
}

TEST(MetadataFrame, record_comes_back_as_the_alternative_of_its_type) {
    const PartitionRecord partition{.partition_id = 3, .replicas = {1, 2}, .isr = {1}, .leader = 1};
    const auto decoded = decode_metadata_record<SomeRecord>(encode_metadata_record(partition));
    ASSERT_TRUE(decoded);
    ASSERT_TRUE(std::holds_alternative<PartitionRecord>(*decoded));
    EXPECT_TRUE(equal(std::get<PartitionRecord>(*decoded), partition));
}

TEST(MetadataFrame, unknown_frame_version_type_and_version_are_refused) {
    EXPECT_FALSE(decode_metadata_record<SomeRecord>(bytes_of({0, 20, 0, 0})));
    EXPECT_FALSE(decode_metadata_record<SomeRecord>(bytes_of({1, 99, 0, 0})));
    EXPECT_FALSE(decode_metadata_record<SomeRecord>(bytes_of({1, 20, 1, 0})));
    EXPECT_FALSE(decode_metadata_record<SomeRecord>(bytes_of({1, 20, 0, 0, 0})));
    EXPECT_FALSE(decode_metadata_record<SomeRecord>(Bytes()));
}

}  // namespace
}  // namespace milena::wire
