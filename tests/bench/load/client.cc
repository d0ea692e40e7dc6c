#include <cstdio>
#include <cstdlib>

#include <time.h>

#include "bench/load/load.h"

namespace load {

std::string Arguments::text(const char* name, const char* otherwise) const {
    const auto found = options.find(name);
    return found == options.end() ? otherwise : found->second;
}

int64_t Arguments::number(const char* name, int64_t otherwise) const {
    const auto found = options.find(name);
    return found == options.end() ? otherwise : std::atoll(found->second.c_str());
}

double seconds_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void die(const std::string& reason) {
    std::fprintf(stderr, "rdk_load: %s\n", reason.c_str());
    std::exit(1);
}

rd_kafka_t* make_client(rd_kafka_type_t type, const Settings& settings, Totals* totals,
                        void (*on_delivery)(rd_kafka_t*, const rd_kafka_message_t*, void*)) {
    char problem[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const auto& [name, value] : settings)
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), problem, sizeof problem) != RD_KAFKA_CONF_OK)
            die(problem);
    rd_kafka_conf_set_opaque(conf, totals);
    if (on_delivery != nullptr) rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t* client = rd_kafka_new(type, conf, problem, sizeof problem);
    if (client == nullptr) die(problem);
    return client;
}

bool count_delivery(const rd_kafka_message_t* message, Totals* totals) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        totals->failures++;
        return false;
    }
    totals->records++;
    totals->bytes += static_cast<int64_t>(message->len);
    return true;
}

void finish(rd_kafka_t* producer, rd_kafka_topic_t* topic, Totals* totals) {
    constexpr int flush_ms = 120'000;
    if (rd_kafka_flush(producer, flush_ms) != RD_KAFKA_RESP_ERR_NO_ERROR)
        totals->failures += rd_kafka_outq_len(producer);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(producer);
}

Settings producer_settings(const Arguments& arguments) {
    return {{"bootstrap.servers", arguments.bootstrap},
            {"client.id", arguments.text("client-id", "rdkafka")},
            {"acks", arguments.text("acks", "all")},
            {"compression.type", arguments.text("codec", "none")},
            {"batch.size", arguments.text("batch-bytes", "65536")},
            {"linger.ms", arguments.text("linger-ms", "5")},
            {"queue.buffering.max.messages", "500000"},
            {"queue.buffering.max.kbytes", "131072"}};
}

std::string random_value(size_t bytes) {
    std::string value(bytes, '\0');
    uint32_t random = 1;
    for (char& byte : value) {
        random = random * 1664525 + 1013904223;
        byte = static_cast<char>(random >> 24);
    }
    return value;
}

}  // namespace load
