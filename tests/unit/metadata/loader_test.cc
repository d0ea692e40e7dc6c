#include "metadata/loader.h"

#include <gtest/gtest.h>

#include "unit/metadata/records_fixture.h"

namespace milena::metadata {
namespace {

std::vector<Bytes> values(const Records& records) {
    std::vector<Bytes> result;
    for (const Record& record : records) result.push_back(encode_record(record, 30));
    return result;
}

TEST(Loader, each_batch_gives_an_image) {
    Loader loader;
    const auto deltas = loader.apply(values({topic("orders", orders_id)}), {Offset(3), LeaderEpoch(2)});
    ASSERT_TRUE(deltas.has_value());
    ASSERT_EQ(deltas->size(), 1U);
    EXPECT_EQ(loader.image(), deltas->front().after);
    EXPECT_EQ(loader.image()->offset, Offset(3));
    EXPECT_EQ(loader.image()->epoch, LeaderEpoch(2));
}

TEST(Loader, transaction_counts_when_it_ends) {
    Loader loader;
    const auto begun =
        loader.apply(values({topic("orders", orders_id), wire::BeginTransactionRecord{}, topic("events", events_id)}),
                     {Offset(2), LeaderEpoch(1)});
    EXPECT_EQ(begun->size(), 1U);
    EXPECT_NE(loader.image()->topic("orders"), nullptr);
    EXPECT_EQ(loader.image()->topic("events"), nullptr);
    EXPECT_TRUE(loader.is_in_transaction());
    EXPECT_TRUE(loader.apply(values({partition(events_id, 0)}), {Offset(3), LeaderEpoch(1)})->empty());
    const auto ended = loader.apply(values({wire::EndTransactionRecord{}}), {Offset(4), LeaderEpoch(1)});
    ASSERT_EQ(ended->size(), 1U);
    EXPECT_EQ(loader.image()->topic("events")->partitions.size(), 1U);
    EXPECT_FALSE(loader.is_in_transaction());
}

TEST(Loader, aborted_transaction_never_was) {
    Loader loader;
    const auto deltas = loader.apply(values({wire::BeginTransactionRecord{}, topic("events", events_id),
                                             wire::AbortTransactionRecord{}, topic("orders", orders_id)}),
                                     {Offset(4), LeaderEpoch(1)});
    ASSERT_TRUE(deltas.has_value());
    EXPECT_EQ(loader.image()->topic("events"), nullptr);
    EXPECT_NE(loader.image()->topic("orders"), nullptr);
}

// The level comes before the records that it brings, which couldn't be read.
TEST(Loader, level_of_a_later_release_is_the_reason_before_its_records_are) {
    const Records records{wire::FeatureLevelRecord{.name = "milena.version", .feature_level = 1},
                          wire::FeatureUpdateRecord{.name = "milena.version", .level = 1}};
    Loader loader;
    const auto applied = loader.apply(values(records), {Offset(1), LeaderEpoch(1)});
    ASSERT_FALSE(applied.has_value());
    EXPECT_TRUE(applied.error().starts_with("milena.version is finalized at 1,")) << applied.error();
    loader.load_begin();
    EXPECT_EQ(loader.load(values(records)).error(), applied.error());
}

TEST(Loader, snapshot_replaces_what_was_there) {
    Loader loader;
    ASSERT_TRUE(loader.apply(values({topic("orders", orders_id)}), {Offset(0), LeaderEpoch(1)}).has_value());
    loader.load_begin();
    ASSERT_TRUE(loader.load(values({topic("events", events_id)})).has_value());
    const Delta delta = loader.load_end({Offset(9), LeaderEpoch(4)});
    EXPECT_EQ(delta.after, loader.image());
    EXPECT_EQ(loader.image()->topic("orders"), nullptr);
    EXPECT_NE(loader.image()->topic("events"), nullptr);
    EXPECT_EQ(loader.image()->offset, Offset(9));
}

TEST(Loader, unreadable_record_is_named) {
    Loader loader;
    const auto outcome = loader.apply({Bytes::copy_of("\x01\x63")}, {Offset(0), LeaderEpoch(1)});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_NE(outcome.error().find("record 0"), std::string::npos);
}

}  // namespace
}  // namespace milena::metadata
