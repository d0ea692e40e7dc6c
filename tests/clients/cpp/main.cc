// The script of tests/clients/README.md with librdkafka's C++ interface: main BOOTSTRAP NAME. What that interface
// lacks, the administration, is asked through the C interface of the same handle.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafkacpp.h>

namespace {

using RdKafka::ErrorCode;

constexpr int partitions = 3;
constexpr int each = 6;
constexpr int64_t begin_ms = 1'700'000'000'000;
constexpr int64_t middle_ms = begin_ms + 9500;
constexpr int timeout_ms = 30'000;
const std::vector<std::string> codecs{"none", "gzip", "snappy", "lz4", "zstd"};
const size_t all = codecs.size() * each;

std::string bootstrap, topic;

[[noreturn]] void fail(const std::string& why) {
    std::cerr << why << '\n';
    std::exit(1);
}

void must(ErrorCode code, const std::string& what) {
    if (code != RdKafka::ERR_NO_ERROR) fail(what + ": " + RdKafka::err2str(code));
}

template <class Value>
std::string text(const Value& value) {
    if constexpr (std::is_arithmetic_v<Value>)
        return std::to_string(value);
    else
        return '"' + std::string(value) + '"';
}

// The texts of the script have nothing to escape.
template <class... Values>
std::string list(const Values&... values) {
    std::string joined;
    ((joined += (joined.empty() ? "" : ", ") + text(values)), ...);
    return '[' + joined + ']';
}

std::string list_of(const std::vector<std::string>& written) {
    std::string joined;
    for (const std::string& one : written) joined += (joined.empty() ? "" : ", ") + one;
    return '[' + joined + ']';
}

void show(const std::string& step, const std::string& written) {
    std::cout << "{\"step\": " << text(step) << ", \"value\": " << written << "}" << std::endl;
}

template <class Condition>
void until(const std::string& what, Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    while (!condition())
        if (std::chrono::steady_clock::now() > end) fail(what + ": not in time");
}

std::unique_ptr<RdKafka::Conf> conf(const std::vector<std::pair<std::string, std::string>>& settings) {
    std::unique_ptr<RdKafka::Conf> made(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
    std::string why;
    made->set("bootstrap.servers", bootstrap, why);
    for (const auto& [name, value] : settings)
        if (made->set(name, value, why) != RdKafka::Conf::CONF_OK) fail(why);
    return made;
}

class Reports : public RdKafka::DeliveryReportCb {
  public:
    void dr_cb(RdKafka::Message& message) override {
        must(message.err(), "delivery");
        places_[*message.key() + std::to_string(message.partition())] = list(message.partition(), message.offset());
    }

    // In the order of their keys, which is that in which they were produced.
    std::string places() const {
        std::vector<std::string> sorted;
        for (const auto& [key, place] : places_) sorted.push_back(place);
        return list_of(sorted);
    }

  private:
    std::map<std::string, std::string> places_;
};

struct Record {
    int partition;
    int64_t time_ms;
    std::string key, value;
    std::vector<std::pair<std::string, std::string>> headers;
    int64_t offset = -1;
};
using Records = std::vector<Record>;

// A consumer isn't destroyed before the last message of it is, so what is kept is a copy.
Record copy_of(RdKafka::Message& message) {
    Record copy{.partition = message.partition(),
                .time_ms = message.timestamp().timestamp,
                .key = *message.key(),
                .value = {static_cast<const char*>(message.payload()), message.len()},
                .headers = {},
                .offset = message.offset()};
    if (const RdKafka::Headers* headers = message.headers())
        for (const auto& header : headers->get_all())
            copy.headers.emplace_back(header.key(),
                                      std::string(static_cast<const char*>(header.value()), header.value_size()));
    return copy;
}

std::string produce(const std::string& codec, const Records& records) {
    Reports reports;
    auto settings = conf({{"compression.type", codec}, {"enable.idempotence", "true"}, {"linger.ms", "20"}});
    std::string why;
    settings->set("dr_cb", &reports, why);
    const std::unique_ptr<RdKafka::Producer> producer(RdKafka::Producer::create(settings.get(), why));
    for (const Record& one : records) {
        RdKafka::Headers* headers = RdKafka::Headers::create();
        for (const auto& [name, value] : one.headers) headers->add(name, value);
        must(
            producer->produce(topic, one.partition, RdKafka::Producer::RK_MSG_COPY, const_cast<char*>(one.value.data()),
                              one.value.size(), one.key.data(), one.key.size(), one.time_ms, headers, nullptr),
            "produce");
    }
    must(producer->flush(timeout_ms), "flush");
    return reports.places();
}

void produce_every_codec() {
    std::string written;
    for (size_t first = 0; first < codecs.size(); ++first) {
        Records records;
        for (int index = 0; index < each; ++index)
            records.push_back(
                {.partition = index % partitions,
                 .time_ms = begin_ms + (static_cast<int64_t>(first) * each + index) * 1000,
                 .key = codecs[first] + ' ' + std::to_string(index),
                 .value = "value of " + codecs[first] + ' ' + std::to_string(index) + std::string(40, ' '),
                 .headers = {{"codec", codecs[first]}, {"index", std::to_string(index)}}});
        written += (first == 0 ? "" : ", ") + text(codecs[first]) + ": " + produce(codecs[first], records);
    }
    show("produce", '{' + written + '}');
}

class Consumer {
  public:
    explicit Consumer(const std::string& group) {
        std::string why;
        consumer_.reset(RdKafka::KafkaConsumer::create(conf({{"group.id", group},
                                                             {"enable.auto.commit", "false"},
                                                             {"auto.offset.reset", "earliest"},
                                                             {"heartbeat.interval.ms", "200"},
                                                             {"fetch.wait.max.ms", "50"}})
                                                           .get(),
                                                       why));
    }
    ~Consumer() { consumer_->close(); }

    RdKafka::KafkaConsumer& operator*() { return *consumer_; }

    bool poll(Records& seen, bool commits = false) {
        const std::unique_ptr<RdKafka::Message> message(consumer_->consume(50));
        if (message->err() == RdKafka::ERR__TIMED_OUT) return false;
        must(message->err(), "consume");
        if (commits) must(consumer_->commitSync(message.get()), "commit");
        seen.push_back(copy_of(*message));
        return true;
    }

    // Commits at once what came, so that a hand-over leaves nothing to be read twice.
    void step(Records& seen) { poll(seen, true); }

    void join() { must(consumer_->subscribe({topic}), "subscribe"); }

    size_t share() {
        std::vector<RdKafka::TopicPartition*> mine;
        must(consumer_->assignment(mine), "assignment");
        const size_t count = mine.size();
        RdKafka::TopicPartition::destroy(mine);
        return count;
    }

  private:
    std::unique_ptr<RdKafka::KafkaConsumer> consumer_;
};

struct Offsets {
    int64_t earliest[partitions], latest[partitions], time[partitions];
};

Offsets offsets(Consumer& reader) {
    Offsets found;
    for (int partition = 0; partition < partitions; ++partition) {
        must((*reader).query_watermark_offsets(topic, partition, &found.earliest[partition], &found.latest[partition],
                                               timeout_ms),
             "watermarks");
        std::unique_ptr<RdKafka::TopicPartition> asked(RdKafka::TopicPartition::create(topic, partition, middle_ms));
        std::vector<RdKafka::TopicPartition*> one{asked.get()};
        must((*reader).offsetsForTimes(one, timeout_ms), "offsets for times");
        found.time[partition] = asked->offset();
    }
    const auto numbers = [](const int64_t(&of)[partitions]) { return list(of[0], of[1], of[2]); };
    show("offsets", "{\"earliest\": " + numbers(found.earliest) + ", \"latest\": " + numbers(found.latest) +
                        ", \"time\": " + numbers(found.time) + '}');
    return found;
}

std::string places(Records& records) {
    std::sort(records.begin(), records.end(), [](const Record& left, const Record& right) {
        return std::pair(left.partition, left.offset) < std::pair(right.partition, right.offset);
    });
    std::vector<std::string> rows;
    for (const Record& one : records) rows.push_back(list(one.partition, one.offset));
    return list_of(rows);
}

Records drain(Consumer& reader, const int64_t (&begins)[partitions], const int64_t (&ends)[partitions]) {
    std::vector<RdKafka::TopicPartition*> starts;
    size_t count = 0;
    for (int partition = 0; partition < partitions; ++partition) {
        starts.push_back(RdKafka::TopicPartition::create(topic, partition, begins[partition]));
        count += static_cast<size_t>(ends[partition] - begins[partition]);
    }
    must((*reader).assign(starts), "assign");
    RdKafka::TopicPartition::destroy(starts);
    Records seen;
    until("everything is read", [&] {
        reader.poll(seen);
        return seen.size() >= count;
    });
    return seen;
}

void read() {
    Consumer reader(topic + "-reads-alone");
    const Offsets found = offsets(reader);
    Records everything = drain(reader, found.earliest, found.latest);
    places(everything);
    std::vector<std::string> rows;
    for (const Record& one : everything) {
        std::vector<std::string> headers;
        for (const auto& [name, value] : one.headers) headers.push_back(list(name, value));
        std::string row = list(one.partition, one.offset, one.time_ms, one.key, one.value);
        row.pop_back();
        rows.push_back(row + ", " + list_of(headers) + ']');
    }
    show("read", list_of(rows));
    Records some = drain(reader, found.time, found.latest);
    show("read from a time", places(some));
}

class Admin {
  public:
    Admin() {
        std::string why;
        producer_.reset(RdKafka::Producer::create(conf({}).get(), why));
        queue_.reset(rd_kafka_queue_new(handle()));
    }

    rd_kafka_t* handle() { return producer_->c_ptr(); }
    rd_kafka_queue_t* queue() { return queue_.get(); }

    // The answer to what has just been asked.
    std::shared_ptr<rd_kafka_event_t> answer() {
        rd_kafka_event_t* event = rd_kafka_queue_poll(queue(), timeout_ms);
        if (event == nullptr || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) fail("no answer");
        return {event, rd_kafka_event_destroy};
    }

    std::string create_topic() {
        rd_kafka_NewTopic_t* wanted = rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, nullptr, 0);
        rd_kafka_NewTopic_set_config(wanted, "retention.ms", "-1");
        rd_kafka_CreateTopics(handle(), &wanted, 1, nullptr, queue());
        rd_kafka_NewTopic_destroy(wanted);
        const auto event = answer();
        size_t count = 0;
        const auto* topics =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
        return rd_kafka_err2name(rd_kafka_topic_result_error(topics[0]));
    }

    std::string delete_topic() {
        rd_kafka_DeleteTopic_t* wanted = rd_kafka_DeleteTopic_new(topic.c_str());
        rd_kafka_DeleteTopics(handle(), &wanted, 1, nullptr, queue());
        rd_kafka_DeleteTopic_destroy(wanted);
        const auto event = answer();
        size_t count = 0;
        const auto* topics =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
        return rd_kafka_err2name(rd_kafka_topic_result_error(topics[0]));
    }

    std::string delete_group() {
        rd_kafka_DeleteGroup_t* wanted = rd_kafka_DeleteGroup_new(topic.c_str());
        rd_kafka_DeleteGroups(handle(), &wanted, 1, nullptr, queue());
        rd_kafka_DeleteGroup_destroy(wanted);
        const auto event = answer();
        size_t count = 0;
        const auto* groups =
            rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event.get()), &count);
        const rd_kafka_error_t* error = rd_kafka_group_result_error(groups[0]);
        return error == nullptr ? "NO_ERROR" : rd_kafka_error_name(error);
    }

    // State and members; nothing for a group that isn't listed.
    std::string group() {
        const rd_kafka_group_list* found = nullptr;
        if (rd_kafka_list_groups(handle(), topic.c_str(), &found, timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR)
            fail("groups");
        const std::string row = found->group_cnt == 0 ? "" : list(found->groups[0].state, found->groups[0].member_cnt);
        rd_kafka_group_list_destroy(found);
        return row;
    }

    bool has_topic() {
        RdKafka::Metadata* metadata = nullptr;
        must(producer_->metadata(true, nullptr, &metadata, timeout_ms), "metadata");
        const std::unique_ptr<RdKafka::Metadata> owner(metadata);
        return std::any_of(metadata->topics()->begin(), metadata->topics()->end(),
                           [](const RdKafka::TopicMetadata* one) { return one->topic() == topic; });
    }

  private:
    struct Destroy {
        void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
    };
    std::unique_ptr<RdKafka::Producer> producer_;
    std::unique_ptr<rd_kafka_queue_t, Destroy> queue_;
};

void resume() {
    Records more;
    for (int partition = 0; partition < partitions; ++partition) more.push_back({partition, 0, "more", "more", {}, -1});
    produce("none", more);
    Records seen;
    {
        Consumer member(topic);
        member.join();
        until("the rest is read", [&] {
            member.step(seen);
            return seen.size() >= partitions;
        });
    }
    show("resumed", places(seen));
}

std::string committed(Consumer& member) {
    std::vector<RdKafka::TopicPartition*> asked;
    for (int partition = 0; partition < partitions; ++partition)
        asked.push_back(RdKafka::TopicPartition::create(topic, partition));
    must((*member).committed(asked, timeout_ms), "committed");
    const std::string row = list(asked[0]->offset(), asked[1]->offset(), asked[2]->offset());
    RdKafka::TopicPartition::destroy(asked);
    return row;
}

void group(Admin& admin) {
    Records seen;
    {
        Consumer stays(topic);
        stays.join();
        until("the first member has everything", [&] {
            stays.step(seen);
            return stays.share() == partitions;
        });
        {
            Consumer leaves(topic);
            leaves.join();
            until("two members share", [&] {
                stays.step(seen);
                leaves.step(seen);
                return stays.share() != 0 && leaves.share() != 0 && stays.share() + leaves.share() == partitions;
            });
            show("group of two", text("shares"));
        }
        until("one is left", [&] {
            stays.step(seen);
            return stays.share() == partitions && seen.size() >= all;
        });
        show("group read", places(seen));
        show("committed", committed(stays));
        show("group at work", admin.group());
    }
    resume();
    show("group left", admin.group());
}

void remove(Admin& admin) {
    show("groups", admin.group().empty() ? "false" : "true");
    const std::string first = admin.delete_group(), second = admin.delete_group();
    show("delete group", list(first, second));
    show("delete topic", text(admin.delete_topic()));
    until("the topic is gone", [&] { return !admin.has_topic(); });
}

}  // namespace

int main(int, char** arguments) {
    bootstrap = arguments[1];
    topic = arguments[2];
    show("client", list("librdkafka", RdKafka::version_str()));
    Admin admin;
    const std::string first = admin.create_topic(), second = admin.create_topic();
    show("create", list(first, second));
    produce_every_codec();
    read();
    group(admin);
    remove(admin);
}
