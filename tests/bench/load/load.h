// The load generator's parts: what it was asked for, what came of it, and a librdkafka client made of settings. Links
// nothing of ours: it is a client of any broker.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <librdkafka/rdkafka.h>

namespace load {

struct Totals {
    std::atomic<int64_t> records{0};
    std::atomic<int64_t> bytes{0};
    std::atomic<int64_t> failures{0};
    std::vector<double> latencies_ms;  // of `pace`, in the order of the acknowledgements
};

struct Arguments {
    std::string mode;
    std::string bootstrap;
    std::string topic;
    int64_t records = 0;
    std::map<std::string, std::string> options;

    std::string text(const char* name, const char* otherwise) const;
    int64_t number(const char* name, int64_t otherwise) const;
};

using Settings = std::map<std::string, std::string>;

double seconds_now();
[[noreturn]] void die(const std::string& reason);

// `on_delivery` is for producers alone and may be null; it finds the Totals as the client's opaque.
rd_kafka_t* make_client(rd_kafka_type_t type, const Settings& settings, Totals* totals,
                        void (*on_delivery)(rd_kafka_t*, const rd_kafka_message_t*, void*));
// Counts what was delivered; false if it wasn't.
bool count_delivery(const rd_kafka_message_t* message, Totals* totals);
// Waits for what a producer has sent, and ends it; what never arrived has failed.
void finish(rd_kafka_t* producer, rd_kafka_topic_t* topic, Totals* totals);
Settings producer_settings(const Arguments& arguments);
std::string random_value(size_t bytes);

// The modes; each fills the totals.
void produce(const Arguments& arguments, Totals* totals);
void pace(const Arguments& arguments, Totals* totals);
void consume(const Arguments& arguments, Totals* totals);
void consume_in_groups(const Arguments& arguments, Totals* totals);

}  // namespace load
