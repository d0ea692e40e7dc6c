#include "server/by_shard.h"
#include "server/handlers/cluster_view.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using replica::Replica;
using wire::DeleteRecordsRequest;
using wire::DeleteRecordsResponse;

struct DeletedRecords {
    ErrorCode error = ErrorCode::none;
    Offset low_watermark = no_offset;
};
using DeletedDone = std::function<void(std::optional<DeletedRecords>)>;

struct RecordDeletion {
    DeleteRecordsResponse response;
    std::vector<DeleteRecordsResponse::Partition*> places;
    std::vector<Offset> before;
};

ErrorCode reason_refused(const metadata::TopicImage* topic, PartitionIndex index) {
    if (topic == nullptr || topic->partition(index) == nullptr) return ErrorCode::unknown_topic_or_partition;
    if (is_internal_topic(topic->name)) return ErrorCode::invalid_topic_exception;
    return ErrorCode::none;
}

// They are gone here; the answer waits until they are gone from all copies whose brokers live, or the time is up.
void wait_for_copies(shard::Shard& owner, Replica& replica, Offset before, Milliseconds timeout, DeletedDone done) {
    const DeletedRecords now{ErrorCode::none, replica.low_watermark()};
    if (now.low_watermark >= before) return done(now);
    struct Wait {
        DeletedDone done;
        shard::TimerId timer;
    };
    auto wait = std::make_shared<Wait>(Wait{std::move(done), {}});
    const auto end = [&owner, wait](const DeletedRecords& answer) {
        owner.loop().cancel(wait->timer);
        if (wait->done) std::exchange(wait->done, nullptr)(answer);
    };
    const auto deleted = [end, handle = replica.handle()](ErrorCode error) {
        const auto still_there = handle.lock();
        if (error != ErrorCode::none || !still_there) return end({error, no_offset});
        end({ErrorCode::none, (*still_there)->low_watermark()});
    };
    const replica::WaiterId waiter = replica.when_deleted(before, deleted);
    wait->timer = owner.loop().after(timeout, [end, now, waiter, handle = replica.handle()] {
        if (const auto still_there = handle.lock()) (*still_there)->stop_waiting(waiter);
        end({ErrorCode::request_timed_out, now.low_watermark});
    });
}

void delete_in(shard::Shard& owner, const replica::PartitionTable::Found& found, Offset before, Milliseconds timeout,
               const DeletedDone& done) {
    if (found.replica == nullptr) return done(DeletedRecords{found.error});
    Replica& replica = *found.replica;
    // A compacted topic keeps the last value of every key: cutting its head would lose some.
    if (!replica.policy().log->deletes_old_segments) return done(DeletedRecords{ErrorCode::policy_violation});
    const Offset wanted = before == Offset{-1} ? replica.high_watermark() : before;
    const Result<Offset> deleted = replica.delete_records(wanted);
    if (!deleted) return done(DeletedRecords{deleted.error()});
    wait_for_copies(owner, replica, wanted, timeout, done);
}

}  // namespace

void delete_records(CallPtr<DeleteRecordsRequest, DeleteRecordsResponse> call) {
    PartitionWork<std::optional<DeletedRecords>> work;
    auto deletion = std::make_shared<RecordDeletion>();
    deletion->response.topics.reserve(call->request.topics.size());
    for (const DeleteRecordsRequest::Topic& topic : call->request.topics) {
        if (topic.partitions.empty()) continue;
        const metadata::TopicImage* image = call->context().image().topic(topic.name);
        DeleteRecordsResponse::Topic& answered = deletion->response.topics.emplace_back();
        answered.name = std::string(topic.name);
        answered.partitions.reserve(topic.partitions.size());
        for (const DeleteRecordsRequest::Partition& partition : topic.partitions) {
            const PartitionIndex index(partition.partition_index);
            DeleteRecordsResponse::Partition& place = answered.partitions.emplace_back();
            place.partition_index = index.value;
            place.low_watermark = no_offset.value;
            place.error_code = reason_refused(image, index);
            if (place.error_code != ErrorCode::none) continue;
            work.keys.push_back({image->id, index});
            deletion->places.push_back(&place);
            deletion->before.push_back(Offset(partition.offset));
        }
    }
    work.work = [call, deletion](shard::Shard& owner, const auto& found, size_t i, const DeletedDone& done) {
        delete_in(owner, found, deletion->before[i], Milliseconds(call->request.timeout_ms), done);
    };
    work.finish = [call, deletion](const std::vector<std::optional<DeletedRecords>>& answers) {
        for (size_t i = 0; i < answers.size(); ++i) {
            deletion->places[i]->error_code = answers[i]->error;
            deletion->places[i]->low_watermark = answers[i]->low_watermark.value;
        }
        call->respond(deletion->response);
    };
    ask_partitions(call->context(), std::move(work));
}

}  // namespace milena::server::handlers
