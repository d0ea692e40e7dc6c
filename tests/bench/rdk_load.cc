// A load generator on librdkafka: rdk_load produce|consume BOOTSTRAP TOPIC RECORDS [--name value ...]
//
// Produces RECORDS records in all from several producers, or consumes as many from every partition at once, and prints
// one JSON object: how many, how many bytes, how long it took, what it cost the client. It exits with 1 when a record
// failed. Options: --size (bytes of a value), --producers, --partitions (consume), --acks, --codec, --batch-bytes,
// --linger-ms.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <librdkafka/rdkafka.h>
#include <sys/resource.h>
#include <time.h>

namespace {

constexpr int records_per_call = 500;
constexpr double idle_s_max = 60;

struct Totals {
    std::atomic<int64_t> records{0};
    std::atomic<int64_t> bytes{0};
    std::atomic<int64_t> failures{0};
};

struct Arguments {
    std::string bootstrap;
    std::string topic;
    int64_t records = 0;
    std::map<std::string, std::string> options;

    std::string text(const char* name, const char* otherwise) const {
        auto found = options.find(name);
        return found == options.end() ? otherwise : found->second;
    }
    int64_t number(const char* name, int64_t otherwise) const {
        auto found = options.find(name);
        return found == options.end() ? otherwise : std::atoll(found->second.c_str());
    }
};

double seconds_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void die(const std::string& reason) {
    std::fprintf(stderr, "rdk_load: %s\n", reason.c_str());
    std::exit(1);
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto* totals = static_cast<Totals*>(opaque);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        totals->failures++;
        return;
    }
    totals->records++;
    totals->bytes += static_cast<int64_t>(message->len);
}

using Settings = std::map<std::string, std::string>;

rd_kafka_t* make_client(rd_kafka_type_t type, const Settings& settings, Totals* totals) {
    char problem[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const auto& [name, value] : settings) {
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), problem, sizeof problem) != RD_KAFKA_CONF_OK) {
            die(problem);
        }
    }
    rd_kafka_conf_set_opaque(conf, totals);
    if (type == RD_KAFKA_PRODUCER) {
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    }
    rd_kafka_t* client = rd_kafka_new(type, conf, problem, sizeof problem);
    if (client == nullptr) {
        die(problem);
    }
    return client;
}

// Sends the records in runs; a full queue waits for deliveries instead of dropping.
void produce_run(rd_kafka_t* client, rd_kafka_topic_t* topic, const std::string& value, int64_t count) {
    std::vector<rd_kafka_message_t> run(records_per_call);
    while (count > 0) {
        auto size = static_cast<int>(count < records_per_call ? count : records_per_call);
        for (int index = 0; index < size; index++) {
            run[static_cast<size_t>(index)] = {};
            run[static_cast<size_t>(index)].payload = const_cast<char*>(value.data());
            run[static_cast<size_t>(index)].len = value.size();
        }
        rd_kafka_message_t* rest = run.data();
        while (size > 0) {
            int taken = rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, rest, size);
            // All records are equal: how many were refused by a full queue matters, not which.
            rest += taken;
            size -= taken;
            count -= taken;
            rd_kafka_poll(client, size > 0 ? 10 : 0);
        }
    }
}

void produce(const Arguments& arguments, int64_t records, Totals* totals) {
    Settings settings{{"bootstrap.servers", arguments.bootstrap},
                      {"acks", arguments.text("acks", "all")},
                      {"compression.type", arguments.text("codec", "none")},
                      {"batch.size", arguments.text("batch-bytes", "65536")},
                      {"linger.ms", arguments.text("linger-ms", "5")},
                      {"queue.buffering.max.messages", "500000"},
                      {"queue.buffering.max.kbytes", "131072"}};
    rd_kafka_t* client = make_client(RD_KAFKA_PRODUCER, settings, totals);
    rd_kafka_topic_t* topic = rd_kafka_topic_new(client, arguments.topic.c_str(), nullptr);
    std::string value(static_cast<size_t>(arguments.number("size", 1024)), '\0');
    uint32_t random = 1;
    for (char& byte : value) {
        random = random * 1664525 + 1013904223;
        byte = static_cast<char>(random >> 24);
    }
    produce_run(client, topic, value, records);
    if (rd_kafka_flush(client, 120'000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        totals->failures += rd_kafka_outq_len(client);
    }
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
}

void consume(const Arguments& arguments, Totals* totals) {
    Settings settings{{"bootstrap.servers", arguments.bootstrap}, {"fetch.wait.max.ms", "500"}};
    rd_kafka_t* client = make_client(RD_KAFKA_CONSUMER, settings, totals);
    rd_kafka_topic_t* topic = rd_kafka_topic_new(client, arguments.topic.c_str(), nullptr);
    rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
    auto partitions = static_cast<int32_t>(arguments.number("partitions", 1));
    for (int32_t partition = 0; partition < partitions; partition++) {
        if (rd_kafka_consume_start_queue(topic, partition, RD_KAFKA_OFFSET_BEGINNING, queue) != 0) {
            die("a partition cannot be consumed");
        }
    }
    std::vector<rd_kafka_message_t*> got(10'000);
    double progress = seconds_now();
    while (totals->records < arguments.records && seconds_now() - progress < idle_s_max) {
        auto count = rd_kafka_consume_batch_queue(queue, 100, got.data(), got.size());
        for (ssize_t index = 0; index < count; index++) {
            rd_kafka_message_t* message = got[static_cast<size_t>(index)];
            if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                totals->records++;
                totals->bytes += static_cast<int64_t>(message->len);
                progress = seconds_now();
            } else if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                totals->failures++;
            }
            rd_kafka_message_destroy(message);
        }
    }
    totals->failures += arguments.records > totals->records ? arguments.records - totals->records : 0;
    for (int32_t partition = 0; partition < partitions; partition++) {
        rd_kafka_consume_stop(topic, partition);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
}

void produce_from_all(const Arguments& arguments, Totals* totals) {
    int64_t producers = arguments.number("producers", 1);
    std::vector<std::thread> threads;
    for (int64_t index = 0; index < producers; index++) {
        int64_t records = arguments.records / producers + (index < arguments.records % producers ? 1 : 0);
        threads.emplace_back([&arguments, records, totals] { produce(arguments, records, totals); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

}  // namespace

int main(int count, char** words) {
    if (count < 5 || count % 2 == 0) {
        die("usage: rdk_load produce|consume BOOTSTRAP TOPIC RECORDS [--name value ...]");
    }
    Arguments arguments{words[2], words[3], std::atoll(words[4]), {}};
    for (int index = 5; index + 1 < count; index += 2) {
        arguments.options[words[index] + std::strspn(words[index], "-")] = words[index + 1];
    }
    Totals totals;
    double begin = seconds_now();
    if (std::strcmp(words[1], "consume") == 0) {
        consume(arguments, &totals);
    } else {
        produce_from_all(arguments, &totals);
    }
    double seconds = seconds_now() - begin;
    std::printf("{\"records\": %lld, \"bytes\": %lld, \"failures\": %lld, \"seconds\": %.6f, \"client_cpu_s\": %.3f}\n",
                static_cast<long long>(totals.records), static_cast<long long>(totals.bytes),
                static_cast<long long>(totals.failures), seconds, cpu_seconds());
    return totals.failures == 0 ? 0 : 1;
}
