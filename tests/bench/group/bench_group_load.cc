// How long a coordinator takes to load a million committed offsets, from batches as they lie in the log, and how much
// memory it holds them in. Three shapes: many small groups, few groups of many partitions, and every offset committed
// ten times. Prints one line of JSON for each.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "group/coordinator.h"
#include "wire/record_batch_builder.h"

namespace {

using namespace milena;

constexpr int offsets_count = 1'000'000;
constexpr int records_a_batch = 100;

struct NoClock final : env::Clock {
    Instant now() override { return {}; }
    Timestamp wall() override { return Timestamp(1'700'000'000'000); }
};

struct NoRandom final : env::Random {
    uint64_t next() override { return 4; }
};

struct NoJournal final : group::Journal {
    Result<Offset> append(const group::Records&) override { return Offset(0); }
};

struct Shape {
    const char* name;
    int groups;
    int topics;   // of each group
    int commits;  // of each offset
};

using Batches = std::vector<std::vector<std::byte>>;

Batches log_of(const Shape& shape) {
    Batches batches;
    wire::BatchOptions options;
    wire::RecordBatchBuilder builder(options);
    const int partitions = offsets_count / shape.commits / shape.groups / shape.topics;
    Offset next(0);
    const auto flush = [&] {
        batches.push_back(builder.build());
        options.base_offset = next;
        builder = wire::RecordBatchBuilder(options);
    };
    for (int commit = 0; commit < shape.commits; ++commit)
        for (int g = 0; g < shape.groups; ++g)
            for (int t = 0; t < shape.topics; ++t)
                for (int p = 0; p < partitions; ++p) {
                    group::CommittedOffset offset;
                    offset.offset = Offset(commit * 1000 + p);
                    offset.commit_timestamp = Timestamp(1'700'000'000'000);
                    offset.topic_id = Uuid{static_cast<uint64_t>(t) + 100, 7};
                    offset.partition = PartitionIndex((p * 7919) % partitions);  // in any order, as from a hash table
                    const group::Record record = group::offset_record("consumer-group-" + std::to_string(g),
                                                                      "topic-of-orders-" + std::to_string(t), offset);
                    builder.add({.timestamp = Timestamp(1), .key = record.key.span(), .value = record.value->span()});
                    ++next;
                    if (builder.records_count() == records_a_batch) flush();
                }
    if (builder.records_count() > 0) flush();
    return batches;
}

double resident_mb() {
    std::ifstream statm("/proc/self/statm");
    long total = 0, resident = 0;
    statm >> total >> resident;
    return static_cast<double>(resident) * 4096 / 1e6;
}

void measure(const Shape& shape) {
    const Batches batches = log_of(shape);
    NoClock clock;
    NoRandom random;
    NoJournal journal;
    const double before_mb = resident_mb();
    const auto begin = std::chrono::steady_clock::now();
    group::Coordinator coordinator({journal, clock, random}, {});
    for (const auto& batch : batches) {
        const auto header = wire::parse_batch_header(batch);
        wire::RecordCursor cursor(*header, wire::records_section(batch));
        for (auto next = cursor.next(); *next; next = cursor.next()) {
            const wire::Record& read = **next;
            check(coordinator.apply({Bytes(nullptr, *read.key), Bytes(nullptr, *read.value)}, read.offset));
        }
    }
    coordinator.loaded();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    std::printf("{\"shape\": \"%s\", \"records\": %d, \"offsets\": %zu, \"seconds\": %.3f, \"mb\": %.0f}\n", shape.name,
                offsets_count, coordinator.offsets().size(), elapsed.count(), resident_mb() - before_mb);
}

}  // namespace

int main() {
    measure({"100 groups of 10,000 partitions", 100, 100, 1});
    measure({"10 groups of one topic with 100,000 partitions", 10, 1, 1});
    measure({"100,000 groups of 10 partitions", 100'000, 1, 1});
    measure({"100 groups of 1,000 partitions, ten commits each", 100, 10, 10});
    return 0;
}
