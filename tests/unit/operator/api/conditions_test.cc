#include "api/conditions.h"

#include <gtest/gtest.h>

#include "api/quantity.h"
#include "api/time_text.h"

namespace milena::api {
namespace {

const Timestamp noon(1'795'953'600'123);  // 2026-11-29T12:00:00.123Z

TEST(Conditions, the_time_moves_only_with_the_status) {
    ConditionSetter first(1);
    first.set(condition::ready, Truth::no, "Starting");
    const auto before = first.merged({}, noon);
    ConditionSetter second(2);
    second.set(condition::ready, Truth::no, "Waiting", "for a volume");
    auto after = second.merged(before, noon + 60'000);
    EXPECT_EQ(after[0].last_transition_time, before[0].last_transition_time);
    EXPECT_EQ(after[0].observed_generation, 2);
    EXPECT_EQ(after[0].reason, "Waiting");
    ConditionSetter third(2);
    third.set(condition::ready, Truth::yes, "Serving");
    after = third.merged(after, noon + 60'000);
    EXPECT_EQ(after[0].last_transition_time, time_text(noon + 60'000));
}

TEST(Conditions, one_that_was_not_set_stays) {
    ConditionSetter first(1), second(2);
    first.set(condition::balanced, Truth::yes, "Balanced");
    second.set(condition::ready, Truth::yes, "Serving");
    const auto after = second.merged(first.merged({}, noon), noon);
    ASSERT_EQ(after.size(), 2u);
    EXPECT_TRUE(is_true(after, condition::balanced));
}

TEST(Conditions, long_messages_are_cut_between_characters) {
    ConditionSetter setter(1);
    std::string message;
    for (int i = 0; i < 1000; ++i) message += "ü";
    setter.set(condition::ready, Truth::no, "Long", message);
    const std::string cut = setter.merged({}, noon)[0].message;
    EXPECT_LE(cut.size(), 1024u);
    EXPECT_EQ((cut.size() - 3) % 2, 0u);
}

TEST(Times, are_written_and_read) {
    EXPECT_EQ(time_text(noon), "2026-11-29T12:00:00Z");
    EXPECT_EQ(parse_time("2026-11-29T12:00:00Z"), Timestamp(noon.value - 123));
    EXPECT_EQ(parse_time("2026-11-29T12:00:00.5Z"), Timestamp(noon.value - 123));
    for (const char* wrong : {"", "2026-11-29", "2026-02-30T12:00:00Z", "2026-11-29T12:00:00", "2026-11-29T24:00:00Z",
                              "2026-11-29T12:00:00.Z", "2026-11-29 12:00:00Z"})
        EXPECT_FALSE(parse_time(wrong)) << wrong;
}

TEST(Times, a_week_begins_on_monday) {
    EXPECT_EQ(minute_of_week(*parse_time("2026-11-30T00:05:00Z")), 5);
    EXPECT_EQ(minute_of_week(noon), 6 * 1440 + 720);
}

TEST(Quantities, are_exact) {
    EXPECT_EQ(parse_quantity("500m"), 500);
    EXPECT_EQ(parse_quantity("0.5"), 500);
    EXPECT_EQ(parse_quantity("2"), 2000);
    EXPECT_EQ(whole_units("10Gi"), int64_t{10} << 30);
    EXPECT_EQ(whole_units("1.5Ki"), 1536);
    EXPECT_EQ(whole_units("1e3"), 1000);
    EXPECT_EQ(whole_units("7E"), std::nullopt);
    for (const char* wrong : {"", "Gi", "1 Gi", "-1", "1.", ".5", "1Gib", "1e", "99999999999999999999"})
        EXPECT_FALSE(parse_quantity(wrong)) << wrong;
}

}  // namespace
}  // namespace milena::api
