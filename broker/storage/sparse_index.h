// The two sparse indexes of a segment, in Kafka's files: about one entry for every index.interval.bytes of records.
//
//     .index       relative offset int32 | position int32       the batch that begins at `position` has an offset >=
//                                                                the segment's, and ends with `relative offset`
//     .timeindex   timestamp int64 | relative offset int32      the largest timestamp so far, and the last offset of
//                                                                the first batch that has it
//
// Both columns rise. A file may have a tail of zeros: Kafka allocates the whole file at once. An index is a hint: what
// it says is believed only when the records at that place agree, so it need not be durable and may miss entries.
// Owned by one log. Lookups never hold a whole file: IndexSearch asks for one block after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "env/disk.h"

namespace milena::storage {

enum class IndexKind : uint8_t { offsets, times };

constexpr size_t index_entry_bytes(IndexKind kind) { return kind == IndexKind::offsets ? 8 : 12; }

struct IndexEntry {
    int64_t key = 0;    // relative offset; timestamp
    int64_t value = 0;  // position; relative offset
    bool operator==(const IndexEntry&) const = default;
};

// The last entry whose key, or value, is not larger than a target: a binary search over blocks of a file.
//
//     while (const auto wanted = search.wanted()) search.feed(<those bytes of the file>);
//     use(search.found());
class IndexSearch {
  public:
    enum class By : uint8_t { key, value };
    struct Range {
        uint64_t position = 0;
        size_t bytes = 0;
    };

    IndexSearch(IndexKind kind, By by, int64_t target, uint64_t file_bytes);

    std::optional<Range> wanted() const;
    void feed(std::span<const std::byte> block);

    std::optional<IndexEntry> found() const { return found_; }
    // How many bytes of the file precede the end of the found entry.
    uint64_t bytes_until_found() const { return bytes_until_found_; }

  private:
    int64_t of(const IndexEntry& entry) const { return by_ == By::key ? entry.key : entry.value; }

    IndexKind kind_;
    By by_;
    int64_t target_;
    uint64_t file_bytes_;
    uint64_t block_low_ = 0;  // the answer, if there is a better one than found_, is in [low, high)
    uint64_t block_high_ = 0;
    uint64_t block_next_ = 0;
    std::optional<IndexEntry> found_;
    uint64_t bytes_until_found_ = 0;
};

// Runs a search to its end; may wait for the device.
env::DiskResult<IndexSearch> search_index(env::File& file, IndexSearch search);
// Goes on with a search as long as nothing has to be waited for; true at its end.
env::DiskResult<bool> search_index_cached(env::File& file, IndexSearch& search);
// Goes on with it off the shard's thread.
void search_index_async(std::shared_ptr<env::File> file, const IndexSearch& search,
                        std::function<void(env::DiskResult<IndexSearch>)> done);

// The end of an index that grows: a few entries wait in memory until a write is worth while. A full disk loses entries
// and nothing else.
class IndexWriter {
  public:
    // Goes on behind the first `file_bytes` bytes of `file`; what lies behind them is cut off. `last` is their last
    // entry.
    static env::DiskResult<IndexWriter> resume(IndexKind kind, std::unique_ptr<env::File> file, uint64_t file_bytes,
                                               std::optional<IndexEntry> last);

    // Ignored unless both key and value rise.
    env::DiskResult<void> append(IndexEntry entry);
    env::DiskResult<void> flush();

    std::optional<IndexEntry> last() const { return last_; }
    size_t entry_count() const;
    // The best entry among those that wait; nothing if the answer is in the file.
    std::optional<IndexEntry> find_pending(IndexSearch::By by, int64_t target) const;
    // Shared: a lookup under way may outlive the writer.
    const std::shared_ptr<env::File>& file() const { return file_; }
    uint64_t file_bytes() const { return file_bytes_; }

  private:
    IndexWriter(IndexKind kind, std::unique_ptr<env::File> file, uint64_t file_bytes, std::optional<IndexEntry> last)
        : kind_(kind), file_(std::move(file)), file_bytes_(file_bytes), last_(last) {}

    IndexKind kind_;
    std::shared_ptr<env::File> file_;
    uint64_t file_bytes_;  // what of the file is ours
    std::optional<IndexEntry> last_;
    std::vector<std::byte> pending_;
};

}  // namespace milena::storage
