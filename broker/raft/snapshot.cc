#include "raft/snapshot.h"

#include <cstdio>
#include <utility>

#include "base/parse_number.h"
#include "raft/batches.h"
#include "wire/decoder.h"

namespace milena::raft {

namespace {

constexpr std::string_view extension = ".checkpoint";
constexpr std::string_view partial_extension = ".checkpoint.part";
constexpr size_t offset_digits = 20;
constexpr size_t epoch_digits = 10;

// Of the records of one batch that we write, and of any batch that we read.
constexpr size_t batch_bytes_wanted = 1 << 20;
constexpr size_t batch_bytes_max = 64 << 20;

template <class T>
std::optional<T> parse_digits(std::string_view text) {
    const auto number = parse_number<T>(text);
    return number && *number < 0 ? std::nullopt : number;
}

std::string base_name(const SnapshotId& id) {
    std::array<char, offset_digits + epoch_digits + 2> name{};
    std::snprintf(name.data(), name.size(), "%020lld-%010d", static_cast<long long>(id.end_offset.value),
                  id.epoch.value);
    return name.data();
}

}  // namespace

std::string snapshot_file_name(const SnapshotId& id) { return base_name(id) + std::string(extension); }

std::optional<SnapshotId> parse_snapshot_file_name(std::string_view name) {
    constexpr size_t length = offset_digits + 1 + epoch_digits + extension.size();
    if (name.size() != length || name[offset_digits] != '-' || !name.ends_with(extension)) return std::nullopt;
    const auto end_offset = parse_digits<int64_t>(name.substr(0, offset_digits));
    const auto epoch = parse_digits<int32_t>(name.substr(offset_digits + 1, epoch_digits));
    if (!end_offset || !epoch) return std::nullopt;
    return SnapshotId{Offset(*end_offset), LeaderEpoch(*epoch)};
}

SnapshotWriter::SnapshotWriter(env::Disk& disk, std::string directory, const SnapshotId& id, Timestamp timestamp)
    : disk_(disk), directory_(std::move(directory)), id_(id), timestamp_(timestamp) {}

env::DiskResult<std::unique_ptr<SnapshotWriter>> SnapshotWriter::create(env::Disk& disk, const std::string& directory,
                                                                        const SnapshotId& id,
                                                                        const SnapshotHeader& header) {
    std::unique_ptr<SnapshotWriter> writer(new SnapshotWriter(disk, directory, id, header.last_timestamp));
    ASSIGN_OR_RETURN(writer->file_, disk.open(writer->partial_path(), env::OpenMode::create_truncate));
    std::vector<ControlRecord> controls{snapshot_header_record(header.last_timestamp)};
    if (header.kraft_version > 0) {
        controls.push_back(kraft_version_record(header.kraft_version));
        controls.push_back(voters_record(header.voters));
    }
    writer->write_controls(controls);
    return writer;
}

std::string SnapshotWriter::partial_path() const {
    return directory_ + "/" + base_name(id_) + std::string(partial_extension);
}

void SnapshotWriter::add(const Bytes& value) {
    values_.push_back(value);
    values_bytes_ += value.size();
    if (values_bytes_ >= batch_bytes_wanted) write_values();
}

void SnapshotWriter::write_values() {
    if (values_.empty()) return;
    write(build_batch({next_offset_, id_.epoch, timestamp_}, values_), values_.size());
    values_.clear();
    values_bytes_ = 0;
}

void SnapshotWriter::write_controls(std::span<const ControlRecord> controls) {
    write(build_control_batch({next_offset_, id_.epoch, timestamp_}, controls), controls.size());
}

void SnapshotWriter::write(const Bytes& batch, size_t records_count) {
    if (!outcome_) return;
    outcome_ = file_->write_at(position_, std::span(&batch, 1));
    position_ += batch.size();
    next_offset_ = next_offset_ + static_cast<int64_t>(records_count);
}

void SnapshotWriter::finish(std::shared_ptr<SnapshotWriter> writer, env::DiskDone<void> done) {
    const std::vector<ControlRecord> footer{snapshot_footer_record()};
    writer->write_values();
    writer->write_controls(footer);
    if (!writer->outcome_) return done(writer->settle(writer->outcome_));
    env::File& file = *writer->file_;
    file.sync(env::Urgency::background,
              [writer = std::move(writer), done = std::move(done)](const env::DiskResult<void>& synced) {
                  const auto renamed = synced ? writer->rename() : synced;
                  if (!renamed) return done(writer->settle(renamed));
                  writer->disk_.sync_directory_async(
                      writer->directory_, env::Urgency::background,
                      [writer, done](const env::DiskResult<void>& named) { done(writer->settle(named)); });
              });
}

env::DiskResult<void> SnapshotWriter::rename() {
    return disk_.rename(partial_path(), directory_ + "/" + snapshot_file_name(id_));
}

env::DiskResult<void> SnapshotWriter::settle(env::DiskResult<void> outcome) {
    if (!outcome && !disk_.remove(partial_path())) return unexpected(outcome.error());  // the next start removes it
    return outcome;
}

namespace {

// Takes the batches of a snapshot one after the other and knows what must come first and last.
class SnapshotParser {
  public:
    // False: this is no snapshot.
    bool take(ParsedBatch batch) {
        if (has_ended_) return false;
        for (const ControlRecord& control : batch.controls) {
            if (!take(control)) return false;
        }
        if (!batch.values.empty() && !has_begun_) return false;
        for (Bytes& value : batch.values) snapshot_.values.push_back(std::move(value));
        return true;
    }
    bool is_complete() const { return has_ended_; }
    Snapshot& snapshot() { return snapshot_; }

  private:
    bool take(const ControlRecord& control) {
        SnapshotHeader& header = snapshot_.header;
        if (has_ended_) return false;
        if (control.type == ControlType::snapshot_header) {
            const auto message = wire::decode<wire::SnapshotHeaderRecord>(control.value, 0);
            if (!message || has_begun_) return false;
            has_begun_ = true;
            header.last_timestamp = Timestamp(message->last_contained_log_timestamp);
            return true;
        }
        if (!has_begun_) return false;
        if (control.type == ControlType::snapshot_footer) {
            has_ended_ = true;
        } else if (control.type == ControlType::kraft_version) {
            const auto message = wire::decode<wire::KRaftVersionRecord>(control.value, 0);
            if (!message) return false;
            header.kraft_version = message->kraft_version;
        } else if (control.type == ControlType::voters) {
            const auto message = wire::decode<wire::VotersRecord>(control.value, 0);
            if (!message) return false;
            header.voters = VoterSet::from_record(*message);
        }
        return true;
    }

    Snapshot snapshot_;
    bool has_begun_ = false;
    bool has_ended_ = false;
};

// The batch at `position`, or why there is none.
Result<Bytes, SnapshotFault> read_batch(env::File& file, uint64_t position) {
    std::array<std::byte, wire::batch_header_bytes> head{};
    const auto got = file.read_at(position, head);
    if (!got) return unexpected(SnapshotFault::unreadable);
    const auto header = wire::parse_batch_header(std::span(head).first(*got));
    if (!header || header->size_bytes() > batch_bytes_max || header->size_bytes() > file.size() - position)
        return unexpected(SnapshotFault::corrupt);
    std::vector<std::byte> batch(header->size_bytes());
    const auto whole = file.read_at(position, batch);
    if (!whole) return unexpected(SnapshotFault::unreadable);
    if (*whole != batch.size()) return unexpected(SnapshotFault::corrupt);
    return Bytes::from(std::move(batch));
}

// Reads batches until `wants_more` says no or the file ends.
template <class WantsMore>
Result<SnapshotParser, SnapshotFault> read_batches(env::Disk& disk, const std::string& path, WantsMore wants_more) {
    const auto file = disk.open(path, env::OpenMode::read_only);
    if (!file) return unexpected(SnapshotFault::unreadable);
    SnapshotParser parser;
    for (uint64_t position = 0; position < (*file)->size() && wants_more(parser);) {
        ASSIGN_OR_RETURN(const Bytes bytes, read_batch(**file, position));
        auto batch = parse_batch(bytes);
        if (!batch || !parser.take(std::move(batch).value())) return unexpected(SnapshotFault::corrupt);
        position += bytes.size();
    }
    return parser;
}

}  // namespace

Result<Snapshot, SnapshotFault> read_snapshot(env::Disk& disk, const std::string& path) {
    ASSIGN_OR_RETURN(SnapshotParser parser, read_batches(disk, path, [](const SnapshotParser&) { return true; }));
    if (!parser.is_complete()) return unexpected(SnapshotFault::corrupt);
    return std::move(parser.snapshot());
}

Result<SnapshotHeader, SnapshotFault> read_snapshot_header(env::Disk& disk, const std::string& path) {
    bool is_first = true;
    ASSIGN_OR_RETURN(SnapshotParser parser,
                     read_batches(disk, path, [&](const SnapshotParser&) { return std::exchange(is_first, false); }));
    if (is_first) return unexpected(SnapshotFault::corrupt);
    return parser.snapshot().header;
}

}  // namespace milena::raft
