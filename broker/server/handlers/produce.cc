#include <algorithm>

#include "server/by_shard.h"
#include "server/handlers/cluster_view.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using Request = wire::ProduceRequest;
using Response = wire::ProduceResponse;
using ProduceCall = CallPtr<Request, Response>;
using replica::Acknowledgement;
using replica::ProduceOutcome;
using Done = std::function<void(ProduceOutcome)>;

constexpr int16_t acks_none = 0;
constexpr int16_t acks_leader = 1;
constexpr int16_t acks_all = -1;
constexpr wire::Version topic_ids_since = 13;
constexpr wire::Version zstd_since = 7;

// A response that is filled in partition by partition.
struct Production {
    Response response;
    std::vector<Response::Partition*> places;
    std::vector<const Bytes*> batches;
};

ErrorCode reason_refused(const ProduceCall& call, const metadata::TopicImage* topic, PartitionIndex index) {
    const int16_t acks = call->request.acks;
    if (acks != acks_none && acks != acks_leader && acks != acks_all) return ErrorCode::invalid_required_acks;
    if (topic == nullptr)
        return call->version() >= topic_ids_since ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition;
    if (topic->partition(index) == nullptr) return ErrorCode::unknown_topic_or_partition;
    if (is_internal_topic(topic->name)) return ErrorCode::invalid_topic_exception;
    return ErrorCode::none;
}

// Reserves before it points: the places must not move.
std::shared_ptr<Production> resolve(const ProduceCall& call, std::vector<replica::PartitionKey>& keys) {
    static const Bytes nothing;
    auto production = std::make_shared<Production>();
    const metadata::Image& image = call->context().image();
    production->response.responses.reserve(call->request.topic_data.size());
    for (const Request::Topic& topic : call->request.topic_data) {
        const metadata::TopicImage* known =
            call->version() >= topic_ids_since ? image.topic(topic.topic_id) : image.topic(topic.name);
        Response::Topic& answered = production->response.responses.emplace_back();
        answered.name = std::string(topic.name);
        answered.topic_id = topic.topic_id;
        answered.partition_responses.reserve(topic.partition_data.size());
        for (const Request::Partition& partition : topic.partition_data) {
            const PartitionIndex index(partition.index);
            Response::Partition& place = answered.partition_responses.emplace_back();
            place.index = index.value;
            place.base_offset = no_offset.value;
            place.error_code = reason_refused(call, known, index);
            if (place.error_code != ErrorCode::none) continue;
            keys.push_back({known->id, index});
            production->places.push_back(&place);
            production->batches.push_back(partition.records ? &*partition.records : &nothing);
        }
    }
    return production;
}

// Nobody has begun a transaction here: no batch can be part of one.
bool is_transactional(const Bytes& batch) {
    const auto header = wire::parse_batch_header(batch.span());
    return header.has_value() && header->is_transactional();
}

ProduceOutcome refused(ErrorCode error) {
    ProduceOutcome outcome;
    outcome.error = error;
    return outcome;
}

void count(shard::Shard& owner, const replica::PartitionKey& key, const Bytes& batch, const ProduceOutcome& outcome) {
    shard::TopicTraffic& traffic = owner.traffic(key.topic_id);
    ++traffic.produce_requests;
    if (outcome.error != ErrorCode::none) {
        ++traffic.produce_failures;
        return;
    }
    traffic.produced_bytes += batch.size();
    traffic.produced_records += static_cast<uint64_t>(outcome.last_offset - outcome.base_offset + 1);
}

// Answers when the append is as safe as the producer asked, or when it has waited for long enough. Without acks the
// answer tells only whether the append failed.
void when_safe(shard::Shard& owner, replica::Replica& replica, const Request& request, const ProduceOutcome& outcome,
               Done done) {
    const auto wanted = request.acks == acks_all ? Acknowledgement::all_in_sync : Acknowledgement::local;
    if (request.acks == acks_none || outcome.error != ErrorCode::none ||
        replica.is_acknowledged(outcome.last_offset, wanted))
        return done(outcome);
    struct Wait {
        Done done;
        replica::WaiterId waiter = 0;
        shard::TimerId timer;
        bool is_over = false;
    };
    auto wait = std::make_shared<Wait>();
    wait->done = std::move(done);
    wait->waiter = replica.when_acknowledged(outcome.last_offset, wanted, [wait, outcome, &owner](ErrorCode error) {
        wait->is_over = true;
        owner.loop().cancel(wait->timer);
        ProduceOutcome result = outcome;
        result.error = error;
        wait->done(std::move(result));
    });
    if (wait->is_over) return;
    const replica::PartitionKey key = replica.key();
    wait->timer = owner.loop().after(Milliseconds(std::max(0, request.timeout_ms)), [wait, key, &owner] {
        if (replica::Replica* still = owner.partitions().find(key)) still->stop_waiting(wait->waiter);
        wait->done(refused(ErrorCode::request_timed_out));
    });
}

void append(const ProduceCall& call, shard::Shard& owner, const replica::PartitionTable::Found& found,
            const replica::PartitionKey& key, const Bytes& batch, Done done) {
    ProduceOutcome outcome;
    if (found.replica == nullptr) {
        outcome = refused(found.error);
    } else if (is_transactional(batch)) {
        outcome = refused(ErrorCode::invalid_txn_state);
    } else {
        replica::ProduceRequest request;
        request.batch = batch;
        request.owner_bytes = call->caller().frame.size();
        request.now = owner.clock().wall();
        request.demands_all_replicas = call->request.acks == acks_all;
        request.accepts_zstd = call->version() >= zstd_since;
        outcome = found.replica->produce(request, owner.codecs());
    }
    count(owner, key, batch, outcome);
    if (found.replica == nullptr || outcome.error != ErrorCode::none) return done(std::move(outcome));
    when_safe(owner, *found.replica, call->request, outcome, std::move(done));
}

void fill_in(const metadata::Image& image, const replica::PartitionKey& key, const ProduceOutcome& outcome,
             Response::Partition& place) {
    place.error_code = outcome.error;
    place.log_start_offset = outcome.log_start_offset.value;
    if (outcome.error == ErrorCode::none) {
        place.base_offset = outcome.base_offset.value;
        place.log_append_time_ms = outcome.log_append_time.value;
        return;
    }
    if (!outcome.message.empty()) place.error_message = std::optional(outcome.message);
    for (const wire::RecordError& error : outcome.record_errors)
        place.record_errors.push_back(
            {.batch_index = error.record_index, .batch_index_error_message = std::optional(error.message)});
    const metadata::PartitionImage* partition = image.partition(key.topic_id, key.partition);
    if (outcome.error == ErrorCode::not_leader_or_follower && partition != nullptr)
        place.current_leader =
            wire::CurrentLeader{.leader_id = partition->leader.value, .leader_epoch = partition->leader_epoch.value};
}

void answer(const ProduceCall& call, const Response& response) {
    if (call->request.acks != acks_none) return call->respond(response);
    // Without answers a closed connection is the one way to tell a producer that its metadata is out of date.
    for (const Response::Topic& topic : response.responses)
        for (const Response::Partition& partition : topic.partition_responses)
            if (partition.error_code != ErrorCode::none)
                return call->close_connection("produce with acks=0 failed: " +
                                              std::string(error_name(partition.error_code)));
    call->respond_nothing();
}

}  // namespace

void produce(ProduceCall call) {
    PartitionWork<ProduceOutcome> work;
    const std::shared_ptr<Production> production = resolve(call, work.keys);
    if (work.keys.empty()) return answer(call, production->response);
    const auto keys = std::make_shared<const std::vector<replica::PartitionKey>>(work.keys);
    work.work = [call, production, keys](shard::Shard& owner, const auto& found, size_t i, Done done) {
        append(call, owner, found, (*keys)[i], *production->batches[i], std::move(done));
    };
    work.finish = [call, production, keys](const std::vector<ProduceOutcome>& outcomes) {
        for (size_t i = 0; i < outcomes.size(); ++i)
            fill_in(call->context().image(), (*keys)[i], outcomes[i], *production->places[i]);
        answer(call, production->response);
    };
    ask_partitions(call->context(), std::move(work));
}

}  // namespace milena::server::handlers
