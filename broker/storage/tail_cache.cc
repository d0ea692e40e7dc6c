#include "storage/tail_cache.h"

#include <algorithm>

#include "base/check.h"

namespace milena::storage {
namespace {

// What an entry costs besides the batch: itself, and the control block and allocation header of its memory.
constexpr size_t entry_overhead_bytes = 112;
constexpr size_t pinned_factor_max = 4;
constexpr size_t unread_share = 16;

}  // namespace

TailCache::~TailCache() { check(oldest_ == nullptr); }

void TailCache::resize(size_t bytes_max) {
    bytes_max_ = bytes_max;
    make_room();
}

void TailCache::touch(Tail& tail) {
    if (newest_ == &tail) return;
    unlink(tail);
    tail.older_ = newest_;
    (newest_ == nullptr ? oldest_ : newest_->newer_) = &tail;
    newest_ = &tail;
}

void TailCache::unlink(Tail& tail) {
    if (oldest_ != &tail && tail.older_ == nullptr) return;
    (tail.older_ == nullptr ? oldest_ : tail.older_->newer_) = tail.newer_;
    (tail.newer_ == nullptr ? newest_ : tail.newer_->older_) = tail.older_;
    tail.older_ = tail.newer_ = nullptr;
}

void TailCache::make_room() {
    while (bytes_ > bytes_max_ && oldest_ != nullptr) oldest_->drop_oldest();
}

void TailCache::Tail::append(Offset first, Offset last, const Bytes& batch, size_t owner_bytes) {
    check(first <= last && (head_ == entries_.size() || first > entries_.back().last));
    const bool is_small_part = batch.size() * pinned_factor_max < owner_bytes;
    const size_t held_bytes = is_small_part ? batch.size() : std::max(batch.size(), owner_bytes);
    const size_t charged_bytes = held_bytes + entry_overhead_bytes;
    if (unread_bytes_ > cache_.bytes_max_ / unread_share || charged_bytes > cache_.bytes_max_) return clear();
    unread_bytes_ += batch.size();
    if (head_ > 64 && head_ * 2 > entries_.size()) {
        entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
    entries_.push_back({first, last, is_small_part ? Bytes::copy_of(batch.span()) : batch, charged_bytes});
    cache_.bytes_ += charged_bytes;
    cache_.touch(*this);
    cache_.make_room();
}

void TailCache::Tail::truncate(Offset offset) {
    while (entries_.size() > head_ && entries_.back().last >= offset) {
        cache_.bytes_ -= entries_.back().charged_bytes;
        entries_.pop_back();
    }
    if (entries_.size() == head_) clear();
}

void TailCache::Tail::drop_before(Offset offset) {
    while (head_ < entries_.size() && entries_[head_].first < offset) drop_oldest();
}

void TailCache::Tail::clear() {
    for (size_t i = head_; i < entries_.size(); ++i) cache_.bytes_ -= entries_[i].charged_bytes;
    std::vector<Entry>().swap(entries_);
    head_ = 0;
    cache_.unlink(*this);
}

void TailCache::Tail::drop_oldest() {
    Entry& oldest = entries_[head_];
    cache_.bytes_ -= oldest.charged_bytes;
    oldest.batch = Bytes();
    ++head_;
    if (head_ == entries_.size()) clear();
}

bool TailCache::Tail::covers(Offset offset) const {
    return head_ < entries_.size() && entries_[head_].first <= offset && offset <= entries_.back().last;
}

size_t TailCache::Tail::index_of(Offset offset) const {
    const auto live = entries_.begin() + static_cast<std::ptrdiff_t>(head_);
    const auto at = std::partition_point(live, entries_.end(), [&](const Entry& entry) { return entry.last < offset; });
    return static_cast<size_t>(at - entries_.begin());
}

Offset TailCache::Tail::read(const Limits& limits, std::vector<Bytes>& into) {
    check(covers(limits.from));
    unread_bytes_ = 0;
    Offset next = limits.from;
    size_t bytes = 0;
    for (size_t i = index_of(limits.from); i < entries_.size(); ++i) {
        const Entry& entry = entries_[i];
        if (entry.last >= limits.limit) break;
        const bool is_needed = limits.at_least_one && bytes == 0;
        if (!is_needed && bytes + entry.batch.size() > limits.bytes_max) break;
        into.push_back(entry.batch);
        bytes += entry.batch.size();
        next = entry.last + 1;
    }
    return next;
}

}  // namespace milena::storage
