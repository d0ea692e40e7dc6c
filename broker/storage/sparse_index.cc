#include "storage/sparse_index.h"

#include <algorithm>

#include "base/big_endian.h"
#include "base/bytes.h"
#include "base/check.h"

namespace milena::storage {
namespace {

// Multiples of the entry size near a page.
constexpr size_t block_entries_of(IndexKind kind) { return kind == IndexKind::offsets ? 512 : 340; }
constexpr size_t block_bytes_of(IndexKind kind) { return block_entries_of(kind) * index_entry_bytes(kind); }
constexpr size_t pending_entries_max = 64;

IndexEntry load_entry(IndexKind kind, const std::byte* from) {
    if (kind == IndexKind::offsets) return {load_big_endian<int32_t>(from), load_big_endian<int32_t>(from + 4)};
    return {load_big_endian<int64_t>(from), load_big_endian<int32_t>(from + 8)};
}

void store_entry(IndexKind kind, std::byte* to, IndexEntry entry) {
    if (kind == IndexKind::offsets) {
        store_big_endian(to, static_cast<int32_t>(entry.key));
        store_big_endian(to + 4, static_cast<int32_t>(entry.value));
    } else {
        store_big_endian(to, entry.key);
        store_big_endian(to + 8, static_cast<int32_t>(entry.value));
    }
}

// An entry of zeros is none: no batch but the first begins at position 0, and that one needs no entry.
bool is_empty(IndexEntry entry) { return entry.key == 0 && entry.value == 0; }

}  // namespace

IndexSearch::IndexSearch(IndexKind kind, By by, int64_t target, uint64_t file_bytes)
    : kind_(kind), by_(by), target_(target), file_bytes_(file_bytes - file_bytes % index_entry_bytes(kind)) {
    block_high_ = (file_bytes_ + block_bytes_of(kind) - 1) / block_bytes_of(kind);
    // Most lookups are near the end.
    if (block_high_ > 0) block_next_ = block_high_ - 1;
}

std::optional<IndexSearch::Range> IndexSearch::wanted() const {
    if (block_low_ >= block_high_) return std::nullopt;
    const uint64_t position = block_next_ * block_bytes_of(kind_);
    return Range{position, static_cast<size_t>(std::min<uint64_t>(block_bytes_of(kind_), file_bytes_ - position))};
}

void IndexSearch::feed(std::span<const std::byte> block) {
    check(block_low_ < block_high_);
    const size_t entry_bytes = index_entry_bytes(kind_);
    const size_t count = block.size() / entry_bytes;
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const IndexEntry entry = load_entry(kind_, block.data() + middle * entry_bytes);
        if (is_empty(entry) || of(entry) > target_)
            high = middle;
        else
            low = middle + 1;
    }
    if (low > 0) {
        found_ = load_entry(kind_, block.data() + (low - 1) * entry_bytes);
        bytes_until_found_ = block_next_ * block_bytes_of(kind_) + low * entry_bytes;
        block_low_ = low == count ? block_next_ + 1 : block_high_;
    } else {
        block_high_ = block_next_;
    }
    if (block_low_ < block_high_) block_next_ = (block_low_ + block_high_) / 2;
}

env::DiskResult<IndexSearch> search_index(env::File& file, IndexSearch search) {
    std::vector<std::byte> block;
    while (const auto wanted = search.wanted()) {
        block.resize(wanted->bytes);
        ASSIGN_OR_RETURN(const size_t bytes, file.read_at(wanted->position, block));
        search.feed(std::span(block).first(bytes));
    }
    return search;
}

env::DiskResult<bool> search_index_cached(env::File& file, IndexSearch& search) {
    std::vector<std::byte> block;
    while (const auto wanted = search.wanted()) {
        block.resize(wanted->bytes);
        ASSIGN_OR_RETURN(const size_t bytes, file.read_cached(wanted->position, block));
        if (bytes < wanted->bytes) return false;
        search.feed(block);
    }
    return true;
}

void search_index_async(std::shared_ptr<env::File> file, const IndexSearch& search,
                        std::function<void(env::DiskResult<IndexSearch>)> done) {
    const auto wanted = search.wanted();
    if (!wanted) return done(search);
    env::File& source = *file;
    source.read_async(wanted->position, wanted->bytes,
                      [file = std::move(file), search, done = std::move(done)](env::DiskResult<Bytes> block) {
                          if (!block.has_value()) return done(unexpected(block.error()));
                          IndexSearch next = search;
                          next.feed(block->span());
                          search_index_async(file, next, done);
                      });
}

env::DiskResult<IndexWriter> IndexWriter::resume(IndexKind kind, std::unique_ptr<env::File> file, uint64_t file_bytes,
                                                 std::optional<IndexEntry> last) {
    if (file->size() != file_bytes) RETURN_IF_ERROR(file->truncate(file_bytes));
    return IndexWriter(kind, std::move(file), file_bytes, last);
}

env::DiskResult<void> IndexWriter::append(IndexEntry entry) {
    if (is_empty(entry) || (last_.has_value() && (entry.key <= last_->key || entry.value <= last_->value))) return {};
    const size_t at = pending_.size();
    pending_.resize(at + index_entry_bytes(kind_));
    store_entry(kind_, pending_.data() + at, entry);
    last_ = entry;
    if (pending_.size() < pending_entries_max * index_entry_bytes(kind_)) return {};
    return flush();
}

env::DiskResult<void> IndexWriter::flush() {
    if (pending_.empty()) return {};
    const Bytes bytes = Bytes::from(std::exchange(pending_, {}));
    const auto written = file_->write_at(file_bytes_, std::span(&bytes, 1));
    if (!written.has_value()) {
        // What is left of the entries would stand where the next ones go.
        if (written.error() != env::DiskError::full) return unexpected(written.error());
        return file_->size() == file_bytes_ ? env::DiskResult<void>() : file_->truncate(file_bytes_);
    }
    file_bytes_ += bytes.size();
    return {};
}

size_t IndexWriter::entry_count() const { return (file_bytes_ + pending_.size()) / index_entry_bytes(kind_); }

std::optional<IndexEntry> IndexWriter::find_pending(IndexSearch::By by, int64_t target) const {
    const size_t entry_bytes = index_entry_bytes(kind_);
    for (size_t end = pending_.size(); end > 0; end -= entry_bytes) {
        const IndexEntry entry = load_entry(kind_, pending_.data() + end - entry_bytes);
        if ((by == IndexSearch::By::key ? entry.key : entry.value) <= target) return entry;
    }
    return std::nullopt;
}

}  // namespace milena::storage
