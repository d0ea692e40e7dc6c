#include <limits>

#include "base/log.h"
#include "storage/partition_log.h"
#include "wire/record.h"

namespace milena::storage {
namespace {

constexpr size_t read_bytes = 256U << 10;
constexpr size_t decompressed_bytes_max = 256U << 20;

}  // namespace

// Reads on from some offset until a record fits. May outlive the log.
class PartitionLog::TimestampSearch : public std::enable_shared_from_this<TimestampSearch> {
  public:
    struct Target {
        Timestamp at_least;
        Offset record_min;  // records below it are not looked at
        Offset begin;       // where to read first
        // Where to begin instead if the first batch isn't one that has this timestamp: the time index was wrong.
        Timestamp hint_timestamp = no_timestamp;
        Offset begin_otherwise;
    };

    TimestampSearch(PartitionLog& log, const Target& target, FindDone done)
        : log_(log.self()), target_(target), next_(target.begin), done_(std::move(done)) {}

    void run() {
        while (*log_ != nullptr) {
            PartitionLog& log = **log_;
            next_ = std::max(next_, log.log_start_);
            const ReadRequest request{next_, log.log_end_, read_bytes, true};
            auto batches = log.read_now(request);
            if (!batches.has_value()) {
                return log.read(request, [self = shared_from_this()](Result<ReadBatches> read) {
                    if (!self->take(read)) self->run();
                });
            }
            if (take(*batches)) return;
        }
        done_(unexpected(ErrorCode::not_leader_or_follower));
    }

  private:
    // True if that was the end of the search.
    bool take(const Result<ReadBatches>& batches) {
        if (!batches.has_value()) return end(unexpected(batches.error()));
        if (*log_ == nullptr) return end(unexpected(ErrorCode::not_leader_or_follower));
        if (batches->parts.empty()) return end(std::optional<TimestampOffset>());
        for (const Bytes& part : batches->parts) {
            wire::BatchCursor cursor(part.span());
            for (;;) {
                const auto batch = cursor.next();
                if (!batch.has_value()) return end(unexpected(ErrorCode::kafka_storage_error));
                if (!batch->has_value()) break;
                const wire::BatchHeader& header = (*batch)->header;
                const bool is_misled =
                    target_.hint_timestamp != no_timestamp && header.max_timestamp != target_.hint_timestamp;
                target_.hint_timestamp = no_timestamp;
                if (is_misled && target_.begin_otherwise < next_) {
                    next_ = target_.begin_otherwise;
                    return false;
                }
                if (header.max_timestamp < target_.at_least || header.last_offset() < target_.record_min) continue;
                auto found = find_in(header, (*batch)->bytes);
                if (!found.has_value() || found->has_value()) return end(std::move(found));
            }
        }
        next_ = batches->next_offset;
        return false;
    }

    Result<std::optional<TimestampOffset>> find_in(const wire::BatchHeader& header, std::span<const std::byte> batch) {
        std::vector<std::byte> memory;
        const auto section = wire::uncompressed_records(batch, decompressed_bytes_max,
                                                        (*log_)->environment_.codecs.decompressor, memory);
        if (!section.has_value()) return unexpected(ErrorCode::kafka_storage_error);
        wire::RecordCursor records(header, *section);
        for (;;) {
            const auto record = records.next();
            if (!record.has_value()) return unexpected(ErrorCode::kafka_storage_error);
            if (!record->has_value()) return std::optional<TimestampOffset>();
            if ((*record)->timestamp >= target_.at_least && (*record)->offset >= target_.record_min)
                return std::optional(
                    TimestampOffset{(*record)->timestamp, (*record)->offset, header.partition_leader_epoch});
        }
    }

    bool end(Result<std::optional<TimestampOffset>> outcome) {
        done_(std::move(outcome));
        return true;
    }

    const std::shared_ptr<PartitionLog*> log_;
    Target target_;
    Offset next_;
    FindDone done_;
};

// Learns the largest timestamps of the segments from the log start on, one after the other: by a step at once where the
// time index is cached, else off the shard's thread. May outlive the log.
class PartitionLog::TimestampScan : public std::enable_shared_from_this<TimestampScan> {
  public:
    TimestampScan(PartitionLog& log, std::function<void(Result<void>)> done)
        : log_(log.self()), done_(std::move(done)) {}

    void run() {
        for (;;) {
            if (*log_ == nullptr) return done_(unexpected(ErrorCode::not_leader_or_follower));
            Segment* segment = next_unknown(**log_);
            if (segment == nullptr) return done_({});
            const auto learned = learn(**log_, *segment);
            if (!learned.has_value()) return done_(unexpected(learned.error()));
            if (!*learned) return;
        }
    }

  private:
    static Segment* next_unknown(PartitionLog& log) {
        for (size_t i = log.segments_.empty() ? 0 : log.segment_index(log.log_start_); i < log.segments_.size(); ++i)
            if (!log.segments_[i].knows_max_timestamp) return &log.segments_[i];
        return nullptr;
    }

    // False if the device has to be waited for.
    Result<bool> learn(PartitionLog& log, Segment& segment) {
        if (&segment == &log.segments_.back()) {
            RETURN_IF_ERROR(log.know_max_timestamp(segment));
            return true;
        }
        const auto file = open_time_index(log.disk(), log.path_, segment.base_offset);
        if (!file.has_value()) return log.failed(file.error(), "open");
        std::optional<IndexEntry> last;
        if (*file != nullptr) {
            constexpr int64_t any = std::numeric_limits<int64_t>::max();
            IndexSearch search(IndexKind::times, IndexSearch::By::key, any, (*file)->size());
            const auto has_ended = search_index_cached(**file, search);
            if (!has_ended.has_value()) return log.failed(has_ended.error(), "read");
            if (!*has_ended) {
                search_index_async(*file, search, [self = shared_from_this(), base = segment.base_offset](auto found) {
                    self->arrived(base, found);
                });
                return false;
            }
            last = search.found();
        }
        learn_max_timestamp(segment, last);
        return true;
    }

    // The segment may be gone, or be the last one again.
    void arrived(Offset base, const env::DiskResult<IndexSearch>& found) {
        if (PartitionLog* log = *log_; log != nullptr) {
            if (!found.has_value()) return done_(log->failed(found.error(), "read"));
            for (size_t i = 0; i + 1 < log->segments_.size(); ++i)
                if (log->segments_[i].base_offset == base && !log->segments_[i].knows_max_timestamp)
                    learn_max_timestamp(log->segments_[i], found->found());
        }
        run();
    }

    const std::shared_ptr<PartitionLog*> log_;
    const std::function<void(Result<void>)> done_;
};

void PartitionLog::when_timestamps_are_known(FindDone done, std::function<void(PartitionLog&, FindDone)> search) {
    if (environment_.directory.has_failed()) return done(unexpected(ErrorCode::kafka_storage_error));
    auto known = [log = self(), done = std::move(done), search = std::move(search)](Result<void> outcome) {
        if (!outcome.has_value()) return done(unexpected(outcome.error()));
        search(**log, done);
    };
    std::make_shared<TimestampScan>(*this, std::move(known))->run();
}

void PartitionLog::find_by_timestamp(Timestamp at_least, FindDone done) {
    when_timestamps_are_known(std::move(done), [at_least](PartitionLog& log, FindDone told) {
        log.search_by_timestamp(at_least, std::move(told));
    });
}

void PartitionLog::find_max_timestamp(FindDone done) {
    when_timestamps_are_known(std::move(done),
                              [](PartitionLog& log, FindDone told) { log.search_max_timestamp(std::move(told)); });
}

void PartitionLog::search_by_timestamp(Timestamp at_least, FindDone done) {
    size_t i = segments_.empty() ? 0 : segment_index(log_start_);
    while (i < segments_.size() && (segments_[i].bytes == 0 || segments_[i].max_timestamp < at_least)) ++i;
    if (i == segments_.size()) return done(std::optional<TimestampOffset>());
    auto hinted = [log = self(), base = segments_[i].base_offset, at_least,
                   done = std::move(done)](const Result<std::optional<IndexEntry>>& entry) {
        if (*log == nullptr) return done(unexpected(ErrorCode::not_leader_or_follower));
        if (!entry.has_value()) return done(unexpected(entry.error()));
        TimestampSearch::Target target{.at_least = at_least,
                                       .record_min = (*log)->log_start_,
                                       .begin = base,
                                       .hint_timestamp = no_timestamp,
                                       .begin_otherwise = base};
        const Offset hint = base + (entry->has_value() ? (*entry)->value : 0);
        if (entry->has_value() && hint > (*log)->log_start_ && hint < (*log)->log_end_) {
            target.begin = hint;
            target.hint_timestamp = Timestamp((*entry)->key);
        }
        std::make_shared<TimestampSearch>(**log, target, done)->run();
    };
    look_up_time(i, at_least, std::move(hinted));
}

void PartitionLog::search_max_timestamp(FindDone done) {
    const Segment* best = nullptr;
    for (const Segment& segment : segments_)
        if (segment.max_timestamp.value >= 0 && (best == nullptr || segment.max_timestamp > best->max_timestamp))
            best = &segment;
    if (best == nullptr || best->max_timestamp_offset < log_start_) return done(std::optional<TimestampOffset>());
    const TimestampSearch::Target target{.at_least = best->max_timestamp,
                                         .record_min = log_start_,
                                         .begin = best->max_timestamp_offset,
                                         .hint_timestamp = best->max_timestamp,
                                         .begin_otherwise = best->base_offset};
    std::make_shared<TimestampSearch>(*this, target, std::move(done))->run();
}

// `done` comes at once unless the device has to be waited for.
void PartitionLog::look_up_time(size_t index, Timestamp target, FoundEntry done) {
    if (index + 1 == segments_.size() && writer_ != nullptr) {
        const auto pending = writer_->times().find_pending(IndexSearch::By::key, target.value);
        if (pending.has_value()) return done(pending);
    }
    const auto file = open_time_index(disk(), path_, segments_[index].base_offset);
    if (!file.has_value()) return done(failed(file.error(), "open"));
    if (*file == nullptr) return done(std::optional<IndexEntry>());
    IndexSearch search(IndexKind::times, IndexSearch::By::key, target.value, (*file)->size());
    const auto has_ended = search_index_cached(**file, search);
    if (!has_ended.has_value()) return done(failed(has_ended.error(), "read"));
    if (*has_ended) return done(search.found());
    search_index_async(*file, search, [log = self(), done = std::move(done)](env::DiskResult<IndexSearch> found) {
        if (*log == nullptr) return done(unexpected(ErrorCode::not_leader_or_follower));
        if (!found.has_value()) return done((*log)->failed(found.error(), "read"));
        done(found->found());
    });
}

}  // namespace milena::storage
