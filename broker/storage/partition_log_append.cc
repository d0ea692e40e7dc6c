#include <algorithm>
#include <limits>

#include "base/log.h"
#include "storage/end_marker.h"
#include "storage/partition_log.h"
#include "storage/partition_metadata.h"
#include "storage/transaction_index.h"

namespace milena::storage {

Result<PartitionLog::Incoming> PartitionLog::check_incoming(const Bytes& bytes, const wire::BatchHeader& header,
                                                            AppendOrigin origin) const {
    Incoming incoming{header, bytes, std::nullopt};
    if (!header.has_producer_id() || !header.is_control()) return incoming;
    incoming.marker = parse_end_marker(header, bytes.span());
    if (incoming.marker.has_value()) RETURN_IF_ERROR(producers_.decide(header, *incoming.marker, origin));
    return incoming;
}

Result<Appended> PartitionLog::append_as_leader(LeaderAppend append) {
    auto header = wire::parse_batch_header(append.batch.span());
    if (!header.has_value() || header->size_bytes() != append.batch.size())
        return unexpected(ErrorCode::corrupt_message);
    if (append.batch.size() > config_->segment_bytes) return unexpected(ErrorCode::record_list_too_large);
    if (header->has_producer_id() && !header->is_control() && config_->keeps_producer_state) {
        ASSIGN_OR_RETURN(const auto duplicate, producers_.decide(*header, append.origin));
        if (duplicate.has_value())
            return Appended{duplicate->first_offset(), duplicate->last_offset, true, duplicate->timestamp};
    }
    ASSIGN_OR_RETURN(Incoming incoming, check_incoming(append.batch, *header, append.origin));
    incoming.header.base_offset = log_end_;
    incoming.header.partition_leader_epoch = append.epoch;
    if (const auto written = write_as_leader(incoming, append); !written.has_value()) {
        producers_.refused(incoming.header, written.error());
        return unexpected(written.error());
    }
    return Appended{incoming.header.base_offset, incoming.header.last_offset()};
}

void PartitionLog::refused(const Bytes& batch, ErrorCode why) {
    const auto header = wire::parse_batch_header(batch.span());
    if (header.has_value() && header->has_producer_id()) producers_.refused(*header, why);
}

Result<void> PartitionLog::write_as_leader(const Incoming& incoming, const LeaderAppend& append) {
    RETURN_IF_ERROR(prepare_append(incoming.header, append.batch.size()));
    // LeaderAppend says that this memory is ours to write to.
    const std::span<std::byte> memory(const_cast<std::byte*>(append.batch.data()), append.batch.size());
    wire::patch_base_offset(memory, log_end_);
    wire::patch_partition_leader_epoch(memory, append.epoch);
    return write(std::span(&incoming, 1), append.owner_bytes);
}

Result<std::vector<PartitionLog::Incoming>> PartitionLog::check_follower_batches(std::span<const Bytes> batches) const {
    std::vector<Incoming> incoming;
    Offset next = log_end_;
    for (const Bytes& part : batches) {
        wire::BatchCursor cursor(part.span());
        for (;;) {
            const auto batch = cursor.next();
            if (!batch.has_value()) return unexpected(ErrorCode::corrupt_message);
            if (!batch->has_value()) break;
            const wire::BatchHeader& header = (*batch)->header;
            const bool begins_within = incoming.empty() && log_start_ == log_end_ && header.last_offset() >= log_end_;
            if (header.base_offset < next && !begins_within)
                return unexpected(incoming.empty() ? ErrorCode::offset_out_of_range : ErrorCode::corrupt_message);
            if (!wire::crc_matches((*batch)->bytes)) return unexpected(ErrorCode::corrupt_message);
            next = header.next_offset();
            ASSIGN_OR_RETURN(Incoming one, check_incoming(part.slice((*batch)->position, (*batch)->bytes.size()),
                                                          header, AppendOrigin::replication));
            incoming.push_back(std::move(one));
        }
    }
    return incoming;
}

Result<Appended> PartitionLog::append_as_follower(std::span<const Bytes> batches, size_t owner_bytes) {
    ASSIGN_OR_RETURN(const auto incoming, check_follower_batches(batches));
    if (incoming.empty()) return Appended{log_end_, log_end_ - 1};
    if (incoming.front().header.base_offset < log_end_)
        RETURN_IF_ERROR(begin_within(incoming.front().header.base_offset));
    std::span<const Incoming> rest(incoming);
    while (!rest.empty()) {
        RETURN_IF_ERROR(prepare_append(rest.front().header, rest.front().batch.size()));
        // As many as the segment takes; the next ones open another.
        uint64_t bytes = rest.front().batch.size();
        size_t count = 1;
        for (; count < rest.size() && !must_roll(rest[count].header, bytes + rest[count].batch.size()); ++count)
            bytes += rest[count].batch.size();
        RETURN_IF_ERROR(write(rest.first(count), owner_bytes));
        rest = rest.subspan(count);
    }
    return Appended{incoming.front().header.base_offset, incoming.back().header.last_offset()};
}

// The segment that `first` goes to is there, is open and ends where the log ends.
Result<void> PartitionLog::prepare_append(const wire::BatchHeader& first, uint64_t bytes) {
    if (environment_.directory.has_failed()) return unexpected(ErrorCode::kafka_storage_error);
    if (segments_.empty()) RETURN_IF_ERROR(create_files(first.base_offset));
    RETURN_IF_ERROR(ensure_writer());
    RETURN_IF_ERROR(cut_refused_append());
    if (must_roll(first, bytes)) {
        // Without a gap between segments recovery sees when the end of one was lost.
        const bool is_in_range = first.last_offset() - log_end_ <= std::numeric_limits<int32_t>::max();
        return roll(is_in_range ? log_end_ : first.base_offset);
    }
    return {};
}

// What a full disk took of an append that was refused: followed by anything, in this segment or the next, it would be
// where recovery cuts the log.
Result<void> PartitionLog::cut_refused_append() {
    const Segment& active = segments_.back();
    if (active.file->size() == active.bytes) return {};
    const auto cut = active.file->truncate(active.bytes);
    if (!cut.has_value()) return failed(cut.error(), "truncation");
    return {};
}

bool PartitionLog::must_roll(const wire::BatchHeader& first, uint64_t bytes) const {
    const Segment& active = segments_.back();
    const int64_t delta = first.last_offset() - active.base_offset;
    if (delta > std::numeric_limits<int32_t>::max()) return true;
    if (active.bytes == 0) return false;
    if (active.bytes + bytes > config_->segment_bytes) return true;
    if (writer_->indexes_are_full(config_->segment_index_bytes)) return true;
    const int64_t waited = writer_->first_timestamp.value >= 0 ? first.max_timestamp - writer_->first_timestamp
                                                               : environment_.clock.wall() - writer_->created;
    return waited > config_->segment_ms.count() - writer_->roll_jitter.count();
}

Result<void> PartitionLog::write_small_file(std::string_view name, const std::string& text) {
    const auto file = disk().open(path_ + "/" + std::string(name), env::OpenMode::create_truncate);
    if (!file.has_value()) return failed(file.error(), "creation");
    const Bytes content = Bytes::copy_of(text);
    const auto written = (*file)->write_at(0, std::span(&content, 1));
    if (!written.has_value()) return failed(written.error(), "write");
    names_changed_ = true;
    return {};
}

Result<void> PartitionLog::create_files(Offset base) {
    const auto created = disk().create_directories(path_);
    if (!created.has_value()) return failed(created.error(), "creation");
    environment_.directory.names_changed();
    if (!topic_id_.is_zero())
        RETURN_IF_ERROR(write_small_file(partition_metadata_file, partition_metadata_text(topic_id_)));
    return add_segment(base);
}

Result<void> PartitionLog::add_segment(Offset base) {
    Segment segment;
    segment.base_offset = base;
    segment.knows_max_timestamp = true;
    auto file = disk().open(log_file_path(path_, base, FileKind::records), env::OpenMode::create_truncate);
    if (!file.has_value()) return failed(file.error(), "creation");
    segment.file = std::move(*file);
    auto writer = SegmentWriter::open(disk(), path_, segment, 0, base);
    if (!writer.has_value()) {
        // An empty segment in the middle of a log would hide what is appended to the one before.
        [[maybe_unused]] const auto removed = disk().remove(log_file_path(path_, base, FileKind::records));
        return failed(writer.error(), "creation");
    }
    writer_ = std::move(*writer);
    writer_->created = environment_.clock.wall();
    if (const auto jitter = static_cast<uint64_t>(config_->segment_jitter_ms.count()); jitter > 0)
        writer_->roll_jitter = Milliseconds(environment_.random.next() % jitter);
    segments_.push_back(std::move(segment));
    names_changed_ = true;
    return {};
}

// After open() nothing of the last segment is at hand but its size.
Result<void> PartitionLog::ensure_writer() {
    if (writer_ != nullptr) return {};
    Segment& active = segments_.back();
    if (const auto opened = open_records(disk(), path_, active); !opened.has_value())
        return failed(opened.error(), "open");
    RETURN_IF_ERROR(know_max_timestamp(active));
    auto writer = SegmentWriter::open(disk(), path_, active, active.bytes, log_end_);
    if (!writer.has_value()) return failed(writer.error(), "open");
    std::array<std::byte, wire::batch_header_bytes> bytes;
    const auto read = active.file->read_at(0, bytes);
    if (!read.has_value()) return failed(read.error(), "read");
    if (active.bytes >= bytes.size() && *read == bytes.size())
        (*writer)->first_timestamp = wire::load_batch_header(bytes).max_timestamp;
    (*writer)->created = environment_.clock.wall();
    (*writer)->writeback_from = active.bytes;
    writer_ = std::move(*writer);
    return {};
}

Result<void> PartitionLog::roll(Offset base) {
    if (segments_.back().bytes == 0) return restart_at(base);
    const std::unique_ptr<SegmentWriter> closed = std::move(writer_);
    const auto added = add_segment(base);
    if (!added.has_value()) {
        writer_ = nullptr;  // resumed by the next append
        const auto finished = closed->flush();
        if (!finished.has_value()) return failed(finished.error(), "write");
        return unexpected(added.error());
    }
    segments_[segments_.size() - 2].first_timestamp = closed->first_timestamp;
    const auto finished = closed->finish(segments_[segments_.size() - 2]);
    if (!finished.has_value()) return failed(finished.error(), "write");
    return take_snapshot();
}

Result<void> PartitionLog::write(std::span<const Incoming> batches, size_t owner_bytes) {
    Segment& active = segments_.back();
    const uint64_t position = active.bytes;
    env::DiskResult<void> written;
    if (batches.size() == 1) {
        written = active.file->write_at(position, std::span(&batches.front().batch, 1));
    } else {
        std::vector<Bytes> parts;
        parts.reserve(batches.size());
        for (const Incoming& incoming : batches) parts.push_back(incoming.batch);
        written = active.file->write_at(position, parts);
    }
    if (!written.has_value()) return failed(written.error(), "append");
    if (!undurable_since_.has_value()) undurable_since_ = environment_.clock.now();
    uint64_t at = position;
    for (const Incoming& incoming : batches) {
        take_in(incoming, at);
        at += incoming.batch.size();
    }
    // The batches hold their owner together, so each answers for its share of it.
    const uint64_t total_bytes = at - position;
    const uint64_t held_bytes = std::max<uint64_t>(owner_bytes, total_bytes);
    for (const Incoming& incoming : batches)
        tail_.append(incoming.header.base_offset, incoming.header.last_offset(), incoming.batch,
                     incoming.batch.size() * held_bytes / total_bytes);
    if (environment_.writeback_bytes > 0) write_back(environment_.writeback_bytes);
    return {};
}

// What cannot be refused any more: the batch is in the file.
void PartitionLog::take_in(const Incoming& incoming, uint64_t position) {
    Segment& active = segments_.back();
    const wire::BatchHeader& header = incoming.header;
    active.bytes = position + incoming.batch.size();
    log_end_ = header.next_offset();
    if (header.partition_leader_epoch != epochs_.latest() && header.partition_leader_epoch.value >= 0)
        epochs_changed_ |= epochs_.assign(header.partition_leader_epoch, std::max(header.base_offset, log_start_));
    const auto indexed =
        writer_->appended(active, header, position, {config_->index_interval_bytes, config_->segment_index_bytes});
    if (!indexed.has_value()) environment_.directory.failed(indexed.error(), "write of index", path_);
    if (!header.has_producer_id() || !config_->keeps_producer_state) return;
    if (!header.is_control()) {
        producers_.apply(header);
    } else if (incoming.marker.has_value()) {
        const auto ended = producers_.apply(header, *incoming.marker);
        if (ended.has_value() && ended->was_aborted) complete_transaction(*ended);
    }
}

void PartitionLog::complete_transaction(const CompletedTransaction& ended) {
    segments_.back().has_no_aborted = false;
    const std::string file = log_file_path(path_, segments_.back().base_offset, FileKind::transaction_index);
    const auto written = append_transaction_index(
        disk(), file, {ended.producer_id, ended.first_offset, ended.last_offset, producers_.last_stable_offset(ended)});
    if (!written.has_value()) environment_.directory.failed(written.error(), "write", file);
    names_changed_ |= !written.has_value() || *written;
    transactions_changed_ = true;
}

void PartitionLog::write_back(uint64_t bytes_min) {
    if (writer_ == nullptr) return;
    const Segment& active = segments_.back();
    if (active.bytes < writer_->writeback_from + bytes_min) return;
    active.file->start_writeback(writer_->writeback_from, active.bytes - writer_->writeback_from);
    writer_->writeback_from = active.bytes;
}

}  // namespace milena::storage
