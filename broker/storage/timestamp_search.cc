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

// Lookups in time indexes may wait for the device; they are short and rare.
void PartitionLog::find_by_timestamp(Timestamp at_least, FindDone done) {
    if (environment_.directory.has_failed()) return done(unexpected(ErrorCode::kafka_storage_error));
    for (size_t i = segments_.empty() ? 0 : segment_index(log_start_); i < segments_.size(); ++i) {
        Segment& segment = segments_[i];
        if (const auto known = know_max_timestamp(segment); !known.has_value()) return done(unexpected(known.error()));
        if (segment.bytes == 0 || segment.max_timestamp < at_least) continue;
        TimestampSearch::Target target{.at_least = at_least,
                                       .record_min = log_start_,
                                       .begin = segment.base_offset,
                                       .hint_timestamp = no_timestamp,
                                       .begin_otherwise = segment.base_offset};
        const auto entry = look_up_time(i, at_least);
        if (!entry.has_value()) return done(unexpected(entry.error()));
        const Offset hinted = segment.base_offset + (entry->has_value() ? (*entry)->value : 0);
        if (entry->has_value() && hinted > log_start_ && hinted < log_end_) {
            target.begin = hinted;
            target.hint_timestamp = Timestamp((*entry)->key);
        }
        return std::make_shared<TimestampSearch>(*this, target, std::move(done))->run();
    }
    done(std::optional<TimestampOffset>());
}

void PartitionLog::find_max_timestamp(FindDone done) {
    if (environment_.directory.has_failed()) return done(unexpected(ErrorCode::kafka_storage_error));
    const Segment* best = nullptr;
    for (Segment& segment : segments_) {
        if (const auto known = know_max_timestamp(segment); !known.has_value()) return done(unexpected(known.error()));
        if (segment.max_timestamp.value >= 0 && (best == nullptr || segment.max_timestamp > best->max_timestamp))
            best = &segment;
    }
    if (best == nullptr || best->max_timestamp_offset < log_start_) return done(std::optional<TimestampOffset>());
    const TimestampSearch::Target target{.at_least = best->max_timestamp,
                                         .record_min = log_start_,
                                         .begin = best->max_timestamp_offset,
                                         .hint_timestamp = best->max_timestamp,
                                         .begin_otherwise = best->base_offset};
    std::make_shared<TimestampSearch>(*this, target, std::move(done))->run();
}

Result<std::optional<IndexEntry>> PartitionLog::look_up_time(size_t index, Timestamp target) const {
    if (index + 1 == segments_.size() && writer_ != nullptr) {
        const auto pending = writer_->times().find_pending(target.value);
        if (pending.has_value()) return pending;
    }
    const auto entry = find_time_entry(disk(), path_, segments_[index], target);
    if (!entry.has_value()) return failed(entry.error(), "read");
    return *entry;
}

}  // namespace milena::storage
