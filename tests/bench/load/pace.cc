#include <cerrno>
#include <thread>

#include <time.h>

#include "bench/load/load.h"

namespace load {
namespace {

// The opaque of a message is the moment, in microseconds from the beginning, at which it was due.
double begin_s = 0;
double settled_us = 0;

void note_latency(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto* totals = static_cast<Totals*>(opaque);
    if (!count_delivery(message, totals)) return;
    const auto due_us = static_cast<double>(reinterpret_cast<intptr_t>(message->_private));
    if (due_us < settled_us) return;
    totals->latencies_ms.push_back((seconds_now() - begin_s) * 1e3 - due_us / 1e3);
}

void sleep_until(double seconds) {
    const timespec until{static_cast<time_t>(seconds),
                         static_cast<long>((seconds - static_cast<double>(static_cast<time_t>(seconds))) * 1e9)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) continue;
}

}  // namespace

// One producer sends at a steady rate. Latency is counted from the moment at which a record was due, not from when it
// was sent: a stall counts for every record that it held up (coordinated omission). The time that it takes to connect
// can be left out.
void pace(const Arguments& arguments, Totals* totals) {
    const int64_t rate = arguments.number("rate", 1000);
    if (rate <= 0) die("--rate must be positive");
    settled_us = 1e6 * static_cast<double>(arguments.number("settle-s", 0));
    if (static_cast<double>(arguments.records) * 1e6 / static_cast<double>(rate) <= settled_us)
        die("--settle-s leaves no record to measure");
    Settings settings = producer_settings(arguments);
    settings["linger.ms"] = arguments.text("linger-ms", "0");
    rd_kafka_t* client = make_client(RD_KAFKA_PRODUCER, settings, totals, note_latency);
    rd_kafka_topic_t* topic = rd_kafka_topic_new(client, arguments.topic.c_str(), nullptr);
    const std::string value = random_value(static_cast<size_t>(arguments.number("size", 1024)));
    totals->latencies_ms.reserve(static_cast<size_t>(arguments.records));
    begin_s = seconds_now();
    std::atomic<bool> is_over{false};
    std::thread acknowledgements([client, &is_over] {
        while (!is_over) rd_kafka_poll(client, 100);
    });
    for (int64_t index = 0; index < arguments.records; index++) {
        const int64_t due_us = index * 1'000'000 / rate;
        sleep_until(begin_s + static_cast<double>(due_us) / 1e6);
        auto* payload = const_cast<char*>(value.data());
        if (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, payload, value.size(), nullptr, 0,
                             reinterpret_cast<void*>(static_cast<intptr_t>(due_us))) != 0)
            totals->failures++;
    }
    is_over = true;
    acknowledgements.join();
    finish(client, topic, totals);
}

}  // namespace load
