#include "server/by_shard.h"
#include "server/handlers/cluster_view.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using Request = wire::DeleteRecordsRequest;
using Response = wire::DeleteRecordsResponse;
using Answer = Result<Offset>;

constexpr int64_t no_low_watermark = -1;

struct Deletion {
    Response response;
    std::vector<Response::Partition*> places;
    std::vector<Offset> before;
};

ErrorCode reason_refused(const metadata::TopicImage* topic, PartitionIndex index) {
    if (topic == nullptr || topic->partition(index) == nullptr) return ErrorCode::unknown_topic_or_partition;
    if (is_internal_topic(topic->name)) return ErrorCode::invalid_topic_exception;
    return ErrorCode::none;
}

std::optional<Answer> delete_in(const replica::PartitionTable::Found& found, Offset before) {
    if (found.replica == nullptr) return unexpected(found.error);
    // A compacted topic keeps the last value of every key: cutting its head would lose some.
    if (!found.replica->policy().log->deletes_old_segments) return unexpected(ErrorCode::policy_violation);
    return found.replica->delete_records(before);
}

}  // namespace

void delete_records(CallPtr<Request, Response> call) {
    PartitionWork<std::optional<Answer>> work;
    auto deletion = std::make_shared<Deletion>();
    deletion->response.topics.reserve(call->request.topics.size());
    for (const Request::Topic& topic : call->request.topics) {
        if (topic.partitions.empty()) continue;
        const metadata::TopicImage* image = call->context().image().topic(topic.name);
        Response::Topic& answered = deletion->response.topics.emplace_back();
        answered.name = std::string(topic.name);
        answered.partitions.reserve(topic.partitions.size());
        for (const Request::Partition& partition : topic.partitions) {
            const PartitionIndex index(partition.partition_index);
            Response::Partition& place = answered.partitions.emplace_back();
            place.partition_index = index.value;
            place.low_watermark = no_low_watermark;
            place.error_code = reason_refused(image, index);
            if (place.error_code != ErrorCode::none) continue;
            work.keys.push_back({image->id, index});
            deletion->places.push_back(&place);
            deletion->before.push_back(Offset(partition.offset));
        }
    }
    work.work = [call, deletion](shard::Shard&, const auto& found, size_t i,
                                 const std::function<void(std::optional<Answer>)>& done) {
        done(delete_in(found, deletion->before[i]));
    };
    work.finish = [call, deletion](const std::vector<std::optional<Answer>>& answers) {
        for (size_t i = 0; i < answers.size(); ++i) {
            const Answer& answer = *answers[i];
            if (answer.has_value())
                deletion->places[i]->low_watermark = answer->value;
            else
                deletion->places[i]->error_code = answer.error();
        }
        call->respond(deletion->response);
    };
    ask_partitions(call->context(), std::move(work));
}

}  // namespace milena::server::handlers
