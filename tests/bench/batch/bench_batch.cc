// What it costs to validate a produced batch of 64 KiB, by codec and record size; the checksum alone for comparison.
// Prints one line of JSON for each. The best of many short runs: the machine may be busy.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "base/check.h"
#include "wire/batch_validation.h"
#include "wire/record_batch_builder.h"

namespace {

using namespace milena;
using namespace milena::wire;

constexpr size_t batch_bytes = 64 * 1024;
constexpr int runs = 400;
constexpr int loops_per_run = 20;

template <class Work>
double best_ns(Work work) {
    double best = 1e12;
    for (int run = 0; run < runs; ++run) {
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < loops_per_run; ++i) work();
        const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
        best = std::min(best, taken.count() / loops_per_run);
    }
    return best;
}

std::string text(size_t size) {
    std::string value(size, ' ');
    uint32_t state = 1;
    for (char& c : value) c = static_cast<char>('a' + ((state = state * 1664525 + 1013904223) >> 24) % 26);
    return value;
}

void measure(const char* name, Codec codec, size_t record_bytes, Codecs& codecs) {
    BatchOptions options;
    options.codec = codec;
    RecordBatchBuilder builder(options);
    const std::string value = text(record_bytes);
    NewRecord record;
    record.value = std::as_bytes(std::span(value));
    for (record.timestamp = Timestamp(1000); builder.size_bytes() < batch_bytes; ++record.timestamp)
        builder.add(record);
    const auto plain_bytes = static_cast<double>(builder.size_bytes());
    const auto records_count = static_cast<double>(builder.records_count());
    std::vector<std::byte> batch = builder.build(codecs.compressor);

    ValidationRules rules;
    rules.now = Timestamp(2000);
    const double ns = best_ns([&] { check(validate_produced(batch, rules, codecs).has_value()); });
    const double crc_ns = best_ns([&] { check(crc_matches(batch)); });
    std::printf(
        "{\"codec\": \"%s\", \"record_bytes\": %zu, \"batch_bytes\": %zu, \"validate_ns\": %.0f, \"crc_ns\": %.0f, "
        "\"gb_per_s\": %.1f, \"ns_per_record\": %.1f}\n",
        name, record_bytes, batch.size(), ns, crc_ns, plain_bytes / ns, ns / records_count);
}

}  // namespace

int main() {
    Codecs codecs;
    for (const size_t record_bytes : {100U, 1024U}) {
        measure("none", Codec::none, record_bytes, codecs);
        measure("gzip", Codec::gzip, record_bytes, codecs);
        measure("snappy", Codec::snappy, record_bytes, codecs);
        measure("lz4", Codec::lz4, record_bytes, codecs);
        measure("zstd", Codec::zstd, record_bytes, codecs);
    }
}
