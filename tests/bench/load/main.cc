// A load generator on librdkafka: rdk_load MODE BOOTSTRAP TOPIC RECORDS [--name value ...]
//
//   produce  RECORDS in all from --producers at once, as fast as they are taken; --keys N: with one of N keys each
//   pace     RECORDS at --rate in a second; adds the percentiles of the time to the acknowledgement, without those
//            that were due in the first --settle-s seconds
//   consume  RECORDS in all from each of --partitions at once
//   groups   RECORDS in each of --groups consumer groups of one member
//
// It prints one JSON object: how many, how many bytes, how long it took, what it cost the client, and exits with 1 when
// a record failed. Options for producers: --size (bytes of a value), --acks, --codec, --batch-bytes, --linger-ms,
// --client-id.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/resource.h>

#include "bench/load/load.h"

namespace {

struct Mode {
    const char* name;
    void (*run)(const load::Arguments&, load::Totals*);
};

constexpr Mode modes[] = {
    {"produce", load::produce}, {"pace", load::pace}, {"consume", load::consume}, {"groups", load::consume_in_groups}};

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void print_percentiles(std::vector<double>& latencies_ms) {
    if (latencies_ms.empty()) return;
    std::sort(latencies_ms.begin(), latencies_ms.end());
    const auto at = [&latencies_ms](double share) {
        return latencies_ms[static_cast<size_t>(share * static_cast<double>(latencies_ms.size() - 1))];
    };
    std::printf(", \"p50_ms\": %.4f, \"p99_ms\": %.4f, \"p999_ms\": %.4f", at(0.5), at(0.99), at(0.999));
}

}  // namespace

int main(int count, char** words) {
    const Mode* mode = nullptr;
    for (const Mode& one : modes)
        if (count > 1 && std::strcmp(words[1], one.name) == 0) mode = &one;
    if (mode == nullptr || count < 5 || count % 2 == 0)
        load::die("usage: rdk_load produce|pace|consume|groups BOOTSTRAP TOPIC RECORDS [--name value ...]");
    load::Arguments arguments{words[1], words[2], words[3], std::atoll(words[4]), {}};
    for (int index = 5; index + 1 < count; index += 2)
        arguments.options[words[index] + std::strspn(words[index], "-")] = words[index + 1];
    load::Totals totals;
    const double begin = load::seconds_now();
    mode->run(arguments, &totals);
    const double seconds = load::seconds_now() - begin;
    std::printf("{\"records\": %lld, \"bytes\": %lld, \"failures\": %lld, \"seconds\": %.6f, \"client_cpu_s\": %.3f",
                static_cast<long long>(totals.records), static_cast<long long>(totals.bytes),
                static_cast<long long>(totals.failures), seconds, cpu_seconds());
    print_percentiles(totals.latencies_ms);
    std::printf("}\n");
    return totals.failures == 0 ? 0 : 1;
}
