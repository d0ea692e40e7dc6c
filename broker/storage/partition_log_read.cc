#include <algorithm>

#include "base/check.h"
#include "storage/log_reader.h"
#include "storage/partition_log.h"
#include "storage/transaction_index.h"

namespace milena::storage {
namespace {

std::pair<Bytes, std::span<std::byte>> allocate(size_t bytes) {
    auto memory = std::make_shared_for_overwrite<std::byte[]>(bytes);
    const std::span<std::byte> writable(memory.get(), bytes);
    return {Bytes(std::move(memory), writable), writable};
}

}  // namespace

// A read that waits for the device. It may outlive the log, which then is no longer behind log_.
class PartitionLog::ColdRead : public std::enable_shared_from_this<ColdRead> {
  public:
    ColdRead(PartitionLog& log, const ReadRequest& request, ReadDone done)
        : log_(log.self()),
          generation_(log.generation_),
          request_(request),
          reader_(log, request),
          done_(std::move(done)) {}

    void step() {
        const auto wanted = reader_.wanted();
        if (!wanted.has_value()) return done_(reader_.take_result());
        if (request_.may_refer && reader_.likely_bytes() > 0) return load(*wanted->file, wanted->position);
        wanted->file->read_async(wanted->position, wanted->bytes,
                                 [self = shared_from_this(), bytes_min = wanted->bytes_min](
                                     env::DiskResult<Bytes> bytes) { self->arrived(std::move(bytes), bytes_min); });
    }

  private:
    // What may be sent unread has to lie in the page cache; what may not is read there.
    void load(env::File& file, uint64_t position) {
        constexpr size_t load_bytes_max = 2U << 20;
        file.load_async(position, std::min(reader_.likely_bytes(), load_bytes_max),
                        [self = shared_from_this()](env::DiskResult<void>) { self->loaded(); });
    }

    // The system may have needed the room for something else, or couldn't read: what is read into memory will tell.
    void loaded() {
        if (*log_ == nullptr) return done_(unexpected(ErrorCode::not_leader_or_follower));
        if (auto now = (*log_)->read_now(request_)) return done_(*std::move(now));
        ReadRequest request = request_;
        request.may_refer = false;
        (*log_)->read_cold(request, std::move(done_));
    }

    void arrived(env::DiskResult<Bytes> bytes, size_t bytes_min) {
        if (*log_ == nullptr) return done_(unexpected(ErrorCode::not_leader_or_follower));
        // What was read may have been cut off meanwhile.
        if ((*log_)->generation_ != generation_) return (*log_)->read(request_, std::move(done_));
        if (!bytes.has_value())
            reader_.fail(bytes.error());
        else if (bytes->size() < bytes_min)
            reader_.fail(env::DiskError::failed);
        else
            reader_.feed(*std::move(bytes));
        step();
    }

    const std::shared_ptr<PartitionLog*> log_;
    const uint32_t generation_;
    const ReadRequest request_;
    Reader reader_;
    ReadDone done_;
};

std::optional<Result<ReadBatches>> PartitionLog::read_now(const ReadRequest& asked) {
    if (environment_.directory.has_failed()) return unexpected(ErrorCode::kafka_storage_error);
    if (asked.from < log_start_ || asked.from > log_end_) return unexpected(ErrorCode::offset_out_of_range);
    ReadRequest request = asked;
    request.limit = std::min(asked.limit, log_end_);
    ReadBatches batches{.parts = {}, .range = {}, .bytes = 0, .next_offset = request.from};
    if (request.from >= request.limit) {
        tail_.was_read_to_end();
        return batches;
    }
    if (tail_.covers(request.from)) {
        batches.next_offset =
            tail_.read({request.from, request.limit, request.bytes_max, request.at_least_one}, batches.parts);
        for (const Bytes& part : batches.parts) batches.bytes += part.size();
        return batches;
    }
    request.may_refer = asked.may_refer && disk().may_refer();
    Reader reader(*this, request);
    while (const auto wanted = reader.wanted()) {
        auto [bytes, memory] = allocate(wanted->bytes);
        const auto read = wanted->file->read_cached(wanted->position, memory);
        if (!read.has_value())
            reader.fail(read.error());
        else if (*read >= wanted->bytes_min)
            reader.feed(bytes.slice(0, *read));
        else if (!reader.settle())
            return std::nullopt;
        if (reader.is_cold()) return std::nullopt;
    }
    auto result = reader.take_result();
    if (result.has_value() && result->next_offset >= request.limit) tail_.was_read_to_end();
    return result;
}

void PartitionLog::read(const ReadRequest& asked, ReadDone done) {
    if (auto now = read_now(asked)) return done(*std::move(now));
    read_cold(asked, std::move(done));
}

void PartitionLog::read_cold(const ReadRequest& asked, ReadDone done) {
    ReadRequest request = asked;
    request.limit = std::min(asked.limit, log_end_);
    request.may_refer = asked.may_refer && disk().may_refer();
    std::make_shared<ColdRead>(*this, request, std::move(done))->step();
}

Result<std::vector<AbortedTransaction>> PartitionLog::aborted_transactions(Offset from, Offset to) {
    ASSIGN_OR_RETURN(const auto entries, collect_aborted(from, to));
    std::vector<AbortedTransaction> aborted;
    aborted.reserve(entries.size());
    for (const AbortedEntry& entry : entries) aborted.push_back({entry.producer_id, entry.first_offset});
    return aborted;
}

// Every fetch of a librdkafka consumer asks for them, and most logs have none: what is known to be empty isn't opened.
Result<std::vector<AbortedEntry>> PartitionLog::collect_aborted(Offset from, Offset to) {
    std::vector<AbortedEntry> aborted;
    if (segments_.empty()) return aborted;
    for (size_t i = segment_index(from); i < segments_.size(); ++i) {
        Segment& segment = segments_[i];
        if (segment.has_no_aborted) continue;
        const auto entries =
            read_transaction_index(disk(), log_file_path(path_, segment.base_offset, FileKind::transaction_index));
        if (!entries.has_value()) return failed(entries.error(), "read");
        segment.has_no_aborted = entries->empty();
        for (const AbortedEntry& entry : *entries) {
            if (entry.last_offset >= from && entry.first_offset < to) aborted.push_back(entry);
            // Whatever ended later began at or beyond this one's last stable offset.
            if (entry.last_stable_offset >= to) return aborted;
        }
    }
    return aborted;
}

}  // namespace milena::storage
