// The end of each log in memory: the very Bytes that were appended, so that consumers at the tail, however many, cost
// no file access and no copy. One TailCache a shard holds the budget and decides who gives way: the log that was
// appended to longest ago gives its oldest batches first. A TailCache::Tail is the part of one log.
//
// Only what is read is kept. Memory that a batch came in and that is free again at once is still in the processor's
// cache when the next batch comes; memory that waits in here for nobody is not, and every batch costs a tenth more. So
// a log is kept from when somebody reads to its end, until a sixteenth of the budget was appended without anything
// being read.
//
// What counts against the budget is the memory a slice really holds: of a batch that is a small part of a large frame
// a copy is kept, otherwise one forgotten batch of 100 bytes would pin a frame of a megabyte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"

namespace milena::storage {

class TailCache {
  public:
    class Tail;

    explicit TailCache(size_t bytes_max) : bytes_max_(bytes_max) {}
    TailCache(const TailCache&) = delete;
    TailCache& operator=(const TailCache&) = delete;
    ~TailCache();

    size_t bytes() const { return bytes_; }
    size_t bytes_max() const { return bytes_max_; }
    void resize(size_t bytes_max);

  private:
    void touch(Tail& tail);
    void unlink(Tail& tail);
    void make_room();

    size_t bytes_max_;
    size_t bytes_ = 0;
    Tail* oldest_ = nullptr;  // of those with content, appended to longest ago
    Tail* newest_ = nullptr;
};

// Covers a gapless range of offsets up to the log end, or nothing.
class TailCache::Tail {
  public:
    explicit Tail(TailCache& cache) : cache_(cache) {}
    Tail(const Tail&) = delete;
    Tail& operator=(const Tail&) = delete;
    ~Tail() { clear(); }

    // Somebody has read all there is, and will want what comes next.
    void was_read_to_end() { unread_bytes_ = 0; }

    // A batch with the offsets [first, last]. `owner_bytes` is the size of the allocation that `batch` keeps alive; a
    // batch that is less than a quarter of it is copied. Nothing is kept where nobody reads.
    void append(Offset first, Offset last, const Bytes& batch, size_t owner_bytes);

    // Forgets everything at and beyond `offset`, and the batch that contains it.
    void truncate(Offset offset);
    // Forgets batches that begin before `offset`.
    void drop_before(Offset offset);
    void clear();

    // Whether `offset` lies in a batch that is here.
    bool covers(Offset offset) const;

    struct Limits {
        Offset from;
        Offset limit;  // batches that reach it are not returned
        size_t bytes_max = 0;
        bool at_least_one = false;  // the first batch is returned even if it is larger than bytes_max
    };
    // Appends to `into` the batches from the one that contains `from` on; returns the offset after the last one, or
    // `from` if there is none. covers(from) must hold.
    Offset read(const Limits& limits, std::vector<Bytes>& into);

  private:
    friend class TailCache;

    struct Entry {
        Offset first;
        Offset last;
        Bytes batch;
        size_t charged_bytes;
    };

    void drop_oldest();
    size_t index_of(Offset offset) const;

    static constexpr size_t never_read = SIZE_MAX;

    TailCache& cache_;
    size_t unread_bytes_ = never_read;  // appended since the last read
    std::vector<Entry> entries_;        // [head_, size): live, by offset
    size_t head_ = 0;
    Tail* older_ = nullptr;
    Tail* newer_ = nullptr;
};

}  // namespace milena::storage
