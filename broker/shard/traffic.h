// How much of a topic has gone in and out through one shard. Plain numbers of the shard that owns the partitions.
#pragma once

#include <cstdint>

namespace milena::shard {

struct TopicTraffic {
    uint64_t produced_records = 0;
    uint64_t produced_bytes = 0;
    uint64_t produce_requests = 0;  // of one partition each
    uint64_t produce_failures = 0;
    uint64_t fetched_bytes = 0;
    uint64_t fetch_requests = 0;  // of one partition each
    uint64_t fetch_failures = 0;

    void add(const TopicTraffic& other) {
        produced_records += other.produced_records;
        produced_bytes += other.produced_bytes;
        produce_requests += other.produce_requests;
        produce_failures += other.produce_failures;
        fetched_bytes += other.fetched_bytes;
        fetch_requests += other.fetch_requests;
        fetch_failures += other.fetch_failures;
    }
};

}  // namespace milena::shard
