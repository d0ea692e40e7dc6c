#include <algorithm>

#include "base/log.h"
#include "storage/partition_log.h"

namespace milena::storage {
namespace {

const std::string epoch_file_name(epoch_file);
const std::string epoch_file_new = epoch_file_name + ".tmp";

}  // namespace

void PartitionLog::sync(SyncDone done, env::Urgency urgency) {
    if (is_durable() && round_ == nullptr) return done({});
    join_round(false, urgency, std::move(done));
}

bool PartitionLog::needs_checkpoint() const {
    return !segments_.empty() && (recovery_point_ < log_end_ || epochs_changed_ || !is_durable());
}

void PartitionLog::checkpoint(SyncDone done, env::Urgency urgency) {
    if (!needs_checkpoint()) return done({});
    join_round(true, urgency, std::move(done));
}

// What is asked for while a round is under way may not be in it, so it waits for the next: one for all.
void PartitionLog::join_round(bool is_checkpoint, env::Urgency urgency, SyncDone done) {
    std::shared_ptr<SyncRound>& round = round_ == nullptr ? round_ : next_round_;
    const bool begins = round_ == nullptr;
    if (round == nullptr) round = std::make_shared<SyncRound>();
    round->waiters.push_back(std::move(done));
    round->is_checkpoint |= is_checkpoint;
    round->urgency = std::min(round->urgency, urgency);
    if (begins) begin_round();
}

void PartitionLog::begin_round() {
    const std::shared_ptr<SyncRound> round = round_;
    const auto files = prepare_round(*round);
    if (!files.has_value()) round->refused = files.error();
    const bool is_empty = !files.has_value() || (files->empty() && !round->syncs_names);
    if (is_empty) return complete_round(round, this);
    round->pending = files->size() + (round->syncs_names ? 2 : 0);
    auto arrived = [round, log = self()](bool succeeded) {
        round->has_failed |= !succeeded;
        if (--round->pending == 0) complete_round(round, *log);
    };
    for (const std::shared_ptr<env::File>& file : *files)
        file->sync(round->urgency, [file, arrived](env::DiskResult<void> synced) { arrived(synced.has_value()); });
    if (!round->syncs_names) return;
    disk().sync_directory_async(path_, round->urgency,
                                [arrived](env::DiskResult<void> synced) { arrived(synced.has_value()); });
    // Last: it may come at once.
    environment_.directory.sync_names([arrived](Result<void> synced) { arrived(synced.has_value()); });
}

Result<PartitionLog::Files> PartitionLog::prepare_round(SyncRound& round) {
    if (environment_.directory.has_failed()) return unexpected(ErrorCode::kafka_storage_error);
    round.target = log_end_;
    round.generation = generation_;
    round.begun = environment_.clock.now();
    Files files;
    round.closed_count = segments_.empty() ? 0 : segments_.size() - 1;
    if (round.is_checkpoint && !segments_.empty()) {
        if (const auto prepared = prepare_checkpoint(round, files); !prepared.has_value()) {
            if (environment_.directory.has_failed()) return unexpected(prepared.error());
            round.is_checkpoint = false;  // the disk is full: what was appended becomes durable all the same
        }
    }
    RETURN_IF_ERROR(add_segment_files(files));
    round.syncs_names = std::exchange(names_changed_, false);
    return files;
}

Result<void> PartitionLog::prepare_checkpoint(SyncRound& round, Files& files) {
    if (writer_ != nullptr) {
        if (const auto flushed = writer_->flush(); !flushed.has_value()) return failed(flushed.error(), "write");
    }
    RETURN_IF_ERROR(take_snapshot());
    if (epochs_changed_) {
        RETURN_IF_ERROR(write_small_file(epoch_file_new, epochs_.to_text()));
        RETURN_IF_ERROR(add_file(files, path_ + "/" + epoch_file_new));
        round.renames_epochs = true;
        epochs_changed_ = false;
    }
    const Offset active = segments_.back().base_offset;
    if (std::exchange(transactions_changed_, false))
        RETURN_IF_ERROR(add_file(files, log_file_path(path_, active, FileKind::transaction_index)));
    return {};
}

Result<void> PartitionLog::add_file(Files& files, const std::string& path) {
    auto file = disk().open(path, env::OpenMode::read_write);
    if (!file.has_value()) {
        if (file.error() == env::DiskError::not_found) return {};
        return failed(file.error(), "open");
    }
    files.push_back(std::move(*file));
    return {};
}

// The records that are not durable yet; and once, when a segment has been closed, its indexes.
Result<void> PartitionLog::add_segment_files(Files& files) {
    for (size_t i = 0; i < segments_.size(); ++i) {
        Segment& segment = segments_[i];
        const bool is_last = i + 1 == segments_.size();
        if (segment.is_durable || (is_last && durable_ == log_end_ && !was_cut_)) continue;
        if (const auto opened = open_records(disk(), path_, segment); !opened.has_value())
            return failed(opened.error(), "open");
        files.push_back(segment.file);
        if (is_last) continue;
        for (const FileKind kind : {FileKind::offset_index, FileKind::time_index, FileKind::transaction_index})
            RETURN_IF_ERROR(add_file(files, log_file_path(path_, segment.base_offset, kind)));
    }
    was_cut_ = false;
    return {};
}

Result<void> PartitionLog::settle_round(const SyncRound& round) {
    if (round.refused != ErrorCode::none) return unexpected(round.refused);
    if (round.has_failed) return failed(env::DiskError::failed, "sync");
    if (round.renames_epochs) {
        const auto renamed = disk().rename(path_ + "/" + epoch_file_new, path_ + "/" + epoch_file_name);
        if (!renamed.has_value()) return failed(renamed.error(), "rename");
    }
    if (round.generation != generation_) return {};
    durable_ = std::max(durable_, round.target);
    for (size_t i = 0; i < round.closed_count; ++i) segments_[i].is_durable = true;
    if (round.is_checkpoint) recovery_point_ = std::max(recovery_point_, round.target);
    undurable_since_ = durable_ == log_end_ ? std::nullopt : std::optional(round.begun);
    return {};
}

void PartitionLog::complete_round(const std::shared_ptr<SyncRound>& round, PartitionLog* log) {
    Result<void> outcome;
    if (log != nullptr) {
        outcome = log->settle_round(*round);
        log->round_ = std::move(log->next_round_);
        log->next_round_ = nullptr;
        if (log->round_ != nullptr) log->begin_round();
    } else if (round->has_failed || round->refused != ErrorCode::none) {
        outcome = unexpected(ErrorCode::kafka_storage_error);
    }
    // Last: whoever waited may destroy the log.
    for (const SyncDone& done : round->waiters) done(outcome);
}

Result<void> PartitionLog::sync_now() {
    // What a round under way was to make durable may not be so yet.
    if (round_ != nullptr) names_changed_ = was_cut_ = true;
    if (is_durable()) return {};
    SyncRound round;
    ASSIGN_OR_RETURN(const Files files, prepare_round(round));
    for (const std::shared_ptr<env::File>& file : files) round.has_failed |= !file->sync_now().has_value();
    if (round.syncs_names) {
        round.has_failed |= !disk().sync_directory(path_).has_value();
        RETURN_IF_ERROR(environment_.directory.sync_names_now());
    }
    return settle_round(round);
}

Result<void> PartitionLog::take_snapshot() {
    if (!config_->keeps_producer_state || snapshot_ == log_end_) return {};
    const std::string path = log_file_path(path_, log_end_, FileKind::producer_snapshot);
    const Bytes content = producers_.to_snapshot();
    const auto file = disk().open(path, env::OpenMode::create_truncate);
    const auto written = file.has_value() ? (*file)->write_at(0, std::span(&content, 1))
                                          : env::DiskResult<void>(unexpected(file.error()));
    if (!written.has_value()) {
        const auto error = failed(written.error(), "write");
        // Without it recovery reads more.
        if (written.error() == env::DiskError::full) return {};
        return error;
    }
    // One for each segment is kept, and the newest.
    const bool is_of_segment =
        std::any_of(segments_.begin(), segments_.end(), [&](const Segment& s) { return s.base_offset == snapshot_; });
    if (snapshot_ != no_offset && !is_of_segment) [[maybe_unused]]
        const auto removed = disk().remove(log_file_path(path_, snapshot_, FileKind::producer_snapshot));
    snapshot_ = log_end_;
    return {};
}

Result<void> PartitionLog::close() {
    if (environment_.directory.has_failed()) return unexpected(ErrorCode::kafka_storage_error);
    stop_cleaning();
    if (segments_.empty()) return {};
    if (writer_ != nullptr) {
        if (const auto finished = writer_->finish(segments_.back()); !finished.has_value())
            return failed(finished.error(), "write");
    }
    RETURN_IF_ERROR(take_snapshot());
    if (std::exchange(transactions_changed_, false)) {
        Files files;
        RETURN_IF_ERROR(
            add_file(files, log_file_path(path_, segments_.back().base_offset, FileKind::transaction_index)));
        for (const std::shared_ptr<env::File>& file : files)
            if (const auto synced = file->sync_now(); !synced.has_value()) return failed(synced.error(), "sync");
    }
    if (epochs_changed_) {
        const auto replaced = env::replace_file(disk(), path_ + "/" + epoch_file_name, epochs_.to_text());
        if (!replaced.has_value()) return failed(replaced.error(), "write");
        epochs_changed_ = false;
    }
    recovery_point_ = durable_;
    return {};
}

}  // namespace milena::storage
