#include "server/by_shard.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using wire::OffsetForLeaderEpochRequest;
using wire::OffsetForLeaderEpochResponse;

struct FoundEpoch {
    ErrorCode error = ErrorCode::none;
    storage::EpochEnd end;
};

struct EpochLookup {
    OffsetForLeaderEpochResponse response;
    std::vector<OffsetForLeaderEpochResponse::Partition*> places;
    std::vector<const OffsetForLeaderEpochRequest::Partition*> asked;
};

}  // namespace

void offset_for_leader_epoch(CallPtr<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse> call) {
    PartitionWork<FoundEpoch> work;
    auto lookup = std::make_shared<EpochLookup>();
    lookup->response.topics.reserve(call->request.topics.size());
    for (const OffsetForLeaderEpochRequest::Topic& topic : call->request.topics) {
        const metadata::TopicImage* image = call->context().image().topic(topic.topic);
        OffsetForLeaderEpochResponse::Topic& answered = lookup->response.topics.emplace_back();
        answered.topic = std::string(topic.topic);
        answered.partitions.reserve(topic.partitions.size());
        for (const OffsetForLeaderEpochRequest::Partition& partition : topic.partitions) {
            OffsetForLeaderEpochResponse::Partition& place = answered.partitions.emplace_back();
            place.partition = partition.partition;
            const PartitionIndex index(partition.partition);
            if (image == nullptr || image->partition(index) == nullptr) {
                place.error_code = ErrorCode::unknown_topic_or_partition;
                continue;
            }
            work.keys.push_back({image->id, index});
            lookup->places.push_back(&place);
            lookup->asked.push_back(&partition);
        }
    }
    work.work = [call, lookup](shard::Shard&, const auto& found, size_t i,
                               const std::function<void(FoundEpoch)>& done) {
        FoundEpoch answer;
        const OffsetForLeaderEpochRequest::Partition& asked = *lookup->asked[i];
        answer.error = found.replica == nullptr
                           ? found.error
                           : found.replica->check_leader_epoch(LeaderEpoch(asked.current_leader_epoch));
        if (answer.error == ErrorCode::none)
            answer.end = found.replica->end_offset_for(LeaderEpoch(asked.leader_epoch));
        done(answer);
    };
    work.finish = [call, lookup](const std::vector<FoundEpoch>& answers) {
        for (size_t i = 0; i < answers.size(); ++i) {
            lookup->places[i]->error_code = answers[i].error;
            lookup->places[i]->leader_epoch = answers[i].end.epoch.value;
            lookup->places[i]->end_offset = answers[i].end.end_offset.value;
        }
        call->respond(lookup->response);
    };
    ask_partitions(call->context(), std::move(work));
}

}  // namespace milena::server::handlers
