#include "raft/raft_log.h"

#include <algorithm>
#include <utility>

#include "storage/checkpoint_text.h"
#include "storage/checkpoints.h"
#include "wire/slices.h"

namespace milena::raft {

namespace {

constexpr std::string_view recovery_point_file = "recovery-point";
constexpr size_t read_bytes_max = 1 << 20;
// Others fetch what was just written: the page cache has it.
constexpr size_t cache_bytes = 0;

std::shared_ptr<const storage::LogConfig> log_config(const RaftLog::Options& options) {
    storage::LogConfig config;
    config.segment_bytes = options.segment_bytes;
    config.segment_ms = options.segment_ms;
    config.deletes_old_segments = false;  // only what a snapshot covers may go
    config.file_delete_delay_ms = Milliseconds(0);
    config.keeps_producer_state = false;
    return std::make_shared<const storage::LogConfig>(config);
}

// Twice, since the file is written over: of 139 and a part of 140 could come 149, which was never durable.
std::string recovery_point_text(Offset point) {
    const std::string entry = std::string(metadata_topic) + " 0 " + std::to_string(point.value);
    return storage::checkpoint_text({entry, entry});
}

// 0 where the file is missing or torn: it only ever helps.
Offset read_recovery_point(env::Disk& disk, const std::string& path) {
    const auto entries = storage::read_checkpoint(disk, path);
    if (!entries || entries->size() != 2 || entries->front().offset != entries->back().offset) return Offset(0);
    return entries->front().offset;
}

// The batches of one read, which begins in front of `from`.
Result<std::vector<ParsedBatch>, std::string> parse_all(const storage::ReadBatches& read, Offset from) {
    std::vector<ParsedBatch> result;
    for (const Bytes& part : read.parts) {
        wire::BatchCursor cursor(part.span());
        for (;;) {
            const auto batch = cursor.next();
            if (!batch) return unexpected(std::string("malformed batch"));
            if (!batch->has_value()) break;
            auto parsed = parse_batch(part.slice((*batch)->position, (*batch)->bytes.size()));
            if (!parsed)
                return unexpected(parsed.error() + " at offset " + std::to_string((*batch)->header.base_offset.value));
            if (parsed->header.last_offset() >= from) result.push_back(std::move(parsed).value());
        }
    }
    return result;
}

}  // namespace

std::string RaftLog::directory(const std::string& log_dir) {
    return log_dir + "/" + storage::partition_directory_name(metadata_topic, PartitionIndex(0));
}

RaftLog::RaftLog(const Environment& environment, const Options& options)
    : environment_(environment),
      directory_(environment.disk, options.log_dir),
      cache_(cache_bytes),
      path_(directory(options.log_dir)) {}

Result<std::unique_ptr<RaftLog>, std::string> RaftLog::open(const Environment& environment, const Options& options) {
    std::unique_ptr<RaftLog> log(new RaftLog(environment, options));
    // A vote is given before anything is written to the log, and is durable only where its directory is.
    auto created = environment.disk.create_directories(log->path_);
    if (created) created = environment.disk.sync_directory(options.log_dir);
    if (!created) return unexpected("can't create " + log->path_);
    const Offset noted = read_recovery_point(environment.disk, log->path_ + "/" + std::string(recovery_point_file));
    const Offset known = std::max(noted, options.durable_min);
    auto opened = storage::PartitionLog::open(log->of_log_, {.topic = std::string(metadata_topic),
                                                             .partition = PartitionIndex(0),
                                                             .topic_id = metadata_topic_id,
                                                             .config = log_config(options),
                                                             .recovery_point = known,
                                                             .log_start_offset = Offset(0),
                                                             .was_closed_cleanly = false});
    if (!opened)
        return unexpected("can't open the metadata log in " + log->path_ + ": " +
                          std::string(error_name(opened.error())));
    log->log_ = std::move(opened).value();
    // A snapshot may stand for what the log has lost; a record that was durable may not be missing.
    if (log->end() < noted && options.durable_min < noted)
        return unexpected("the metadata log in " + log->path_ + " is damaged: it ends at offset " +
                          std::to_string(log->end().value) + " but was durable up to " + std::to_string(noted.value));
    log->noted_ = noted;
    return log;
}

Result<Offset> RaftLog::append(Bytes batch, LeaderEpoch epoch) {
    const size_t bytes = batch.size();
    ASSIGN_OR_RETURN(const storage::Appended appended,
                     log_->append_as_leader({.batch = std::move(batch),
                                             .epoch = epoch,
                                             .origin = storage::AppendOrigin::coordinator,
                                             .owner_bytes = bytes}));
    return appended.first_offset;
}

Result<void> RaftLog::append_fetched(const Bytes& batches) {
    const auto appended = log_->append_as_follower(std::span(&batches, 1));
    if (!appended) return unexpected(appended.error());
    return {};
}

void RaftLog::sync(std::function<void(Result<void>)> done) {
    if (epoch_synced_ == latest_epoch()) return log_->sync(std::move(done));
    epoch_synced_ = latest_epoch();
    log_->checkpoint(std::move(done));
}

void RaftLog::read(Offset from, ReadDone done) {
    const storage::ReadRequest request{.from = from, .limit = end(), .bytes_max = read_bytes_max, .at_least_one = true};
    log_->read(request, [from, done = std::move(done)](Result<storage::ReadBatches> read) {
        if (!read) return done(unexpected("can't read the metadata log: " + std::string(error_name(read.error()))));
        done(parse_all(*read, from));
    });
}

void RaftLog::read_bytes(Offset from, size_t bytes_max, BytesDone done) {
    const storage::ReadRequest request{.from = from, .limit = end(), .bytes_max = bytes_max, .at_least_one = true};
    log_->read(request, [done = std::move(done)](Result<storage::ReadBatches> read) {
        if (!read) return done(unexpected(read.error()));
        std::vector<Piece> pieces(read->parts.begin(), read->parts.end());
        done(wire::Slices(std::move(pieces)).joined());
    });
}

// What was synced in an epoch says nothing of what comes after a truncation.
Result<void> RaftLog::restart_at(Offset offset) {
    epoch_synced_ = no_leader_epoch;
    return log_->truncate_fully_and_start_at(offset);
}

Result<void> RaftLog::truncate_to(Offset offset) {
    epoch_synced_ = no_leader_epoch;
    const auto truncated = log_->truncate_to(offset);
    if (!truncated) return unexpected(truncated.error());
    return {};
}

Result<void> RaftLog::drop_prefix(Offset offset) {
    RETURN_IF_ERROR(log_->advance_log_start(std::min(offset, end())));
    RETURN_IF_ERROR(log_->delete_old_segments(durable_end()));
    while (directory_.remove_due(environment_.clock.now(), 16)) {
    }
    return {};
}

void RaftLog::note_recovery_point(Offset committed) {
    const Offset point = std::min(durable_end(), committed);
    if (point <= noted_) return;
    // Written over, for a file system may take an emptied file to the device when it is closed.
    const auto file = environment_.disk.open(path_ + "/" + std::string(recovery_point_file), env::OpenMode::create);
    if (!file) return;
    const Bytes text = Bytes::copy_of(recovery_point_text(point));
    if (!(*file)->write_at(0, std::span(&text, 1))) return;
    if ((*file)->size() > text.size() && !(*file)->truncate(text.size())) return;
    noted_ = point;
}

Result<void> RaftLog::close(Offset committed) {
    RETURN_IF_ERROR(log_->sync_now());
    note_recovery_point(committed);
    return log_->close();
}

}  // namespace milena::raft
