// What it costs to decode and encode the two messages of the data path, with 8 partitions each. Prints one line of JSON
// for each. The best of many short runs: the machine may be busy.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "wire/header.h"
#include "wire/messages/fetch.h"
#include "wire/messages/produce.h"

namespace {

using namespace milena;
using namespace milena::wire;

constexpr int32_t partitions = 8;
constexpr size_t records_bytes = 128 * 1024;
constexpr int runs = 300;
constexpr int loops_per_run = 2000;

template <class Work>
void measure(const char* name, Work work) {
    double best = 1e12;
    for (int run = 0; run < runs; ++run) {
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < loops_per_run; ++i) work();
        const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
        best = std::min(best, taken.count() / loops_per_run);
    }
    std::printf("{\"codec\": \"%s\", \"partitions\": %d, \"ns\": %.0f}\n", name, partitions, best);
}

Bytes records() { return Bytes::from(std::vector<std::byte>(records_bytes)); }

ProduceRequest produce_request() {
    ProduceRequest request{.acks = -1, .timeout_ms = 30000};
    ProduceRequest::Topic topic{.topic_id = Uuid{1, 2}};
    for (int32_t i = 0; i < partitions; ++i) topic.partition_data.push_back({.index = i, .records = records()});
    request.topic_data.push_back(std::move(topic));
    return request;
}

FetchResponse fetch_response() {
    FetchResponse response;
    FetchResponse::Topic topic{.topic_id = Uuid{1, 2}};
    for (int32_t i = 0; i < partitions; ++i) {
        FetchResponse::Partition partition{.partition_index = i, .high_watermark = 1000, .last_stable_offset = 1000};
        partition.records = records();
        topic.partitions.push_back(std::move(partition));
    }
    response.responses.push_back(std::move(topic));
    return response;
}

template <class M>
void measure_decode(const char* name, const Bytes& body) {
    measure(name, [&] { check(decode<M>(body, M::api.max).has_value()); });
}

}  // namespace

int main() {
    const ProduceRequest produce = produce_request();
    const FetchResponse fetch = fetch_response();
    measure_decode<ProduceRequest>("decode Produce request", encode(produce, ProduceRequest::api.max).joined());
    measure("encode Fetch response", [&] { check(encode_response(fetch, FetchResponse::api.max, 1).size > 0); });
    measure_decode<FetchResponse>("decode Fetch response", encode(fetch, FetchResponse::api.max).joined());
    measure("encode Produce request", [&] {
        check(encode_request(produce, {.api_version = ProduceRequest::api.max, .client_id = "bench"}).size > 0);
    });
    return 0;
}
