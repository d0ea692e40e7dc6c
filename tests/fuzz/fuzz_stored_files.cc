// Hostile files in the directory of a log: whatever lies there, opening it is an outcome, what is read from it is
// sound, and what was recovered once is found again. An input is a list of files behind two bytes of options; checksums
// are made right where the options ask for it.
#include <cstdint>
#include <iterator>
#include <string>

#include "base/crc32c.h"
#include "base/log.h"
#include "memory_disk.h"
#include "storage/checkpoints.h"
#include "storage/file_names.h"
#include "storage/partition_log.h"
#include "wire/record_batch_builder.h"

namespace {

using namespace milena;
using namespace milena::fuzz;
using namespace milena::storage;

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
    each_file(input, [&](uint8_t kind, Content content) {
        const std::string name = file_name(kind);
        if (makes_right && name.find(".log") != std::string::npos) make_checksums_right(content);
        if (makes_right && name.ends_with(".snapshot")) make_snapshot_right(content);
        disk.files["/d/t-0/" + name] = std::make_shared<Content>(std::move(content));
    });
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
