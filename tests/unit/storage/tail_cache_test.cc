#include "storage/tail_cache.h"

#include <gtest/gtest.h>

namespace milena::storage {
namespace {

Bytes bytes_of_size(size_t size) { return Bytes::from(std::vector<std::byte>(size)); }

std::vector<Bytes> read(TailCache::Tail& tail, int64_t from, int64_t limit, size_t bytes_max = 1 << 20,
                        bool at_least_one = false) {
    std::vector<Bytes> parts;
    tail.read({Offset(from), Offset(limit), bytes_max, at_least_one}, parts);
    return parts;
}

// To a log that somebody reads.
void append_read(TailCache::Tail& tail, Offset first, Offset last, const Bytes& batch, size_t owner_bytes) {
    tail.was_read_to_end();
    tail.append(first, last, batch, owner_bytes);
}

TEST(TailCache, gives_the_very_bytes_that_were_appended) {
    TailCache cache(10'000);
    TailCache::Tail tail(cache);
    const Bytes batch = bytes_of_size(100);
    append_read(tail, Offset(5), Offset(9), batch, 100);
    EXPECT_FALSE(tail.covers(Offset(4)));
    EXPECT_TRUE(tail.covers(Offset(5)) && tail.covers(Offset(9)));
    EXPECT_FALSE(tail.covers(Offset(10)));
    EXPECT_EQ(read(tail, 7, 10).at(0).data(), batch.data());
}

TEST(TailCache, keeps_to_the_limits_of_a_read) {
    TailCache cache(10'000);
    TailCache::Tail tail(cache);
    for (int i = 0; i < 10; ++i) append_read(tail, Offset(2 * i), Offset(2 * i + 1), bytes_of_size(100), 100);
    EXPECT_EQ(read(tail, 0, 20).size(), 10U);
    EXPECT_EQ(read(tail, 3, 20).size(), 9U);
    EXPECT_EQ(read(tail, 3, 11).size(), 4U);
    EXPECT_EQ(read(tail, 0, 20, 350).size(), 3U);
    EXPECT_EQ(read(tail, 0, 20, 50).size(), 0U);
    EXPECT_EQ(read(tail, 0, 20, 50, true).size(), 1U);
}

TEST(TailCache, the_log_appended_to_longest_ago_gives_way_first) {
    TailCache cache(1300);
    TailCache::Tail idle(cache);
    TailCache::Tail busy(cache);
    append_read(idle, Offset(0), Offset(0), bytes_of_size(300), 300);
    append_read(idle, Offset(1), Offset(1), bytes_of_size(300), 300);
    append_read(busy, Offset(0), Offset(0), bytes_of_size(300), 300);
    EXPECT_TRUE(idle.covers(Offset(0)));
    append_read(busy, Offset(1), Offset(1), bytes_of_size(300), 300);
    EXPECT_FALSE(idle.covers(Offset(0)));
    EXPECT_TRUE(idle.covers(Offset(1)));
    append_read(busy, Offset(2), Offset(2), bytes_of_size(300), 300);
    append_read(busy, Offset(3), Offset(3), bytes_of_size(300), 300);
    EXPECT_FALSE(idle.covers(Offset(1)));
    EXPECT_FALSE(busy.covers(Offset(0)));
    EXPECT_TRUE(busy.covers(Offset(1)) && busy.covers(Offset(3)));
    EXPECT_LE(cache.bytes(), 1300U);
}

TEST(TailCache, a_small_part_of_a_large_frame_does_not_pin_it) {
    TailCache cache(100'000);
    TailCache::Tail tail(cache);
    auto frame = std::make_shared<std::vector<std::byte>>(10'000);
    const std::weak_ptr<std::vector<std::byte>> watched = frame;
    append_read(tail, Offset(0), Offset(0), Bytes(frame, std::span(*frame).first(500)), frame->size());
    frame.reset();
    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(read(tail, 0, 1).at(0).size(), 500U);
    EXPECT_LT(cache.bytes(), 1000U);
}

TEST(TailCache, a_large_part_answers_for_its_frame) {
    TailCache cache(100'000);
    TailCache::Tail tail(cache);
    auto frame = std::make_shared<std::vector<std::byte>>(10'000);
    append_read(tail, Offset(0), Offset(0), Bytes(frame, std::span(*frame).first(5000)), frame->size());
    EXPECT_EQ(read(tail, 0, 1).at(0).data(), frame->data());
    EXPECT_GE(cache.bytes(), 10'000U);
}

TEST(TailCache, a_batch_beyond_the_budget_is_not_kept_nor_what_lies_before) {
    TailCache cache(1000);
    TailCache::Tail tail(cache);
    append_read(tail, Offset(0), Offset(0), bytes_of_size(100), 100);
    append_read(tail, Offset(1), Offset(1), bytes_of_size(2000), 2000);
    EXPECT_FALSE(tail.covers(Offset(0)));
    append_read(tail, Offset(2), Offset(2), bytes_of_size(100), 100);
    EXPECT_TRUE(tail.covers(Offset(2)));
}

TEST(TailCache, keeps_nothing_until_somebody_has_read_to_the_end) {
    TailCache cache(16'000);
    TailCache::Tail tail(cache);
    tail.append(Offset(0), Offset(0), bytes_of_size(100), 100);
    EXPECT_FALSE(tail.covers(Offset(0)));
    tail.was_read_to_end();
    tail.append(Offset(1), Offset(1), bytes_of_size(100), 100);
    EXPECT_TRUE(tail.covers(Offset(1)));
}

TEST(TailCache, forgets_a_log_that_nobody_reads_any_more) {
    TailCache cache(16'000);
    TailCache::Tail tail(cache);
    tail.was_read_to_end();
    for (int i = 0; i <= 10; ++i) tail.append(Offset(i), Offset(i), bytes_of_size(100), 100);
    EXPECT_TRUE(tail.covers(Offset(0)) && tail.covers(Offset(10)));
    EXPECT_EQ(read(tail, 3, 4).size(), 1U);  // a reader that is behind keeps it as well
    for (int i = 11; i <= 21; ++i) tail.append(Offset(i), Offset(i), bytes_of_size(100), 100);
    EXPECT_TRUE(tail.covers(Offset(21)));
    tail.append(Offset(22), Offset(22), bytes_of_size(100), 100);
    EXPECT_FALSE(tail.covers(Offset(21)));
    EXPECT_EQ(cache.bytes(), 0U);
}

TEST(TailCache, truncation_and_clearing_give_the_memory_back) {
    TailCache cache(100'000);
    {
        TailCache::Tail tail(cache);
        for (int i = 0; i < 200; ++i) append_read(tail, Offset(2 * i), Offset(2 * i + 1), bytes_of_size(100), 100);
        tail.truncate(Offset(101));
        EXPECT_TRUE(tail.covers(Offset(99)));
        EXPECT_FALSE(tail.covers(Offset(100)));
        cache.resize(2000);
        EXPECT_LE(cache.bytes(), 2000U);
        EXPECT_TRUE(tail.covers(Offset(99)));
        append_read(tail, Offset(100), Offset(100), bytes_of_size(100), 100);
        EXPECT_TRUE(tail.covers(Offset(100)));
    }
    EXPECT_EQ(cache.bytes(), 0U);
}

}  // namespace
}  // namespace milena::storage
