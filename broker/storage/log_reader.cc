#include "storage/log_reader.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"

namespace milena::storage {
namespace {

// A segment as short as this is read from its beginning rather than looked up.
constexpr uint64_t unindexed_bytes = 16U << 10;
constexpr size_t read_bytes_min = 4096;

// Batches that are smaller than this on average are cheaper to copy than to look at one by one, and so is what is less
// than this in all.
constexpr size_t sent_batch_bytes_min = 8U << 10;
constexpr size_t sent_range_bytes_min = 32U << 10;

// So much is an answer, where the rest would have to be waited for.
constexpr size_t answer_bytes_min = 64U << 10;

// So much is looked through batch by batch, rather than to ask the index where it ends.
constexpr uint64_t looked_through_bytes = 256U << 10;

}  // namespace

PartitionLog::Reader::Reader(PartitionLog& log, const ReadRequest& request)
    : log_(log),
      request_(request),
      segment_(log.segment_index(request.from)),
      is_looking_(request.may_refer),
      result_(ReadBatches{.parts = {}, .range = {}, .bytes = 0, .next_offset = request.from}) {
    begin_segment();
}

std::optional<PartitionLog::Reader::Wanted> PartitionLog::Reader::wanted() const {
    if (phase_ == Phase::done) return std::nullopt;
    if (phase_ == Phase::index || phase_ == Phase::end_index) {
        const auto range = *search_->wanted();
        return Wanted{index_.get(), range.position, range.bytes, range.bytes};
    }
    return Wanted{segment().file.get(), position_, wanted_bytes_, wanted_bytes_min_};
}

size_t PartitionLog::Reader::likely_bytes() const {
    if (phase_ != Phase::records && phase_ != Phase::headers) return 0;
    return static_cast<size_t>(std::min<uint64_t>(request_.bytes_max + skipped_bytes(), segment().bytes - position_));
}

void PartitionLog::Reader::begin_segment() {
    for (; segment_ < log_.segments_.size(); ++segment_) {
        if (segment().bytes == 0) continue;
        const auto opened = open_records(log_.disk(), log_.path_, segment());
        if (!opened.has_value()) return fail(opened.error());
        const Cursor* cursor = log_.find_cursor(request_.from);
        if (cursor != nullptr && cursor->segment_base == segment().base_offset) {
            if (cursor->position == segment().bytes) continue;
            return begin_records(cursor->position, false);
        }
        if (request_.from <= segment().base_offset || segment().bytes <= unindexed_bytes)
            return begin_records(0, false);
        return begin_search(Phase::index, IndexSearch::By::key, request_.from - segment().base_offset);
    }
    phase_ = Phase::done;
}

// In the offset index of the segment; what isn't written to it yet is known at once.
void PartitionLog::Reader::begin_search(Phase phase, IndexSearch::By by, int64_t target) {
    phase_ = phase;
    uint64_t index_bytes = 0;
    if (segment_ + 1 == log_.segments_.size() && log_.writer_ != nullptr) {
        const IndexWriter& index = log_.writer_->offsets();
        if (const auto pending = index.find_pending(by, target)) return searched(pending);
        index_ = index.file();
        index_bytes = index.file_bytes();
    } else {
        auto file = log_.disk().open(log_file_path(log_.path_, segment().base_offset, FileKind::offset_index),
                                     env::OpenMode::read_only);
        if (!file.has_value() && file.error() == env::DiskError::not_found) return searched(std::nullopt);
        if (!file.has_value()) return fail(file.error());
        index_ = std::move(*file);
        index_bytes = index_->size();
    }
    search_.emplace(IndexKind::offsets, by, target, index_bytes);
    if (!search_->wanted().has_value()) searched(std::nullopt);
}

void PartitionLog::Reader::searched(std::optional<IndexEntry> entry) {
    const bool is_inside =
        entry.has_value() && entry->value > 0 && static_cast<uint64_t>(entry->value) < segment().bytes;
    const uint64_t position = is_inside ? static_cast<uint64_t>(entry->value) : 0;
    if (phase_ == Phase::index) return begin_records(position, is_inside);
    phase_ = Phase::headers;
    if (position <= position_) return;
    const Offset last_offset = segment().base_offset + entry->key;
    if (last_offset >= request_.limit) return;
    jump_ = Jump{position_, last_offset};
    position_ = position;
}

void PartitionLog::Reader::begin_records(uint64_t position, bool is_hint) {
    phase_ = Phase::records;
    position_ = position;
    is_hint_ = is_hint;
    want(wire::batch_header_bytes);
}

// A hint lies up to an index interval before the batch.
size_t PartitionLog::Reader::skipped_bytes() const {
    return is_hint_ ? 2 * size_t{log_.config_->index_interval_bytes} : 0;
}

void PartitionLog::Reader::want(size_t bytes_min) {
    // Memory that the processor hasn't seen yet is dear to copy: of a batch that may be sent unread only the header.
    const size_t skipped = skipped_bytes();
    const size_t ahead = is_looking_ ? skipped : std::max(request_.bytes_max + skipped, read_bytes_min);
    const size_t bytes = std::max(ahead, bytes_min);
    const uint64_t left = segment().bytes - position_;
    wanted_bytes_ = static_cast<size_t>(std::min<uint64_t>(bytes, left));
    wanted_bytes_min_ = static_cast<size_t>(std::min<uint64_t>(bytes_min, left));
}

void PartitionLog::Reader::feed(Bytes bytes) {
    check(phase_ != Phase::done);
    if (phase_ == Phase::records) return take_batches(bytes);
    if (phase_ == Phase::headers) return take_header(bytes);
    search_->feed(bytes.span());
    if (!search_->wanted().has_value()) searched(search_->found());
}

bool PartitionLog::Reader::settle() {
    if (phase_ == Phase::end_index) {
        phase_ = Phase::headers;
        return true;
    }
    if (phase_ != Phase::headers || position_ == range_begin_) return false;
    // What lies before the place that the index named may be there nevertheless.
    if (jump_) {
        position_ = std::exchange(jump_, std::nullopt)->from;
        return true;
    }
    if (position_ - range_begin_ < answer_bytes_min) return false;
    finish_range();
    return true;
}

void PartitionLog::Reader::fail(env::DiskError error) {
    phase_ = Phase::done;
    result_ = log_.failed(error, "read");
}

void PartitionLog::Reader::refuse(uint64_t position) {
    phase_ = Phase::done;
    log_error("records damaged: they can't be read",
              {{"directory", log_.path_}, {"segment", segment().base_offset}, {"position", position}});
    result_ = unexpected(ErrorCode::kafka_storage_error);
}

void PartitionLog::Reader::take_batches(const Bytes& bytes) {
    size_t at = 0;
    size_t first = 0;
    Offset next = request_.from;
    bool has_batches = false;
    for (;;) {
        const auto rest = bytes.span().subspan(at);
        const uint64_t position = position_ + at;
        if (position == segment().bytes) break;
        const bool is_torn = rest.size() < wire::batch_header_bytes && position + rest.size() < segment().bytes;
        if (is_torn && has_batches) break;
        if (is_torn) {
            position_ = position;
            return want(wire::batch_header_bytes);
        }
        const auto header = wire::parse_batch_header(rest);
        const bool is_sound = header.has_value() && header->size_bytes() <= segment().bytes - position &&
                              header->base_offset >= (has_batches ? next : segment().base_offset);
        if (is_hint_ && (!is_sound || header->base_offset > request_.from)) {
            log_warn("index refused: it contradicts the records",
                     {{"directory", log_.path_}, {"segment", segment().base_offset}, {"position", position}});
            return begin_records(0, false);
        }
        is_hint_ = false;
        if (!is_sound && has_batches) break;
        if (!is_sound) return refuse(position);
        const size_t size = header->size_bytes();
        if (header->last_offset() < request_.from) {
            if (size <= rest.size()) {
                at += size;
                continue;
            }
            position_ = position + size;
            if (position_ < segment().bytes) return want(wire::batch_header_bytes);
            break;
        }
        if (!has_batches) first = at;
        const bool is_needed = !has_batches && request_.at_least_one;
        const bool fits = at + size - first <= request_.bytes_max;
        if (header->last_offset() >= request_.limit || (!fits && !is_needed)) return finish(bytes, first, at, next);
        if (std::exchange(is_looking_, false)) {
            if (size >= sent_batch_bytes_min) return begin_headers(position, bytes.slice(at));
            if (size <= rest.size() && position_ + bytes.size() < segment().bytes) {
                position_ = position;
                return want(wire::batch_header_bytes);
            }
        }
        if (size > rest.size()) {
            if (has_batches) break;
            position_ = position;
            return want(size);
        }
        has_batches = true;
        at += size;
        next = header->next_offset();
    }
    if (has_batches) return finish(bytes, first, at, next);
    ++segment_;
    begin_segment();
}

// The batch at `position`, which begins with `bytes`, is the first of the result.
void PartitionLog::Reader::begin_headers(uint64_t position, const Bytes& bytes) {
    phase_ = Phase::headers;
    range_begin_ = position_ = position;
    range_batches_ = 0;
    range_next_ = request_.from;
    wanted_bytes_ = wanted_bytes_min_ = wire::batch_header_bytes;
    take_header(bytes);
}

void PartitionLog::Reader::take_header(const Bytes& bytes) {
    const auto header = wire::parse_batch_header(bytes.span());
    const bool is_first = position_ == range_begin_;
    const uint64_t left = segment().bytes - position_;
    const bool is_sound =
        header.has_value() && header->size_bytes() <= left && (is_first || header->base_offset >= range_next_);
    if (jump_) {
        const Jump jump = *std::exchange(jump_, std::nullopt);
        if (!is_sound || header->last_offset() != jump.last_offset) {
            position_ = jump.from;
            return;
        }
        range_next_ = header->base_offset;
    }
    if (!is_sound || header->last_offset() >= request_.limit) return finish_range();
    const uint64_t end = position_ + header->size_bytes();
    if (end - range_begin_ > request_.bytes_max && !(is_first && request_.at_least_one)) return finish_range();
    if (++range_batches_ * sent_batch_bytes_min > end - range_begin_) return finish_range();
    position_ = end;
    range_next_ = header->next_offset();
    if (segment().bytes - position_ < wire::batch_header_bytes) return finish_range();
    const uint64_t range_end = range_begin_ + request_.bytes_max;
    if (is_first && range_end > position_ + looked_through_bytes)
        begin_search(Phase::end_index, IndexSearch::By::value, static_cast<int64_t>(range_end));
}

void PartitionLog::Reader::finish_range() {
    const auto bytes = static_cast<size_t>(position_ - range_begin_);
    if (bytes < sent_range_bytes_min) return begin_records(range_begin_, false);
    auto range = segment().file->cached_range(range_begin_, bytes);
    is_cold_ = !range.has_value();
    if (is_cold_) return;
    phase_ = Phase::done;
    log_.remember({range_next_, segment().base_offset, position_});
    result_ = ReadBatches{.parts = {}, .range = std::move(range), .bytes = bytes, .next_offset = range_next_};
}

void PartitionLog::Reader::finish(const Bytes& bytes, size_t first, size_t end, Offset next) {
    phase_ = Phase::done;
    log_.remember({next, segment().base_offset, position_ + end});
    if (end == first) return;
    result_ =
        ReadBatches{.parts = {bytes.slice(first, end - first)}, .range = {}, .bytes = end - first, .next_offset = next};
}

}  // namespace milena::storage
