// A message that has one member of every kind, through the codec.
#include "wire/codec.h"

#include <limits>

#include <gtest/gtest.h>

namespace milena::wire {

// Not local to this file: schema.h declares a conversion to it.
struct Inner {
    int32_t number = -1;
    std::string text;
};

namespace {

struct Sample {
    static constexpr Api api{.key = 99, .min = 0, .max = 5, .flexible = 3};

    int16_t always = 0;
    Since<1, int32_t> since_1 = -1;
    Until<2, std::string> until_2;
    Between<2, 3, bool> between_2_and_3 = false;
    std::optional<std::string> nullable;
    NullableSince<2, std::string> nullable_since_2;
    Since<1, std::vector<Inner>> inners;
    std::optional<Inner> maybe;
    Tag<0, 3, Inner> tagged;
    Tag<2, 4, int64_t> tagged_since_4 = 42;
    Tag<7, 3, std::optional<Inner>> tagged_maybe;
};

size_t size_of(const Sample& sample, Version version) { return encode(sample, version).size; }

Sample recoded(const Sample& sample, Version version) {
    auto decoded = decode<Sample>(encode(sample, version).joined(), version);
    EXPECT_TRUE(decoded) << decoded.error().reason;
    return decoded.value_or(Sample());
}

TEST(Codec, members_are_on_the_wire_only_in_their_versions) {
    const Sample sample{.always = 1, .since_1 = 2, .until_2 = "u", .between_2_and_3 = true, .inners = {{3, "i"}}};
    EXPECT_EQ(recoded(sample, 0).since_1, -1);
    EXPECT_EQ(recoded(sample, 1).since_1, 2);
    EXPECT_EQ(recoded(sample, 2).until_2, "u");
    EXPECT_EQ(recoded(sample, 3).until_2, "");
    EXPECT_FALSE(recoded(sample, 1).between_2_and_3);
    EXPECT_TRUE(recoded(sample, 2).between_2_and_3);
    EXPECT_TRUE(recoded(sample, 3).between_2_and_3);
    EXPECT_FALSE(recoded(sample, 4).between_2_and_3);
    EXPECT_TRUE(recoded(sample, 0).inners.empty());
    ASSERT_EQ(recoded(sample, 1).inners.size(), 1U);
    EXPECT_EQ(recoded(sample, 1).inners[0].text, "i");
}

TEST(Codec, wrapped_members_behave_like_what_they_wrap) {
    Sample sample;
    sample.since_1 = 7;
    sample.since_1 = sample.since_1 + 1;
    sample.until_2 = "text";
    sample.until_2 += "!";
    sample.inners.push_back({1, "a"});
    sample.nullable_since_2 = std::nullopt;
    sample.tagged.text = "t";
    EXPECT_EQ(sample.since_1, 8);
    EXPECT_EQ(sample.until_2, "text!");
    EXPECT_EQ(sample.inners.front().text, "a");
    EXPECT_EQ(sample.nullable_since_2, std::nullopt);
}

TEST(Codec, null_is_written_as_empty_where_a_version_knows_no_null) {
    const Sample sample{.nullable_since_2 = std::nullopt};
    EXPECT_EQ(recoded(sample, 1).nullable_since_2, "");
    EXPECT_EQ(recoded(sample, 2).nullable_since_2, std::nullopt);
}

TEST(Codec, null_is_refused_where_a_version_knows_no_null) {
    const Bytes with_null = encode(Sample{.nullable_since_2 = std::nullopt}, 2).joined();
    Encoder to;
    to.fixed<int16_t>(0);
    to.fixed<int32_t>(0);
    to.string("");
    to.null_string();
    to.null_string();
    to.array_count(0);
    to.presence(false);
    const auto decoded = decode<Sample>(std::move(to).finish().joined(), 1);
    ASSERT_FALSE(decoded);
    EXPECT_STREQ(decoded.error().reason, "null where a value is required");
    EXPECT_TRUE(decode<Sample>(with_null, 2));
}

TEST(Codec, nullable_struct_is_absent_or_whole) {
    Sample sample;
    EXPECT_FALSE(recoded(sample, 1).maybe);
    sample.maybe = Inner{5, "five"};
    ASSERT_TRUE(recoded(sample, 1).maybe);
    EXPECT_EQ(recoded(sample, 1).maybe->text, "five");
}

TEST(Codec, tagged_fields_with_their_default_cost_nothing) {
    Sample sample;
    const size_t without = size_of(sample, 4);
    sample.tagged_since_4 = 43;
    EXPECT_EQ(size_of(sample, 4), without + 1 + 1 + sizeof(int64_t));
    EXPECT_EQ(size_of(sample, 3), size_of(Sample(), 3));
    EXPECT_EQ(recoded(sample, 4).tagged_since_4, 43);
    EXPECT_EQ(recoded(sample, 3).tagged_since_4, 42);
}

TEST(Codec, tagged_struct_and_tagged_nullable_struct_survive) {
    Sample sample;
    sample.tagged.text = std::string(200, 't');
    sample.tagged_maybe = Inner{1, "m"};
    const Sample decoded = recoded(sample, 5);
    EXPECT_TRUE(equal(decoded, sample));
    EXPECT_EQ(decoded.tagged_maybe->text, "m");
}

TEST(Codec, unknown_tagged_field_of_a_newer_peer_is_ignored) {
    // The last byte is the number of tagged fields of the message: none. We make it one, tag 100 of two bytes.
    const Bytes body = encode(Sample{.always = 3}, 4).joined();
    std::vector<std::byte> longer(body.data(), body.data() + body.size());
    longer.back() = std::byte{1};
    for (const int byte : {100, 2, 1, 2}) longer.push_back(static_cast<std::byte>(byte));
    const auto decoded = decode<Sample>(Bytes::from(std::move(longer)), 4);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->always, 3);
}

TEST(Codec, lying_count_allocates_nothing) {
    Encoder to;
    to.fixed<int16_t>(0);
    to.fixed<int32_t>(0);
    to.string("");
    to.null_string();
    to.string("");
    to.fixed<int32_t>(std::numeric_limits<int32_t>::max());
    const auto decoded = decode<Sample>(std::move(to).finish().joined(), 1);
    ASSERT_FALSE(decoded);
    EXPECT_STREQ(decoded.error().reason, "more elements than the frame can hold");
}

TEST(Codec, version_outside_of_the_range_is_refused) {
    EXPECT_FALSE(decode<Sample>(Bytes(), 6));
    EXPECT_FALSE(decode<Sample>(Bytes(), -1));
}

TEST(Codec, equal_looks_at_every_member) {
    Sample a;
    Sample b;
    EXPECT_TRUE(equal(a, b));
    b.inners.push_back({1, "x"});
    EXPECT_FALSE(equal(a, b));
    a.inners.push_back({1, "y"});
    EXPECT_FALSE(equal(a, b));
    a.inners[0].text = "x";
    EXPECT_TRUE(equal(a, b));
    a.tagged_maybe = Inner{};
    EXPECT_FALSE(equal(a, b));
}

}  // namespace
}  // namespace milena::wire
