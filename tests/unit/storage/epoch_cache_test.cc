#include "storage/epoch_cache.h"

#include <gtest/gtest.h>

namespace milena::storage {
namespace {

EpochCache cache_of(std::initializer_list<std::pair<int, int>> entries) {
    EpochCache cache;
    for (const auto& [epoch, start] : entries) cache.assign(LeaderEpoch(epoch), Offset(start));
    return cache;
}

TEST(EpochCache, keeps_the_first_offset_of_an_epoch) {
    EpochCache cache;
    EXPECT_TRUE(cache.assign(LeaderEpoch(1), Offset(10)));
    EXPECT_FALSE(cache.assign(LeaderEpoch(1), Offset(20)));
    EXPECT_TRUE(cache.assign(LeaderEpoch(1), Offset(5)));
    EXPECT_EQ(cache.to_text(), "0\n1\n1 5\n");
}

TEST(EpochCache, a_new_entry_pushes_out_those_that_contradict_it) {
    EpochCache cache = cache_of({{1, 10}, {3, 20}, {5, 30}});
    EXPECT_TRUE(cache.assign(LeaderEpoch(4), Offset(25)));
    EXPECT_EQ(cache.to_text(), "0\n3\n1 10\n3 20\n4 25\n");
    EXPECT_TRUE(cache.assign(LeaderEpoch(6), Offset(10)));
    EXPECT_EQ(cache.to_text(), "0\n1\n6 10\n");
}

TEST(EpochCache, epoch_that_goes_on_after_one_without_records_keeps_its_beginning) {
    EpochCache cache = cache_of({{1, 10}, {3, 20}, {5, 30}});
    EXPECT_TRUE(cache.assign(LeaderEpoch(3), Offset(30)));
    EXPECT_EQ(cache.to_text(), "0\n2\n1 10\n3 20\n");
}

TEST(EpochCache, tells_where_an_epoch_ends) {
    const EpochCache cache = cache_of({{1, 10}, {3, 20}, {5, 30}});
    const Offset end(40);
    EXPECT_EQ(cache.end_of(LeaderEpoch(5), end), (EpochEnd{LeaderEpoch(5), Offset(40)}));
    EXPECT_EQ(cache.end_of(LeaderEpoch(3), end), (EpochEnd{LeaderEpoch(3), Offset(30)}));
    EXPECT_EQ(cache.end_of(LeaderEpoch(4), end), (EpochEnd{LeaderEpoch(3), Offset(30)}));
    EXPECT_EQ(cache.end_of(LeaderEpoch(0), end), (EpochEnd{LeaderEpoch(0), Offset(10)}));
    EXPECT_EQ(cache.end_of(LeaderEpoch(6), end), EpochEnd{});
    EXPECT_EQ(cache.end_of(no_leader_epoch, end), EpochEnd{});
    EXPECT_EQ(EpochCache().end_of(LeaderEpoch(0), end), EpochEnd{});
}

TEST(EpochCache, tells_the_epoch_of_an_offset) {
    const EpochCache cache = cache_of({{1, 10}, {3, 20}});
    EXPECT_EQ(cache.epoch_of(Offset(9)), no_leader_epoch);
    EXPECT_EQ(cache.epoch_of(Offset(10)), LeaderEpoch(1));
    EXPECT_EQ(cache.epoch_of(Offset(19)), LeaderEpoch(1));
    EXPECT_EQ(cache.epoch_of(Offset(20)), LeaderEpoch(3));
}

TEST(EpochCache, truncation_from_the_end_forgets_epochs_that_begin_there) {
    EpochCache cache = cache_of({{1, 10}, {3, 20}, {5, 30}});
    EXPECT_FALSE(cache.truncate_from_end(Offset(31)));
    EXPECT_TRUE(cache.truncate_from_end(Offset(20)));
    EXPECT_EQ(cache.to_text(), "0\n1\n1 10\n");
}

TEST(EpochCache, truncation_from_the_start_keeps_the_epoch_that_goes_on) {
    EpochCache cache = cache_of({{1, 10}, {3, 20}, {5, 30}});
    EXPECT_FALSE(cache.truncate_from_start(Offset(9)));
    EXPECT_FALSE(cache.truncate_from_start(Offset(10)));
    EXPECT_TRUE(cache.truncate_from_start(Offset(25)));
    EXPECT_EQ(cache.to_text(), "0\n2\n3 25\n5 30\n");
    EXPECT_TRUE(cache.truncate_from_start(Offset(30)));
    EXPECT_EQ(cache.to_text(), "0\n1\n5 30\n");
}

TEST(EpochCache, reads_what_it_writes) {
    const EpochCache cache = cache_of({{0, 0}, {3, 20}});
    const auto read = EpochCache::parse(cache.to_text());
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->to_text(), cache.to_text());
    EXPECT_TRUE(EpochCache::parse("").has_value());
}

TEST(EpochCache, refuses_a_file_that_is_not_whole) {
    for (const char* text : {"0", "1\n0\n", "0\n2\n0 0\n", "0\n1\n0 0\n1 5\n", "0\n1\n0\n", "0\n1\n0 x\n",
                             "0\n1\n-1 0\n", "0\n2\n1 5\n0 9\n", "0\n2\n1 5\n2 5\n", "0\n1\n99999999999 0\n"})
        EXPECT_FALSE(EpochCache::parse(text).has_value()) << text;
}

}  // namespace
}  // namespace milena::storage
