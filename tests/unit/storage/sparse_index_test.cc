#include "storage/sparse_index.h"

#include "unit/storage/log_fixture.h"

namespace milena::storage {
namespace {

class SparseIndex : public LogFixture {
  public:
    std::unique_ptr<env::File> file() { return disk.open("/data/index", env::OpenMode::create).value(); }
    IndexWriter writer(IndexKind kind = IndexKind::offsets) {
        return IndexWriter::resume(kind, file(), 0, std::nullopt).value();
    }
    IndexSearch search(IndexKind kind, IndexSearch::By by, int64_t target) {
        const auto index = file();
        return search_index(*index, IndexSearch(kind, by, target, index->size())).value();
    }
};

TEST_F(SparseIndex, finds_the_last_entry_that_is_not_larger) {
    for (const IndexKind kind : {IndexKind::offsets, IndexKind::times}) {
        for (const int64_t count : {0, 1, 2, 511, 512, 513, 5000}) {
            auto index = writer(kind);
            for (int64_t i = 1; i <= count; ++i) ASSERT_TRUE(index.append({10 * i, 100 * i}).has_value());
            ASSERT_TRUE(index.flush().has_value());
            for (const int64_t target : {int64_t{0}, int64_t{9}, int64_t{10}, 10 * count / 2, 10 * count, INT64_MAX}) {
                const int64_t expected = std::min(target / 10, count);
                const auto found = search(kind, IndexSearch::By::key, target).found();
                EXPECT_EQ(found.has_value(), expected > 0);
                EXPECT_EQ(found.value_or(IndexEntry{}), (IndexEntry{10 * expected, 100 * expected}));
            }
            const auto by_value = search(kind, IndexSearch::By::value, 250);
            EXPECT_EQ(by_value.bytes_until_found(),
                      static_cast<size_t>(std::min<int64_t>(count, 2)) * index_entry_bytes(kind));
        }
    }
}

TEST_F(SparseIndex, zeros_at_the_end_are_no_entries) {
    auto index = writer();
    for (int64_t i = 1; i <= 700; ++i) ASSERT_TRUE(index.append({10 * i, 100 * i}).has_value());
    ASSERT_TRUE(index.flush().has_value());
    const Bytes zeros = Bytes::from(std::vector<std::byte>(100'000));
    ASSERT_TRUE(file()->write_at(700 * 8, std::span(&zeros, 1)).has_value());
    const auto last = search(IndexKind::offsets, IndexSearch::By::key, INT64_MAX);
    EXPECT_EQ(last.found(), (IndexEntry{7000, 70'000}));
    EXPECT_EQ(last.bytes_until_found(), 700U * 8);
    EXPECT_EQ(search(IndexKind::offsets, IndexSearch::By::key, 35).found(), (IndexEntry{30, 300}));
}

TEST_F(SparseIndex, entries_that_do_not_rise_are_ignored) {
    auto index = writer();
    for (const IndexEntry entry : {IndexEntry{10, 100}, {10, 200}, {20, 100}, {5, 300}, {20, 200}})
        ASSERT_TRUE(index.append(entry).has_value());
    EXPECT_EQ(index.entry_count(), 2U);
    EXPECT_EQ(index.last(), (IndexEntry{20, 200}));
}

TEST_F(SparseIndex, entries_that_wait_are_found_in_memory) {
    auto index = writer();
    ASSERT_TRUE(index.append({10, 100}).has_value());
    ASSERT_TRUE(index.append({20, 200}).has_value());
    EXPECT_EQ(index.find_pending(IndexSearch::By::key, 25), (IndexEntry{20, 200}));
    EXPECT_EQ(index.find_pending(IndexSearch::By::key, 19), (IndexEntry{10, 100}));
    EXPECT_EQ(index.find_pending(IndexSearch::By::key, 9), std::nullopt);
    EXPECT_EQ(index.find_pending(IndexSearch::By::value, 199), (IndexEntry{10, 100}));
    EXPECT_EQ(file()->size(), 0U);
    ASSERT_TRUE(index.flush().has_value());
    EXPECT_EQ(index.find_pending(IndexSearch::By::key, 25), std::nullopt);
    EXPECT_EQ(file()->size(), 16U);
}

TEST_F(SparseIndex, a_full_disk_costs_entries_and_nothing_else) {
    auto index = writer();
    ASSERT_TRUE(index.append({10, 100}).has_value());
    disk.limit_capacity(disk.used_bytes() + 3);
    ASSERT_TRUE(index.flush().has_value());
    EXPECT_EQ(index.entry_count(), 0U);
    disk.limit_capacity(UINT64_MAX);
    ASSERT_TRUE(index.append({20, 200}).has_value());
    ASSERT_TRUE(index.flush().has_value());
    EXPECT_EQ(search(IndexKind::offsets, IndexSearch::By::key, INT64_MAX).found(), (IndexEntry{20, 200}));
}

}  // namespace
}  // namespace milena::storage
