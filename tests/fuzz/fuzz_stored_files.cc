// Hostile files in the directory of a log: whatever lies there, opening it is an outcome, what is read from it is
// sound, and what was recovered once is found again. An input is a list of files, `kind | size | content`, behind two
// bytes of options. Checksums are made right where the options ask for it, else hardly any input would pass them.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/big_endian.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "storage/checkpoints.h"
#include "storage/file_names.h"
#include "storage/partition_log.h"
#include "wire/record_batch_builder.h"

namespace {

using namespace milena;
using namespace milena::storage;
using env::DiskError;
using env::DiskResult;

using Content = std::vector<std::byte>;

class MemoryFile final : public env::File {
  public:
    explicit MemoryFile(std::shared_ptr<Content> content) : content_(std::move(content)) {}

    uint64_t size() const override { return content_->size(); }
    DiskResult<void> write_at(uint64_t position, std::span<const Bytes> parts) override {
        check(position <= size());
        for (const Bytes& part : parts) {
            if (content_->size() < position + part.size()) content_->resize(position + part.size());
            std::copy(part.span().begin(), part.span().end(),
                      content_->begin() + static_cast<std::ptrdiff_t>(position));
            position += part.size();
        }
        return {};
    }
    DiskResult<size_t> read_at(uint64_t position, std::span<std::byte> into) override {
        if (position >= size()) return size_t{0};
        const size_t bytes = std::min<size_t>(into.size(), size() - position);
        std::copy_n(content_->begin() + static_cast<std::ptrdiff_t>(position), bytes, into.begin());
        return bytes;
    }
    DiskResult<size_t> read_cached(uint64_t position, std::span<std::byte> into) override {
        return read_at(position, into);
    }
    // What is cached is all there is, so whoever gets here reads beyond the end of a file.
    void read_async(uint64_t, size_t, env::DiskDone<Bytes> done) override { done(Bytes()); }
    DiskResult<void> truncate(uint64_t bytes) override {
        content_->resize(bytes);
        return {};
    }
    void sync(env::Urgency, env::DiskDone<void> done) override { done({}); }
    DiskResult<void> sync_now() override { return {}; }
    void start_writeback(uint64_t, uint64_t) override {}

  private:
    std::shared_ptr<Content> content_;
};

// One directory, "/d/t-0".
class MemoryDisk final : public env::Disk {
  public:
    std::map<std::string, std::shared_ptr<Content>> files;

    DiskResult<std::unique_ptr<env::File>> open(const std::string& path, env::OpenMode mode) override {
        auto& content = files[path];
        const bool creates = mode == env::OpenMode::create || mode == env::OpenMode::create_truncate;
        if (content == nullptr && !creates) {
            files.erase(path);
            return unexpected(DiskError::not_found);
        }
        if (content == nullptr || mode == env::OpenMode::create_truncate) content = std::make_shared<Content>();
        return std::unique_ptr<env::File>(std::make_unique<MemoryFile>(content));
    }
    DiskResult<std::vector<env::DirectoryEntry>> list(const std::string& directory) override {
        std::vector<env::DirectoryEntry> entries;
        for (const auto& [path, content] : files)
            if (path.starts_with(directory + "/"))
                entries.push_back({path.substr(directory.size() + 1), false, content->size()});
        return entries;
    }
    DiskResult<void> create_directories(const std::string&) override { return {}; }
    DiskResult<void> remove(const std::string& path) override {
        if (files.erase(path) == 0) return unexpected(DiskError::not_found);
        return {};
    }
    DiskResult<void> rename(const std::string& from, const std::string& to) override {
        const auto file = files.find(from);
        if (file == files.end()) return unexpected(DiskError::not_found);
        const auto content = file->second;
        files.erase(file);
        files[to] = content;
        return {};
    }
    DiskResult<void> sync_directory(const std::string&) override { return {}; }
    void sync_directory_async(const std::string&, env::Urgency, env::DiskDone<void> done) override { done({}); }
    DiskResult<env::DiskSpace> space(const std::string&) override { return env::DiskSpace{}; }
};

struct StillClock final : env::Clock {
    Instant now() override { return {}; }
    Timestamp wall() override { return Timestamp(1'700'000'000'000); }
};
struct SameRandom final : env::Random {
    uint64_t next() override { return 4; }
};

void make_checksums_right(Content& records) {
    for (size_t at = 0; at < records.size();) {
        const auto batch = std::span(records).subspan(at);
        const auto header = wire::parse_batch_header(batch);
        if (!header || header->size_bytes() > batch.size()) return;
        const auto whole = batch.first(header->size_bytes());
        store_big_endian(whole.data() + wire::batch_field::crc, wire::batch_crc(whole));
        at += whole.size();
    }
}

void make_snapshot_right(Content& snapshot) {
    constexpr size_t checksum_position = 2;
    constexpr size_t covered_position = 6;
    if (snapshot.size() < covered_position) return;
    store_big_endian(snapshot.data() + checksum_position, crc32c(std::span(snapshot).subspan(covered_position)));
}

std::string file_name(uint8_t kind) {
    constexpr int64_t bases[] = {0, 3, 100, INT64_MAX - 1, INT64_MAX - INT32_MAX - 1};
    switch (kind & 0x0f) {
        case 0: return std::string(epoch_file);
        case 1: return "partition.metadata";
        case 2: return "00000000000000000000.log.swap";
        case 3: return "00000000000000000003.log.cleaned";
        default: break;
    }
    const auto file_kind = static_cast<FileKind>(((kind & 0x0f) - 4) % 5);
    return log_file_name(Offset(bases[(kind >> 4) % std::size(bases)]), file_kind);
}

void fill(MemoryDisk& disk, std::span<const std::byte> input, bool makes_right) {
    constexpr size_t head_bytes = 3;
    while (input.size() > head_bytes) {
        const std::string name = file_name(static_cast<uint8_t>(input[0]));
        const size_t size = std::min<size_t>(load_big_endian<uint16_t>(input.data() + 1), input.size() - head_bytes);
        const auto content = input.subspan(head_bytes, size);
        auto file = std::make_shared<Content>(content.begin(), content.end());
        if (makes_right && name.find(".log") != std::string::npos) make_checksums_right(*file);
        if (makes_right && name.ends_with(".snapshot")) make_snapshot_right(*file);
        disk.files["/d/t-0/" + name] = std::move(file);
        input = input.subspan(head_bytes + size);
    }
}

void read_all(PartitionLog& log) {
    check(log.log_start_offset() <= log.log_end_offset());
    check(log.durable_offset() <= log.log_end_offset());
    Offset next = log.log_start_offset();
    while (next < log.log_end_offset()) {
        bool goes_on = false;
        log.read({next, log.log_end_offset(), 1000, true}, [&](Result<ReadBatches> batches) {
            if (!batches || batches->parts.empty()) return;
            for (const Bytes& part : batches->parts) {
                wire::BatchCursor cursor(part.span());
                while (const auto batch = cursor.next().value()) check(batch->header.last_offset() >= next);
            }
            check(batches->next_offset > next && batches->next_offset <= log.log_end_offset());
            next = batches->next_offset;
            goes_on = true;
        });
        if (!goes_on) break;
    }
    log.find_max_timestamp([](auto) {});
    for (const int64_t time : {int64_t{-1}, int64_t{0}, int64_t{1'000}, int64_t{1'700'000'000'000}})
        log.find_by_timestamp(Timestamp(time), [](auto) {});
    (void)log.aborted_transactions(log.log_start_offset(), log.log_end_offset());
    (void)log.last_stable_offset(log.log_end_offset());
}

Bytes small_batch() {
    wire::RecordBatchBuilder builder({});
    builder.add({.timestamp = Timestamp(5), .key = std::nullopt, .value = std::nullopt, .headers = {}});
    return Bytes::from(builder.build());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    set_log_sink([](LogLevel, std::string_view) {});
    const uint8_t options = data[0];
    const std::span<const std::byte> input = std::as_bytes(std::span(data, size)).subspan(2);
    (void)parse_checkpoint({reinterpret_cast<const char*>(data), size});

    MemoryDisk disk;
    fill(disk, input, (options & 1) != 0);
    StillClock clock;
    SameRandom random;
    wire::Codecs codecs;
    LogDirectory directory(disk, "/d");
    TailCache cache(0);
    const LogEnvironment environment{directory, cache, clock, random, codecs};
    OpenOptions open_options{.topic = "t",
                             .partition = PartitionIndex(0),
                             .topic_id = {},
                             .config = std::make_shared<LogConfig>(),
                             .recovery_point = Offset(data[1] & 0x7f),
                             .log_start_offset = Offset((options & 2) != 0 ? 2 : 0),
                             .was_closed_cleanly = (options & 4) != 0};
    auto log = PartitionLog::open(environment, open_options);
    if (!log.has_value()) return 0;
    read_all(**log);
    const Offset end = (*log)->log_end_offset();
    log->reset();

    // What recovery has left is whole: the next one finds the same.
    open_options.was_closed_cleanly = false;
    log = PartitionLog::open(environment, open_options);
    check(log.has_value());
    if ((options & 4) == 0) check((*log)->log_end_offset() == end);
    if (end.value < INT64_MAX / 2 && (*log)->append_as_leader({.batch = small_batch(), .epoch = LeaderEpoch(9)}))
        read_all(**log);
    if ((*log)->truncate_to(Offset(4)).has_value()) read_all(**log);
    check((*log)->close().has_value() || directory.has_failed());
    return 0;
}
