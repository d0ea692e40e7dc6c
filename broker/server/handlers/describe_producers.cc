#include "controller/topic_names.h"
#include "server/by_shard.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using wire::DescribeProducersRequest;
using wire::DescribeProducersResponse;

struct ActiveProducers {
    ErrorCode error = ErrorCode::none;
    std::vector<storage::ProducerEntry> producers;
};

struct Description {
    DescribeProducersResponse response;
    std::vector<DescribeProducersResponse::Partition*> places;
};

DescribeProducersResponse::Producer to_wire(const storage::ProducerEntry& entry) {
    DescribeProducersResponse::Producer producer;
    producer.producer_id = entry.id.value;
    producer.producer_epoch = entry.epoch;
    producer.last_sequence = entry.last_sequence();
    producer.last_timestamp = entry.last_timestamp.value;
    producer.coordinator_epoch = entry.coordinator_epoch;
    producer.current_txn_start_offset = entry.transaction_first_offset.value;
    return producer;
}

// Why nobody can say anything of this partition. Kafka has words for what is wrong with a topic only.
std::pair<ErrorCode, std::optional<std::string>> reason_refused(const metadata::TopicImage* topic,
                                                                const DescribeProducersRequest::Topic& asked,
                                                                int32_t index) {
    if (auto reason = controller::reason_topic_name_refused(asked.name))
        return {ErrorCode::invalid_topic_exception, std::move(reason)};
    if (topic == nullptr)
        return {ErrorCode::unknown_topic_or_partition, "This server does not host this topic-partition."};
    if (topic->partition(PartitionIndex(index)) == nullptr)
        return {ErrorCode::unknown_topic_or_partition, std::nullopt};
    return {ErrorCode::none, std::nullopt};
}

}  // namespace

void describe_producers(CallPtr<DescribeProducersRequest, DescribeProducersResponse> call) {
    PartitionWork<ActiveProducers> work;
    auto description = std::make_shared<Description>();
    description->response.topics.reserve(call->request.topics.size());
    for (const DescribeProducersRequest::Topic& topic : call->request.topics) {
        const metadata::TopicImage* image = call->context().image().topic(topic.name);
        DescribeProducersResponse::Topic& answered = description->response.topics.emplace_back();
        answered.name = std::string(topic.name);
        answered.partitions.reserve(topic.partition_indexes.size());
        for (const int32_t index : topic.partition_indexes) {
            DescribeProducersResponse::Partition& place = answered.partitions.emplace_back();
            place.partition_index = index;
            std::tie(place.error_code, place.error_message) = reason_refused(image, topic, index);
            if (place.error_code != ErrorCode::none) continue;
            work.keys.push_back({image->id, PartitionIndex(index)});
            description->places.push_back(&place);
        }
    }
    work.work = [call](shard::Shard&, const auto& found, size_t, const std::function<void(ActiveProducers)>& done) {
        ActiveProducers answer;
        answer.error = found.replica == nullptr ? found.error : found.replica->check_leader_epoch(no_leader_epoch);
        if (answer.error == ErrorCode::none) answer.producers = found.replica->log().producers();
        done(std::move(answer));
    };
    work.finish = [call, description](const std::vector<ActiveProducers>& answers) {
        for (size_t i = 0; i < answers.size(); ++i) {
            description->places[i]->error_code = answers[i].error;
            for (const storage::ProducerEntry& entry : answers[i].producers)
                description->places[i]->active_producers.push_back(to_wire(entry));
        }
        call->respond(description->response);
    };
    ask_partitions(call->context(), std::move(work));
}

}  // namespace milena::server::handlers
