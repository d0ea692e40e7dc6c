#include "storage/cleaner.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/log.h"

namespace milena::storage {

PartitionLog::Cleaning::Cleaning(PartitionLog& log, const Cleanable& range, const CleaningLimits& limits)
    : log_(log),
      range_(range),
      limits_(limits),
      now_(log.environment_.clock.wall()),
      log_end_(log.log_end_),
      generation_(log.generation_),
      mapped_end_(range.first_dirty) {
    stats_.from = range.first_dirty;
}

Result<CleaningSlice> PartitionLog::Cleaning::step() {
    CleaningSlice slice;
    slice_bytes_ = 0;
    if (log_.environment_.directory.has_failed()) return unexpected(ErrorCode::kafka_storage_error);
    if (generation_ != log_.generation_ || !log_.config_->is_compacted) {
        slice.state = State::abandoned;
        return slice;
    }
    ASSIGN_OR_RETURN(slice.state, advance());
    slice.bytes = slice_bytes_;
    if (slice.state == State::done) slice.stats = stats_;
    return slice;
}

Result<CleaningSlice::State> PartitionLog::Cleaning::advance() {
    switch (phase_) {
        case Phase::checkpoint: return begin_map();
        case Phase::map: return map_some();
        case Phase::copy: return copy_some();
        case Phase::sync: return end_group();
        case Phase::names: return end();
        case Phase::done: break;
    }
    return State::done;
}

// What was committed or aborted must stay so: its marker may lie anywhere below the log end. And what is known of
// producers and transactions below the recovery point is not read again from the batches that are rewritten.
Result<CleaningSlice::State> PartitionLog::Cleaning::begin_map() {
    if (log_.recovery_point_ < log_end_) {
        if (outcome_ != nullptr) return outcome_->pending > 0 ? State::waiting : State::abandoned;
        outcome_ = std::make_shared<Outcome>(Outcome{.pending = 1});
        log_.checkpoint([outcome = outcome_](Result<void>) { --outcome->pending; }, env::Urgency::background);
        return State::working;
    }
    outcome_ = nullptr;
    ASSIGN_OR_RETURN(const auto aborted, log_.collect_aborted(range_.first_dirty, range_.first_uncleanable));
    mapped_transactions_.expect_aborted(aborted);
    const OffsetMap::Limits limits{
        .bytes_max = limits_.map_bytes,
        .load_factor = limits_.map_load,
        .keys_expected_max = static_cast<uint64_t>(range_.first_uncleanable - range_.first_dirty)};
    map_.emplace(limits, HashSecret{log_.environment_.random.next(), log_.environment_.random.next()});
    const size_t first = log_.segment_index(range_.first_dirty);
    mapping_ = log_.segments_[first].base_offset;
    RETURN_IF_ERROR(open_reader(log_.segments_[first]));
    phase_ = Phase::map;
    return State::working;
}

Result<void> PartitionLog::Cleaning::open_reader(Segment& segment) {
    if (const auto opened = open_records(log_.disk(), log_.path_, segment); !opened.has_value())
        return log_.failed(opened.error(), "open");
    reader_.emplace(segment.file, segment.bytes, std::max(limits_.slice_bytes, wire::batch_header_bytes));
    return {};
}

// Gives visit() the whole batches of the next piece, with the piece; it returns false to stop there.
template <class F>
Result<CleaningSlice::State> PartitionLog::Cleaning::each_batch(F&& visit) {
    auto piece = reader_->next();
    if (!piece.has_value()) return State::waiting;
    if (!piece->has_value()) return log_.failed(piece->error(), "read");
    const Bytes& bytes = **piece;
    if (bytes.size() < reader_->wanted_bytes()) return unexpected(ErrorCode::corrupt_message);
    slice_bytes_ += bytes.size();
    wire::BatchCursor cursor(bytes.span());
    for (;;) {
        const auto batch = cursor.next();
        const bool is_cut = !batch.has_value() && batch.error() == wire::BatchFault::truncated;
        if (is_cut && bytes.size() < reader_->bytes_left()) break;
        if (!batch.has_value()) return unexpected(ErrorCode::corrupt_message);
        if (!batch->has_value()) break;
        if (!wire::crc_matches((*batch)->bytes)) return unexpected(ErrorCode::corrupt_message);
        ASSIGN_OR_RETURN(const bool goes_on, visit((*batch)->header, (*batch)->bytes, bytes));
        if (!goes_on) break;
    }
    const size_t whole = cursor.position();
    ASSIGN_OR_RETURN(const size_t needed, whole > 0 ? Result<size_t>(0) : bytes_of_first_batch(bytes));
    reader_->consumed(whole, needed);
    return State::working;
}

// Of a batch that the piece doesn't hold as a whole.
Result<size_t> PartitionLog::Cleaning::bytes_of_first_batch(const Bytes& piece) const {
    const auto header = wire::parse_batch_header(piece.span());
    if (!header.has_value() || header->size_bytes() > reader_->bytes_left())
        return unexpected(ErrorCode::corrupt_message);
    return header->size_bytes();
}

Result<CleaningSlice::State> PartitionLog::Cleaning::map_some() {
    bool is_full = false;
    ASSIGN_OR_RETURN(const State state, each_batch([&](const wire::BatchHeader& header,
                                                       std::span<const std::byte> batch, const Bytes&) -> Result<bool> {
                         ASSIGN_OR_RETURN(const bool has_room, map_batch(header, batch));
                         is_full = !has_room;
                         return has_room;
                     }));
    if (state == State::waiting) return state;
    stats_.bytes_mapped += slice_bytes_;
    if (is_full) return begin_copy();
    if (!reader_->is_at_end()) return State::working;
    const size_t next = log_.segment_index(mapping_) + 1;
    mapping_ = log_.segments_[next].base_offset;
    mapped_end_ = std::max(mapped_end_, mapping_);
    if (mapping_ >= range_.first_uncleanable) return begin_copy();
    RETURN_IF_ERROR(open_reader(log_.segments_[next]));
    return State::working;
}

// False if the map is full: mapped_end_ says up to which record it holds the keys.
Result<bool> PartitionLog::Cleaning::map_batch(const wire::BatchHeader& header, std::span<const std::byte> batch) {
    const bool has_keys = header.is_control() ? (mapped_transactions_.read_control_batch(header, batch), false)
                                              : !mapped_transactions_.read_batch(header);
    if (has_keys && header.last_offset() >= range_.first_dirty) {
        const auto section = wire::uncompressed_records(batch, decompressed_batch_bytes_max,
                                                        log_.environment_.codecs.decompressor, memory_);
        if (!section.has_value()) return unexpected(ErrorCode::corrupt_message);
        wire::RecordCursor records(header, *section);
        for (;;) {
            const auto record = records.next();
            if (!record.has_value()) return unexpected(ErrorCode::corrupt_message);
            if (!record->has_value()) break;
            if ((*record)->offset < range_.first_dirty) continue;
            if ((*record)->key.has_value() && !map_->put(*(*record)->key, (*record)->offset)) return false;
            mapped_end_ = (*record)->offset + 1;
        }
    }
    mapped_end_ = std::max(mapped_end_, header.next_offset());
    return true;
}

Result<CleaningSlice::State> PartitionLog::Cleaning::begin_copy() {
    stats_.keys = map_->size();
    stats_.map_utilization = map_->utilization();
    const BatchCleaner::Rules rules{*map_, mapped_end_, now_, log_.config_->delete_retention_ms.count()};
    cleaner_.emplace(rules, log_.environment_.codecs);
    ASSIGN_OR_RETURN(groups_, plan_groups());
    phase_ = Phase::copy;
    return begin_group();
}

// Neighbours that fit into one segment become one.
Result<std::vector<PartitionLog::Cleaning::Group>> PartitionLog::Cleaning::plan_groups() const {
    const auto files = log_.disk().list(log_.path_);
    if (!files.has_value()) return log_.failed(files.error(), "list");
    std::map<Offset, std::array<uint64_t, 2>> index_bytes;
    for (const env::DirectoryEntry& file : *files) {
        const auto name = parse_log_file_name(file.name);
        if (!name.has_value() || name->stage != FileStage::current) continue;
        if (name->kind == FileKind::offset_index) index_bytes[name->offset][0] = file.bytes;
        if (name->kind == FileKind::time_index) index_bytes[name->offset][1] = file.bytes;
    }
    std::vector<Group> groups;
    uint64_t bytes = 0;
    std::array<uint64_t, 2> indexes{};
    for (size_t i = 0; log_.segments_[i].base_offset < mapped_end_; ++i) {
        const Segment& segment = log_.segments_[i];
        const Offset end = log_.segments_[i + 1].base_offset;
        const std::array<uint64_t, 2>& more = index_bytes[segment.base_offset];
        const uint64_t index_bytes_max = log_.config_->segment_index_bytes;
        const bool fits = !groups.empty() && bytes + segment.bytes <= log_.config_->segment_bytes &&
                          indexes[0] + more[0] <= index_bytes_max && indexes[1] + more[1] <= index_bytes_max &&
                          end - 1 - groups.back().first <= std::numeric_limits<int32_t>::max();
        if (!fits) {
            groups.push_back({.first = segment.base_offset, .end = end});
            bytes = 0;
            indexes = {};
        }
        ++groups.back().count;
        groups.back().end = end;
        bytes += segment.bytes;
        indexes[0] += more[0];
        indexes[1] += more[1];
    }
    return groups;
}

std::string PartitionLog::Cleaning::output_path(FileKind kind) const {
    return log_file_path(log_.path_, output_.base_offset, kind, FileStage::cleaned);
}

Result<CleaningSlice::State> PartitionLog::Cleaning::begin_group() {
    if (group_ == groups_.size()) return begin_end();
    source_ = source_last_ = 0;
    const size_t first = source_index();
    for (size_t i = 1; i < group().count; ++i)
        if (log_.segments_[first + i].bytes > 0) source_last_ = i;
    is_changed_ = group().count > 1;
    output_ = Segment();
    output_.base_offset = group().first;
    output_.knows_max_timestamp = true;
    output_.is_durable = true;
    has_output_files_ = true;
    has_transactions_ = false;
    auto file = log_.disk().open(output_path(FileKind::records), env::OpenMode::create_truncate);
    if (!file.has_value()) return log_.failed(file.error(), "creation");
    output_.file = std::move(*file);
    auto writer = SegmentWriter::create(log_.disk(), log_.path_, output_.base_offset, FileStage::cleaned);
    if (!writer.has_value()) return log_.failed(writer.error(), "creation");
    writer_ = std::move(*writer);
    return begin_source();
}

Result<CleaningSlice::State> PartitionLog::Cleaning::begin_source() {
    const size_t index = source_index();
    const Offset end = log_.segments_[index + 1].base_offset;
    ASSIGN_OR_RETURN(const auto aborted, log_.collect_aborted(log_.segments_[index].base_offset, end));
    cleaner_->transactions().expect_aborted(aborted);
    RETURN_IF_ERROR(open_reader(log_.segments_[index]));
    ++stats_.segments_read;
    phase_ = Phase::copy;
    return State::working;
}

Result<CleaningSlice::State> PartitionLog::Cleaning::copy_some() {
    if (!reader_->is_at_end()) {
        const auto copy = [this](const wire::BatchHeader& header, std::span<const std::byte> batch,
                                 const Bytes& owner) -> Result<bool> {
            RETURN_IF_ERROR(copy_batch(header, batch, owner));
            return true;
        };
        ASSIGN_OR_RETURN(const State state, each_batch(copy));
        if (state == State::waiting) return state;
        stats_.bytes_read += slice_bytes_;
        RETURN_IF_ERROR(flush_output());
        if (!reader_->is_at_end()) return State::working;
    }
    if (++source_ < group().count) return begin_source();
    return begin_sync();
}

// The last batches of a producer hold its sequence, and tell a batch that is sent again; Kafka keeps only the last one.
// The last batch of a segment says where it ended, so that what was lost can't pass for what was compacted, and a
// replacement that was interrupted is seen to reach over all that it replaces.
bool PartitionLog::Cleaning::must_stay(const wire::BatchHeader& header, uint64_t end_position) const {
    if (source_ == source_last_ && end_position == log_.segments_[source_index()].bytes) return true;
    const ProducerEntry* producer = header.has_producer_id() ? log_.producers_.find(header.producer_id) : nullptr;
    if (producer == nullptr) return false;
    if (producer->batch_count == 0) return header.is_control() && header.producer_epoch == producer->epoch;
    const auto remembered = std::span(producer->batches).first(producer->batch_count);
    return std::ranges::find(remembered, header.last_offset(), &ProducerBatch::last_offset) != remembered.end();
}

Result<void> PartitionLog::Cleaning::copy_batch(const wire::BatchHeader& header, std::span<const std::byte> batch,
                                                const Bytes& owner) {
    const auto at = static_cast<size_t>(batch.data() - owner.data());
    const bool keeps_empty = must_stay(header, reader_->position() + at + batch.size());
    ASSIGN_OR_RETURN(const BatchCleaner::Fate fate, cleaner_->clean(header, batch, keeps_empty));
    for (const AbortedEntry& entry : cleaner_->transactions().take_retained()) {
        const auto written = append_transaction_index(log_.disk(), output_path(FileKind::transaction_index), entry);
        if (!written.has_value()) return log_.failed(written.error(), "write");
        has_transactions_ = true;
    }
    if (fate == BatchCleaner::Fate::left) return add(header, owner.slice(at, batch.size()));
    is_changed_ = true;
    if (fate == BatchCleaner::Fate::dropped) return {};
    Bytes rebuilt = Bytes::from(cleaner_->take_rebuilt());
    const wire::BatchHeader rebuilt_header = wire::load_batch_header(rebuilt.span().first<wire::batch_header_bytes>());
    return add(rebuilt_header, std::move(rebuilt));
}

Result<void> PartitionLog::Cleaning::add(const wire::BatchHeader& header, Bytes batch) {
    const SegmentWriter::Settings settings{log_.config_->index_interval_bytes, log_.config_->segment_index_bytes};
    const auto indexed = writer_->appended(output_, header, output_.bytes, settings);
    if (!indexed.has_value()) return log_.failed(indexed.error(), "write");
    output_.bytes += batch.size();
    parts_bytes_ += batch.size();
    parts_.push_back(std::move(batch));
    return {};
}

Result<void> PartitionLog::Cleaning::flush_output() {
    if (parts_.empty()) return {};
    const uint64_t position = output_.bytes - parts_bytes_;
    const auto written = output_.file->write_at(position, parts_);
    if (!written.has_value()) return log_.failed(written.error(), "write");
    output_.file->start_writeback(position, parts_bytes_);
    slice_bytes_ += parts_bytes_;
    stats_.bytes_written += parts_bytes_;
    parts_.clear();
    parts_bytes_ = 0;
    return {};
}

env::DiskDone<void> PartitionLog::Cleaning::noted(std::shared_ptr<env::File> kept) const {
    return [outcome = outcome_, kept = std::move(kept)](env::DiskResult<void> synced) {
        --outcome->pending;
        outcome->has_failed |= !synced.has_value();
    };
}

Result<CleaningSlice::State> PartitionLog::Cleaning::begin_sync() {
    reader_.reset();
    if (!is_changed_) {
        ++stats_.segments_written;
        discard();
        RETURN_IF_ERROR(log_.remove_snapshots(group().first, group().count));
        ++group_;
        return begin_group();
    }
    if (const auto finished = writer_->finish(output_); !finished.has_value())
        return log_.failed(finished.error(), "write");
    Files files{output_.file, writer_->offsets().file(), writer_->times().file()};
    if (has_transactions_) RETURN_IF_ERROR(log_.add_file(files, output_path(FileKind::transaction_index)));
    outcome_ = std::make_shared<Outcome>(Outcome{.pending = files.size()});
    for (const std::shared_ptr<env::File>& file : files) file->sync(env::Urgency::background, noted(file));
    phase_ = Phase::sync;
    return State::working;
}

Result<CleaningSlice::State> PartitionLog::Cleaning::end_group() {
    if (outcome_->pending > 0) return State::waiting;
    if (outcome_->has_failed) return log_.failed(env::DiskError::failed, "sync");
    output_.first_timestamp = writer_->first_timestamp;
    writer_ = nullptr;
    output_.file = nullptr;
    const Group done = group();
    RETURN_IF_ERROR(log_.replace_segments(done.first, done.count, std::move(output_)));
    has_output_files_ = false;
    generation_ = log_.generation_;
    ++stats_.segments_written;
    ++group_;
    return begin_group();
}

// Before the log may be called clean: after a power cut the old segments could be there again.
Result<CleaningSlice::State> PartitionLog::Cleaning::begin_end() {
    outcome_ = std::make_shared<Outcome>(Outcome{.pending = 1});
    log_.disk().sync_directory_async(log_.path_, env::Urgency::background, noted());
    phase_ = Phase::names;
    return State::working;
}

Result<CleaningSlice::State> PartitionLog::Cleaning::end() {
    if (outcome_->pending > 0) return State::waiting;
    if (outcome_->has_failed) return log_.failed(env::DiskError::failed, "sync of names");
    phase_ = Phase::done;
    stats_.to = mapped_end_;
    stats_.records_read = cleaner_->records_read();
    stats_.records_kept = cleaner_->records_kept();
    stats_.records_without_key = cleaner_->records_without_key();
    log_.cleaned_to_ = mapped_end_;
    return State::done;
}

void PartitionLog::Cleaning::discard() {
    writer_ = nullptr;
    output_.file = nullptr;
    if (!std::exchange(has_output_files_, false)) return;
    for (const FileKind kind : segment_kinds) [[maybe_unused]]
        const auto removed = log_.disk().remove(output_path(kind));
}

}  // namespace milena::storage
