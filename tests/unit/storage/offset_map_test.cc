#include "storage/offset_map.h"

#include <string>

#include <gtest/gtest.h>

namespace milena::storage {
namespace {

std::span<const std::byte> key(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string text_of(const KeyHash& hash) {
    std::string text;
    for (const uint64_t word : {hash.low, hash.high})
        for (int shift = 0; shift < 64; shift += 8) text += static_cast<char>(word >> shift);
    return text;
}

// The first, second and sixteenth vector of the authors of SipHash: the bytes 0, 1, 2, … under the key 0, 1, 2, …
TEST(KeyHash, is_siphash) {
    const HashSecret secret{0x0706050403020100, 0x0f0e0d0c0b0a0908};
    std::string input;
    EXPECT_EQ(text_of(hash_key(secret, key(input))),
              "\xa3\x81\x7f\x04\xba\x25\xa8\xe6\x6d\xf6\x72\x14\xc7\x55\x02\x93");
    input.push_back('\0');
    EXPECT_EQ(text_of(hash_key(secret, key(input))),
              "\xda\x87\xc1\xd8\x6b\x99\xaf\x44\x34\x76\x59\x11\x9b\x22\xfc\x45");
}

TEST(OffsetMap, remembers_the_newest_offset_of_each_key) {
    OffsetMap map({.bytes_max = 1 << 20, .keys_expected_max = 1000}, {1, 2});
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(map.put(key("key" + std::to_string(i % 100)), Offset(i)));
    EXPECT_EQ(map.size(), 100U);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(map.find(key("key" + std::to_string(i))), Offset(900 + i));
    EXPECT_EQ(map.find(key("other")), no_offset);
}

TEST(OffsetMap, refuses_what_does_not_fit_and_stays_right) {
    OffsetMap map({.bytes_max = 100 * OffsetMap::entry_bytes, .load_factor = 0.9, .keys_expected_max = 1'000'000},
                  {3, 4});
    int count = 0;
    while (map.put(key(std::to_string(count)), Offset(count))) ++count;
    EXPECT_EQ(count, 90);
    EXPECT_TRUE(map.is_full());
    EXPECT_NEAR(map.utilization(), 0.9, 0.01);
    for (int i = 0; i < count; ++i) EXPECT_EQ(map.find(key(std::to_string(i))), Offset(i));
    EXPECT_EQ(map.find(key(std::to_string(count))), no_offset);
    EXPECT_TRUE(map.put(key("5"), Offset(500)));  // one that is there has room
    EXPECT_EQ(map.find(key("5")), Offset(500));
}

TEST(OffsetMap, any_limits_leave_room_for_a_key) {
    for (const double load : {-1.0, 0.0, 0.5, 1.0, 7.0}) {
        OffsetMap map({.bytes_max = 0, .load_factor = load, .keys_expected_max = 10}, {});
        EXPECT_TRUE(map.put(key("a"), Offset(1)));
        EXPECT_FALSE(map.put(key("b"), Offset(2)));
        EXPECT_EQ(map.find(key("b")), no_offset);
    }
}

TEST(OffsetMap, a_map_over_many_blocks_finds_every_key) {
    OffsetMap map({.bytes_max = 16 << 20, .load_factor = 0.99, .keys_expected_max = 200'000}, {5, 6});
    for (int i = 0; i < 200'000; ++i) ASSERT_TRUE(map.put(key(std::to_string(i)), Offset(i)));
    for (int i = 0; i < 200'000; ++i) ASSERT_EQ(map.find(key(std::to_string(i))), Offset(i));
}

}  // namespace
}  // namespace milena::storage
