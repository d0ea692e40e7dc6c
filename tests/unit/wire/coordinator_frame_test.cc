#include "wire/records/coordinator_frame.h"

#include <gtest/gtest.h>

#include "unit/wire/bytes_of.h"
#include "wire/records/control_records.h"
#include "wire/records/group_records.h"

namespace milena::wire {
namespace {

TEST(CoordinatorFrame, key_carries_its_type_and_value_its_version) {
    const Bytes key = encode_coordinator_key(OffsetCommitKey{.group = "g", .topic = "t", .partition = 1});
    EXPECT_EQ(key, bytes_of({0, 1, 0, 1, 'g', 0, 1, 't', 0, 0, 0, 1}));
    const Bytes value = encode_versioned(OffsetCommitValue{.offset = 5}, 3);
    EXPECT_EQ(decode_prefix(value).value(), 3);
    EXPECT_EQ(decode_versioned<OffsetCommitValue>(value)->offset, 5);
    EXPECT_EQ(decode_coordinator_key<OffsetCommitKey>(key)->topic, "t");
}

TEST(CoordinatorFrame, key_of_another_type_is_refused) {
    EXPECT_FALSE(decode_coordinator_key<GroupMetadataKey>(encode_coordinator_key(OffsetCommitKey{.group = "g"})));
    EXPECT_FALSE(decode_versioned<OffsetCommitValue>(bytes_of({0})));
}

TEST(CoordinatorFrame, end_marker_of_a_transaction_has_its_version_in_front) {
    EXPECT_EQ(encode_versioned(EndTxnMarker{.coordinator_epoch = 7}), bytes_of({0, 0, 0, 0, 0, 7}));
}

}  // namespace
}  // namespace milena::wire
