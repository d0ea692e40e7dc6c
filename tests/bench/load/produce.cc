#include <thread>

#include "bench/load/load.h"

namespace load {
namespace {

constexpr int records_per_call = 500;

void note_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    count_delivery(message, static_cast<Totals*>(opaque));
}

// Sends `count` records in runs; a full queue waits for deliveries instead of dropping. With keys, librdkafka spreads
// the records over the partitions by them; without, it fills one batch after the other.
class Run {
  public:
    Run(rd_kafka_t* client, rd_kafka_topic_t* topic, const std::string& value, int64_t keys)
        : client_(client), topic_(topic), value_(value), keys_(keys), names_(records_per_call) {}

    void send(int64_t count) {
        std::vector<rd_kafka_message_t> run(records_per_call);
        while (count > 0) {
            auto size = static_cast<int>(count < records_per_call ? count : records_per_call);
            for (int index = 0; index < size; index++) run[static_cast<size_t>(index)] = record(index);
            // Those that were refused by a full queue are moved to the front and tried again.
            for (int left = size; left > 0;) {
                const int taken =
                    rd_kafka_produce_batch(topic_, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, run.data(), left);
                int kept = 0;
                for (int index = 0; index < left; index++) {
                    const rd_kafka_message_t& message = run[static_cast<size_t>(index)];
                    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) run[static_cast<size_t>(kept++)] = message;
                }
                left -= taken;
                rd_kafka_poll(client_, left > 0 ? 10 : 0);
            }
            count -= size;
        }
    }

  private:
    rd_kafka_message_t record(int index) {
        rd_kafka_message_t message{};
        message.payload = const_cast<char*>(value_.data());
        message.len = value_.size();
        if (keys_ == 0) return message;
        random_ = random_ * 6364136223846793005U + 1442695040888963407U;
        std::string& name = names_[static_cast<size_t>(index)];
        name = "key-" + std::to_string((random_ >> 33) % static_cast<uint64_t>(keys_));
        message.key = name.data();
        message.key_len = name.size();
        return message;
    }

    rd_kafka_t* client_;
    rd_kafka_topic_t* topic_;
    const std::string& value_;
    const int64_t keys_;
    std::vector<std::string> names_;
    uint64_t random_ = 1;
};

void produce_alone(const Arguments& arguments, int64_t records, Totals* totals) {
    rd_kafka_t* client = make_client(RD_KAFKA_PRODUCER, producer_settings(arguments), totals, note_delivery);
    rd_kafka_topic_conf_t* conf = rd_kafka_topic_conf_new();
    char problem[512];
    if (rd_kafka_topic_conf_set(conf, "partitioner", "murmur2_random", problem, sizeof problem) != RD_KAFKA_CONF_OK)
        die(problem);
    rd_kafka_topic_t* topic = rd_kafka_topic_new(client, arguments.topic.c_str(), conf);
    const std::string value = random_value(static_cast<size_t>(arguments.number("size", 1024)));
    Run(client, topic, value, arguments.number("keys", 0)).send(records);
    finish(client, topic, totals);
}

}  // namespace

void produce(const Arguments& arguments, Totals* totals) {
    const int64_t producers = arguments.number("producers", 1);
    std::vector<std::thread> threads;
    for (int64_t index = 0; index < producers; index++) {
        const int64_t records = arguments.records / producers + (index < arguments.records % producers ? 1 : 0);
        threads.emplace_back([&arguments, records, totals] { produce_alone(arguments, records, totals); });
    }
    for (std::thread& thread : threads) thread.join();
}

}  // namespace load
