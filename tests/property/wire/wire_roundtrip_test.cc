// Every message and record, every version, random content: what is encoded is decoded to the same, and nothing but the
// whole is accepted.
#include <gtest/gtest.h>

#include "property/wire/message_types.h"
#include "property/wire/random_message.h"

namespace milena::wire {
namespace {

constexpr uint64_t seeds = 12;

template <class F>
void each_pair(F&& visit) {
    for (const MessageType& type : message_types()) {
        for (Version version = type.api.min; version <= type.api.max; ++version) {
            SCOPED_TRACE(std::string(type.name) + " version " + std::to_string(version));
            visit(type, version);
            if (testing::Test::HasFailure()) return;
        }
    }
}

TEST(WireRoundTrip, decoded_message_is_equal_to_the_encoded_one) {
    each_pair([](const MessageType& type, Version version) {
        for (uint64_t seed = 0; seed < seeds; ++seed) EXPECT_TRUE(type.survives(seed, version)) << "seed " << seed;
    });
}

TEST(WireRoundTrip, recoding_gives_the_same_bytes) {
    each_pair([](const MessageType& type, Version version) {
        for (uint64_t seed = 0; seed < seeds; ++seed) {
            const Bytes body = type.random(seed, version);
            const auto again = type.recode(body, version);
            ASSERT_TRUE(again) << again.error().reason << " at " << again.error().offset;
            EXPECT_EQ(*again, body) << "seed " << seed;
        }
    });
}

TEST(WireRoundTrip, every_prefix_is_rejected) {
    each_pair([](const MessageType& type, Version version) {
        for (uint64_t seed = 0; seed < 3; ++seed) {
            const Bytes body = type.random(seed, version);
            const size_t step = 1 + body.size() / 300;
            for (size_t size = 0; size < body.size(); size += step) {
                // A copy, so that a read past the end is past the end of an allocation.
                EXPECT_FALSE(type.recode(Bytes::copy_of(body.slice(0, size).span()), version)) << "prefix " << size;
            }
        }
    });
}

TEST(WireRoundTrip, trailing_byte_is_rejected) {
    each_pair([](const MessageType& type, Version version) {
        const Bytes body = type.random(1, version);
        std::vector<std::byte> longer(body.data(), body.data() + body.size());
        longer.push_back(std::byte{0});
        EXPECT_FALSE(type.recode(Bytes::from(std::move(longer)), version));
    });
}

TEST(WireRoundTrip, corrupted_message_is_decoded_or_rejected_but_never_more) {
    each_pair([](const MessageType& type, Version version) {
        Dice dice(42);
        for (uint64_t seed = 0; seed < 20; ++seed) {
            const Bytes body = type.random(seed, version);
            if (body.empty()) continue;
            std::vector<std::byte> damaged(body.data(), body.data() + body.size());
            for (size_t i = 0; i <= dice.below(4); ++i) {
                damaged[dice.below(damaged.size())] = static_cast<std::byte>(dice.one_in(3) ? 0xff : dice.next());
            }
            const auto again = type.recode(Bytes::from(std::move(damaged)), version);
            if (again) {
                EXPECT_TRUE(type.recode(*again, version));
            }
        }
    });
}

TEST(WireRoundTrip, unknown_versions_are_rejected) {
    for (const MessageType& type : message_types()) {
        EXPECT_FALSE(type.recode(Bytes(), static_cast<Version>(type.api.max + 1))) << type.name;
        EXPECT_FALSE(type.recode(Bytes(), static_cast<Version>(type.api.min - 1))) << type.name;
    }
}

}  // namespace
}  // namespace milena::wire
