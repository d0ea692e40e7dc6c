#include <algorithm>

#include "server/fetch_job.h"
#include "server/fetch_sessions.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using Request = wire::FetchRequest;
using Response = wire::FetchResponse;
using FetchCall = CallPtr<Request, Response>;
using replica::FetchOutcome;

constexpr wire::Version sessions_since = 7;
constexpr wire::Version topic_ids_since = 13;
constexpr wire::Version replica_state_since = 15;
constexpr int32_t final_epoch = -1;
constexpr int32_t initial_epoch = 0;
constexpr int8_t read_committed = 1;

// What one request asks for, after its session has added what the client didn't repeat.
struct Wanted {
    std::vector<FetchWanted> partitions;
    std::shared_ptr<FetchSession> session;  // of an incremental request
    bool opens_session = false;
};

bool uses_topic_ids(const FetchCall& call) { return call->version() >= topic_ids_since; }

FetchTarget target_of(std::string_view topic, const Uuid& id, int32_t partition) {
    return {.topic = std::string(topic), .topic_id = id, .partition = partition};
}

std::vector<FetchWanted> listed_partitions(const Request& request) {
    std::vector<FetchWanted> wanted;
    for (const Request::Topic& topic : request.topics)
        for (const Request::Partition& partition : topic.partitions)
            wanted.push_back({.target = target_of(topic.topic, topic.topic_id, partition.partition),
                              .fetch_offset = partition.fetch_offset,
                              .current_leader_epoch = partition.current_leader_epoch,
                              .last_fetched_epoch = partition.last_fetched_epoch,
                              .bytes_max = partition.partition_max_bytes});
    return wanted;
}

Result<Wanted> incremental(const FetchCall& call) {
    const Request& request = call->request;
    FetchSessions& sessions = call->context().fetch_sessions;
    const Instant now = call->context().shard.clock().now();
    Wanted wanted;
    ASSIGN_OR_RETURN(wanted.session,
                     sessions.find(request.session_id, request.session_epoch, uses_topic_ids(call), now));
    const size_t size_before = wanted.session->size();
    for (const FetchWanted& partition : listed_partitions(request)) wanted.session->want(partition);
    for (const Request::ForgottenTopic& topic : request.forgotten_topics_data)
        for (const int32_t partition : topic.partitions)
            wanted.session->forget(target_of(topic.topic, topic.topic_id, partition));
    sessions.resized(*wanted.session, size_before);
    wanted.partitions = wanted.session->wanted();
    return wanted;
}

Result<Wanted> wanted_by(const FetchCall& call) {
    const Request& request = call->request;
    const bool is_full = call->version() < sessions_since || request.session_epoch == final_epoch ||
                         request.session_epoch == initial_epoch;
    if (!is_full) return incremental(call);
    if (call->version() >= sessions_since && request.session_id != 0)
        call->context().fetch_sessions.close(request.session_id);
    Wanted wanted;
    wanted.partitions = listed_partitions(request);
    wanted.opens_session = call->version() >= sessions_since && request.session_epoch == initial_epoch;
    return wanted;
}

// A follower's fetch moves the high watermark and shrinks or grows the ISR: nobody gets that by naming an id. -1 and
// -2 are consumers.
bool is_stranger(const FetchCall& call) {
    const int32_t id = call->version() >= replica_state_since ? plain(call->request.replica_state).replica_id
                                                              : plain(call->request.replica_id);
    return id >= 0;
}

// One request under way: what was asked, what has an answer already, and which of the job's items is which.
struct Fetching {
    FetchCall call;
    Wanted wanted;
    std::vector<FetchOutcome> outcomes;       // as wanted.partitions
    std::vector<replica::PartitionKey> keys;  // likewise
    std::vector<size_t> items;                // index in wanted.partitions by index in the job
};

FetchOutcome refused(ErrorCode error) {
    FetchOutcome outcome;
    outcome.error = error;
    return outcome;
}

FetchItem item_of(const Fetching& fetching, size_t i) {
    const FetchWanted& wanted = fetching.wanted.partitions[i];
    FetchItem item;
    item.key = fetching.keys[i];
    item.request.from = Offset(wanted.fetch_offset);
    item.request.current_leader_epoch = LeaderEpoch(wanted.current_leader_epoch);
    item.request.last_fetched_epoch = LeaderEpoch(wanted.last_fetched_epoch);
    item.request.bytes_max = static_cast<size_t>(std::max(0, wanted.bytes_max));
    item.request.committed_only = fetching.call->request.isolation_level == read_committed;
    return item;
}

// What the cluster has of what is wanted becomes the plan; the rest is refused here.
FetchPlan plan_for(Fetching& fetching) {
    const FetchCall& call = fetching.call;
    const metadata::Image& image = call->context().image();
    const bool by_id = uses_topic_ids(call);
    const bool refuses_all = is_stranger(call);
    FetchPlan plan;
    fetching.outcomes.resize(fetching.wanted.partitions.size());
    fetching.keys.resize(fetching.wanted.partitions.size());
    for (size_t i = 0; i < fetching.wanted.partitions.size(); ++i) {
        const FetchTarget& target = fetching.wanted.partitions[i].target;
        const metadata::TopicImage* topic = by_id ? image.topic(target.topic_id) : image.topic(target.topic);
        const PartitionIndex index(target.partition);
        if (topic == nullptr || topic->partition(index) == nullptr || refuses_all) {
            const ErrorCode missing =
                topic == nullptr && by_id ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition;
            fetching.outcomes[i] = refused(refuses_all ? ErrorCode::not_leader_or_follower : missing);
            plan.answers_at_once = true;
            continue;
        }
        fetching.keys[i] = {topic->id, index};
        fetching.items.push_back(i);
        plan.items.push_back(item_of(fetching, i));
    }
    const int32_t bytes_max = std::min(call->request.max_bytes, call->context().config().fetch_max_bytes);
    plan.bytes_max = static_cast<size_t>(std::max(0, bytes_max));
    plan.bytes_min = std::min(plan.bytes_max, static_cast<size_t>(std::max(0, call->request.min_bytes)));
    plan.wait_max = Milliseconds(std::max(0, call->request.max_wait_ms));
    return plan;
}

// The batches of a partition follow each other on the wire; each stays where it is until it is sent.
Bytes joined(const std::vector<Bytes>& parts, size_t bytes) {
    if (parts.empty()) return {};
    if (parts.size() == 1) return parts.front();
    std::vector<std::byte> memory;
    memory.reserve(bytes);
    for (const Bytes& part : parts) memory.insert(memory.end(), part.span().begin(), part.span().end());
    return Bytes::from(std::move(memory));
}

Response::Partition to_wire(const Fetching& fetching, size_t i, const metadata::Image& image) {
    const FetchOutcome& outcome = fetching.outcomes[i];
    Response::Partition partition;
    partition.partition_index = fetching.wanted.partitions[i].target.partition;
    partition.error_code = outcome.error;
    partition.high_watermark = outcome.high_watermark.value;
    partition.last_stable_offset = outcome.last_stable_offset.value;
    partition.log_start_offset = outcome.log_start_offset.value;
    if (outcome.diverging)
        partition.diverging_epoch = Response::EpochEndOffset{.epoch = outcome.diverging->epoch.value,
                                                             .end_offset = outcome.diverging->end_offset.value};
    if (fetching.call->request.isolation_level == read_committed && outcome.error == ErrorCode::none) {
        partition.aborted_transactions.emplace();
        for (const storage::AbortedTransaction& aborted : outcome.aborted)
            partition.aborted_transactions->push_back(
                {.producer_id = aborted.producer_id.value, .first_offset = aborted.first_offset.value});
    }
    const bool is_elsewhere =
        outcome.error == ErrorCode::not_leader_or_follower || outcome.error == ErrorCode::fenced_leader_epoch;
    const metadata::PartitionImage* known = image.partition(fetching.keys[i].topic_id, fetching.keys[i].partition);
    if (is_elsewhere && known != nullptr)
        partition.current_leader =
            wire::CurrentLeader{.leader_id = known->leader.value, .leader_epoch = known->leader_epoch.value};
    partition.records = joined(outcome.records, outcome.bytes);
    return partition;
}

void add(Response& response, const FetchTarget& target, Response::Partition partition) {
    if (response.responses.empty() || response.responses.back().topic != target.topic ||
        !(plain(response.responses.back().topic_id) == target.topic_id)) {
        Response::Topic& topic = response.responses.emplace_back();
        topic.topic = target.topic;
        topic.topic_id = target.topic_id;
    }
    response.responses.back().partitions.push_back(std::move(partition));
}

void count(const Fetching& fetching, size_t i) {
    if (fetching.keys[i].topic_id.is_zero()) return;
    shard::TopicTraffic& traffic = fetching.call->context().shard.traffic(fetching.keys[i].topic_id);
    ++traffic.fetch_requests;
    traffic.fetched_bytes += fetching.outcomes[i].bytes;
    if (fetching.outcomes[i].error != ErrorCode::none) ++traffic.fetch_failures;
}

void open_session(const Fetching& fetching, Response& response) {
    Context& context = fetching.call->context();
    const FetchSessions::Limits limits{
        .sessions_max = static_cast<size_t>(context.config().max_incremental_fetch_session_cache_slots),
        .now = context.shard.clock().now()};
    const auto session = context.fetch_sessions.open(limits, context.shard.random(), uses_topic_ids(fetching.call),
                                                     fetching.wanted.partitions);
    if (!session) return;
    response.session_id = session->id();
    // What is said now need not be said again.
    for (const Response::Topic& topic : response.responses)
        for (const Response::Partition& partition : topic.partitions)
            session->must_tell(target_of(topic.topic, topic.topic_id, partition.partition_index), partition,
                               partition.records && !partition.records->empty());
}

void respond(const Fetching& fetching) {
    Response response;
    const metadata::Image& image = fetching.call->context().image();
    const std::shared_ptr<FetchSession>& session = fetching.wanted.session;
    if (session) response.session_id = session->id();
    for (size_t i = 0; i < fetching.outcomes.size(); ++i) {
        const FetchTarget& target = fetching.wanted.partitions[i].target;
        count(fetching, i);
        Response::Partition partition = to_wire(fetching, i, image);
        if (session && !session->must_tell(target, partition, fetching.outcomes[i].bytes > 0)) continue;
        add(response, target, std::move(partition));
    }
    if (fetching.wanted.opens_session) open_session(fetching, response);
    fetching.call->respond(response);
}

}  // namespace

void fetch(FetchCall call) {
    auto wanted = wanted_by(call);
    if (!wanted.has_value()) {
        Response response;
        response.error_code = wanted.error();
        return call->respond(response);
    }
    auto fetching = std::make_shared<Fetching>();
    fetching->call = call;
    fetching->wanted = std::move(*wanted);
    FetchPlan plan = plan_for(*fetching);
    const auto job =
        std::make_shared<FetchJob>(call->context(), std::move(plan), [fetching](std::vector<FetchOutcome> outcomes) {
            for (size_t i = 0; i < outcomes.size(); ++i)
                fetching->outcomes[fetching->items[i]] = std::move(outcomes[i]);
            respond(*fetching);
        });
    call->on_close([job] { job->abandon(); });
    job->start();
}

}  // namespace milena::server::handlers
