#include "server/by_shard.h"
#include "server/handlers/handlers.h"
#include "server/handlers/leader_hints.h"

namespace milena::server::handlers {
namespace {

using wire::ProduceRequest;
using wire::ProduceResponse;
using ProduceCall = CallPtr<ProduceRequest, ProduceResponse>;
using replica::Acknowledgement;
using replica::ProduceOutcome;
using replica::Replica;

constexpr int16_t acks_none = 0;
constexpr int16_t acks_leader = 1;
constexpr int16_t acks_all = -1;
constexpr wire::Version zstd_since = 7;

// Kafka's own tools may write to the topics of the coordinators; everybody else is refused.
constexpr std::string_view admin_client_id = "__admin_client";

// One partition of the request on its way to a place in the response.
struct Place {
    replica::PartitionKey key;
    Bytes records;
    ProduceResponse::Partition* answer = nullptr;
};

struct Production {
    ProduceResponse response;
    std::vector<Place> places;
    Throttle throttle;  // for its bytes
};

// When they arrive and not when they are answered: else a client could send on while other shards work for him.
Throttle charge(const ProduceCall& call) {
    const auto bytes = static_cast<double>(call->caller().frame.size());
    const Throttle throttle = call->context().quotas.charge(QuotaType::produce, call->caller().quota_client(), bytes);
    if (throttle.time > Duration{}) call->caller().connection->throttle(throttle.time);
    return throttle;
}

ErrorCode reason_refused(const ProduceCall& call, const metadata::TopicImage* topic, int32_t index) {
    const int16_t acks = call->request.acks;
    if (acks != acks_none && acks != acks_leader && acks != acks_all) return ErrorCode::invalid_required_acks;
    const bool is_by_id = call->version() >= 13;
    if (topic == nullptr) return is_by_id ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition;
    if (topic->partition(PartitionIndex(index)) == nullptr) return ErrorCode::unknown_topic_or_partition;
    if (is_internal_topic(topic->name) && call->caller().client_id() != admin_client_id)
        return ErrorCode::invalid_topic_exception;
    return ErrorCode::none;
}

// Reserves before it points: the places must not move.
std::shared_ptr<Production> resolve(const ProduceCall& call) {
    auto production = std::make_shared<Production>();
    production->response.responses.reserve(call->request.topic_data.size());
    for (const ProduceRequest::Topic& topic : call->request.topic_data) {
        if (topic.partition_data.empty()) continue;
        const metadata::Image& image = call->context().image();
        const metadata::TopicImage* found =
            call->version() >= 13 ? image.topic(plain(topic.topic_id)) : image.topic(plain(topic.name));
        ProduceResponse::Topic& answered = production->response.responses.emplace_back();
        answered.name = std::string(topic.name);
        answered.topic_id = topic.topic_id;
        answered.partition_responses.reserve(topic.partition_data.size());
        for (const ProduceRequest::Partition& partition : topic.partition_data) {
            ProduceResponse::Partition& answer = answered.partition_responses.emplace_back();
            answer.index = partition.index;
            answer.base_offset = -1;
            answer.error_code = reason_refused(call, found, partition.index);
            if (answer.error_code == ErrorCode::none)
                production->places.push_back(
                    {{found->id, PartitionIndex(partition.index)}, partition.records.value_or(Bytes()), &answer});
        }
    }
    return production;
}

using ProduceDone = std::function<void(ProduceOutcome)>;

// The record is in the log; the answer waits until it is as safe as the producer asked for, or the time is up.
void acknowledge(shard::Shard& owner, Replica& replica, ProduceOutcome outcome, const ProduceCall& call,
                 ProduceDone done) {
    const Acknowledgement wanted =
        call->request.acks == acks_all ? Acknowledgement::all_in_sync : Acknowledgement::local;
    if (call->request.acks == acks_none || outcome.error != ErrorCode::none ||
        replica.is_acknowledged(outcome.last_offset, wanted))
        return done(std::move(outcome));
    struct Wait {
        ProduceOutcome outcome;
        ProduceDone done;
        shard::TimerId timer;
    };
    const Offset last_offset = outcome.last_offset;
    auto wait = std::make_shared<Wait>(Wait{std::move(outcome), std::move(done), {}});
    const auto end = [&owner, wait](ErrorCode error) {
        owner.loop().cancel(wait->timer);
        if (!wait->done) return;
        if (error != ErrorCode::none) {
            wait->outcome = {};
            wait->outcome.error = error;
        }
        std::exchange(wait->done, nullptr)(std::move(wait->outcome));
    };
    const replica::WaiterId waiter = replica.when_acknowledged(last_offset, wanted, end);
    wait->timer = owner.loop().after(Milliseconds(call->request.timeout_ms), [end, waiter, handle = replica.handle()] {
        if (const auto still_there = handle.lock()) (*still_there)->stop_waiting(waiter);
        end(ErrorCode::request_timed_out);
    });
}

// Nobody coordinates transactions here, so no batch can be part of one: in the log it would hold up the last stable
// offset for ever.
ErrorCode reason_transaction_refused(const ProduceCall& call, const Bytes& batch) {
    const auto header = wire::parse_batch_header(batch.span());
    if (!header.has_value() || !header->is_transactional()) return ErrorCode::none;
    return call->request.transactional_id ? ErrorCode::invalid_txn_state
                                          : ErrorCode::transactional_id_authorization_failed;
}

void produce_here(shard::Shard& owner, Replica& replica, const Place& place, const ProduceCall& call,
                  ProduceDone done) {
    replica::ProduceRequest request;
    request.batch = place.records;
    request.owner_bytes = call->caller().frame.size();
    request.now = owner.clock().wall();
    request.demands_all_replicas = call->request.acks == acks_all;
    request.accepts_zstd = call->version() >= zstd_since;
    ProduceOutcome outcome;
    outcome.error = reason_transaction_refused(call, place.records);
    if (outcome.error == ErrorCode::none) outcome = replica.produce(request, owner.codecs());
    shard::TopicTraffic& traffic = owner.traffic(place.key.topic_id);
    ++traffic.produce_requests;
    if (outcome.error == ErrorCode::none) {
        traffic.produced_bytes += place.records.size();
        traffic.produced_records += static_cast<uint64_t>(outcome.last_offset - outcome.base_offset + 1);
    } else {
        ++traffic.produce_failures;
    }
    acknowledge(owner, replica, std::move(outcome), call, std::move(done));
}

void fill(ProduceResponse::Partition& answer, const ProduceOutcome& outcome) {
    answer.error_code = outcome.error;
    for (const wire::RecordError& error : outcome.record_errors)
        answer.record_errors.push_back({error.record_index, error.message});
    if (outcome.error == ErrorCode::invalid_record || outcome.error == ErrorCode::invalid_timestamp)
        answer.error_message = outcome.message;
    answer.log_start_offset = outcome.log_start_offset.value;
    if (outcome.error != ErrorCode::none) return;
    answer.base_offset = outcome.base_offset.value;
    answer.log_append_time_ms = outcome.log_append_time.value;
}

void add_leader_hints(const ProduceCall& call, Production& production) {
    const ClusterView view(call->context().image(), call->caller().listener());
    for (const Place& place : production.places)
        if (const ErrorCode error = place.answer->error_code; wants_leader_hint(error))
            redirect(call->caller(), view, error, view.image().partition(place.key.topic_id, place.key.partition),
                     &plain(production.response.node_endpoints), place.answer->current_leader);
}

void respond(const ProduceCall& call, Production& production) {
    if (call->request.acks != acks_none) {
        add_leader_hints(call, production);
        return call->respond(production.response, call->caller().charge().or_longer(production.throttle));
    }
    // Nobody reads an answer: the end of the connection is the only way to say that something went wrong.
    for (const ProduceResponse::Topic& topic : production.response.responses)
        for (const ProduceResponse::Partition& partition : topic.partition_responses)
            if (partition.error_code != ErrorCode::none)
                return call->close_connection("produce with acks=0 failed: " +
                                              std::string(error_name(partition.error_code)));
    call->respond_nothing(production.throttle);
}

}  // namespace

void produce(ProduceCall call) {
    const std::shared_ptr<Production> production = resolve(call);
    production->throttle = charge(call);
    PartitionWork<ProduceOutcome> work;
    for (const Place& place : production->places) work.keys.push_back(place.key);
    work.work = [call, production](shard::Shard& owner, const auto& found, size_t i, ProduceDone done) {
        if (found.replica != nullptr)
            return produce_here(owner, *found.replica, production->places[i], call, std::move(done));
        ProduceOutcome outcome;
        outcome.error = found.error;
        done(std::move(outcome));
    };
    work.finish = [call, production](const std::vector<ProduceOutcome>& outcomes) {
        for (size_t i = 0; i < outcomes.size(); ++i) fill(*production->places[i].answer, outcomes[i]);
        respond(call, *production);
    };
    ask_partitions(call->context(), std::move(work));
}

}  // namespace milena::server::handlers
