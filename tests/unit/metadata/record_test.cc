#include "metadata/record.h"

#include <gtest/gtest.h>

#include "unit/metadata/records_fixture.h"

namespace milena::metadata {
namespace {

Bytes raw(std::initializer_list<int> bytes) {
    std::vector<std::byte> content;
    for (const int b : bytes) content.push_back(static_cast<std::byte>(b));
    return Bytes::from(std::move(content));
}

TEST(MetadataRecord, frame_is_kafkas) {
    const Bytes value = encode_record(wire::FeatureLevelRecord{.name = "m", .feature_level = 30}, 30);
    EXPECT_EQ(value, raw({1, 12, 0, 2, 'm', 0, 30, 0}));
}

TEST(MetadataRecord, every_prefix_is_refused) {
    const Bytes value = encode_record(partition(orders_id, 3, {1, 2}), 30);
    for (size_t i = 0; i < value.size(); ++i) EXPECT_FALSE(decode_record(value.slice(0, i)).has_value()) << i;
    ASSERT_TRUE(decode_record(value).has_value());
    EXPECT_EQ(std::get<wire::PartitionRecord>(*decode_record(value)).replicas, (std::vector<int32_t>{1, 2}));
}

TEST(MetadataRecord, unknown_types_and_versions_are_refused) {
    EXPECT_FALSE(decode_record(raw({1, 99, 0, 0})).has_value());
    EXPECT_FALSE(decode_record(raw({1, 20, 5, 0})).has_value());
    EXPECT_FALSE(decode_record(raw({2, 20, 0, 0})).has_value());
    EXPECT_TRUE(decode_record(raw({1, 20, 0, 0})).has_value());
}

// milena-next knows it (tests/unit/next).
TEST(MetadataRecord, record_that_comes_with_the_next_release_is_unknown) {
    const Bytes value = encode_record(wire::FeatureUpdateRecord{.name = "milena.version", .level = 1}, 30);
    ASSERT_FALSE(decode_record(value).has_value());
    EXPECT_STREQ(decode_record(value).error().reason, "unknown type of a metadata record");
}

TEST(MetadataRecord, version_follows_metadata_version) {
    const auto version_at = [](const Record& record, int16_t level) {
        return static_cast<int>(encode_record(record, level).span()[2]);
    };
    EXPECT_EQ(version_at(broker(1, 1), 7), 1);
    EXPECT_EQ(version_at(broker(1, 1), 8), 2);
    EXPECT_EQ(version_at(broker(1, 1), 17), 3);
    EXPECT_EQ(version_at(broker(1, 1), 30), 4);
    EXPECT_EQ(version_at(partition(orders_id, 0), 16), 0);
    EXPECT_EQ(version_at(partition(orders_id, 0), 17), 1);
    EXPECT_EQ(version_at(partition(orders_id, 0), 23), 2);
    EXPECT_EQ(version_at(wire::BrokerRegistrationChangeRecord{}, 17), 2);
}

}  // namespace
}  // namespace milena::metadata
