#include <memory>
#include <thread>

#include "bench/load/load.h"

namespace load {
namespace {

constexpr double idle_s_max = 60;

// Takes messages with `next` until the records have come, or nothing comes any more; what is missing is a failure.
template <class Next>
void take(int64_t records, Totals* totals, Next&& next) {
    int64_t taken = 0;
    double progress = seconds_now();
    std::vector<rd_kafka_message_t*> got(10'000);
    while (taken < records && seconds_now() - progress < idle_s_max) {
        const ssize_t count = next(got);
        for (ssize_t index = 0; index < count; index++) {
            rd_kafka_message_t* message = got[static_cast<size_t>(index)];
            if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                ++taken;
                totals->bytes += static_cast<int64_t>(message->len);
                progress = seconds_now();
            } else if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                totals->failures++;
            }
            rd_kafka_message_destroy(message);
        }
    }
    totals->records += taken;
    totals->failures += records > taken ? records - taken : 0;
}

Settings consumer_settings(const Arguments& arguments) {
    return {{"bootstrap.servers", arguments.bootstrap}, {"fetch.wait.max.ms", "500"}};
}

void consume_as_group(const Arguments& arguments, int64_t number, Totals* totals) {
    Settings settings = consumer_settings(arguments);
    settings["group.id"] = arguments.topic + "-" + std::to_string(number);
    settings["auto.offset.reset"] = "earliest";
    settings["queued.max.messages.kbytes"] = "4096";
    rd_kafka_t* client = make_client(RD_KAFKA_CONSUMER, settings, totals, nullptr);
    rd_kafka_poll_set_consumer(client);
    rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, arguments.topic.c_str(), RD_KAFKA_PARTITION_UA);
    if (rd_kafka_subscribe(client, topics) != RD_KAFKA_RESP_ERR_NO_ERROR) die("the topic cannot be subscribed to");
    rd_kafka_topic_partition_list_destroy(topics);
    rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(client);
    take(arguments.records, totals, [queue](std::vector<rd_kafka_message_t*>& got) {
        return rd_kafka_consume_batch_queue(queue, 100, got.data(), got.size());
    });
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
}

}  // namespace

void consume(const Arguments& arguments, Totals* totals) {
    Settings settings = consumer_settings(arguments);
    // A client whose queue was full once doesn't fetch for up to a second: the faster a broker is, the longer its
    // consumer would stand still.
    settings["queued.min.messages"] = "10000000";
    settings["queued.max.messages.kbytes"] = "2097151";
    rd_kafka_t* client = make_client(RD_KAFKA_CONSUMER, settings, totals, nullptr);
    rd_kafka_topic_t* topic = rd_kafka_topic_new(client, arguments.topic.c_str(), nullptr);
    rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
    const auto partitions = static_cast<int32_t>(arguments.number("partitions", 1));
    for (int32_t partition = 0; partition < partitions; partition++)
        if (rd_kafka_consume_start_queue(topic, partition, RD_KAFKA_OFFSET_BEGINNING, queue) != 0)
            die("a partition cannot be consumed");
    take(arguments.records, totals, [queue](std::vector<rd_kafka_message_t*>& got) {
        return rd_kafka_consume_batch_queue(queue, 100, got.data(), got.size());
    });
    for (int32_t partition = 0; partition < partitions; partition++) rd_kafka_consume_stop(topic, partition);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
}

void consume_in_groups(const Arguments& arguments, Totals* totals) {
    std::vector<std::thread> threads;
    for (int64_t number = 0; number < arguments.number("groups", 1); number++)
        threads.emplace_back([&arguments, number, totals] { consume_as_group(arguments, number, totals); });
    for (std::thread& thread : threads) thread.join();
}

}  // namespace load
