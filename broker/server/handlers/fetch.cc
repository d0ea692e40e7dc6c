#include "server/fetch_sessions.h"
#include "server/fetch_wait.h"
#include "server/handlers/handlers.h"
#include "server/handlers/leader_hints.h"

namespace milena::server::handlers {
namespace {

using wire::FetchRequest;
using wire::FetchResponse;
using FetchCall = CallPtr<FetchRequest, FetchResponse>;
using replica::FetchOutcome;

constexpr wire::Version leader_hints_since = 16;

// A consumer that can name its rack is served by a follower as well (KIP-392); a tool that compares replicas by each.
constexpr wire::Version racks_since = 11;

// What is not in memory already has to be read into it: clients allow 50 MB, but are as happy with more answers.
constexpr size_t answer_bytes_max = 4U << 20;

// One fetch from its session to its answer.
struct Fetching {
    FetchContext session;
    std::vector<FetchResponse::Partition> answers;  // of session.wishes
    std::vector<size_t> asked;                      // the wishes that partitions are asked for
    FetchPlan plan;
};

int32_t replica_id(const FetchRequest& request) {
    if (request.replica_id != consumer) return request.replica_id;
    return request.replica_state.replica_id;
}

bool reads_committed(const FetchRequest& request) {
    return request.isolation_level == read_committed && replica_id(request) < 0;
}

// Those in the consumer's rack that it can reach; none where that doesn't matter.
std::shared_ptr<const std::vector<NodeId>> close_brokers(const FetchCall& call) {
    const std::string_view rack = call->request.rack_id;
    if (rack.empty() || replica_id(call->request) >= 0) return nullptr;
    if (call->context().config().replica_selector_class != settings::rack_aware_selector) return nullptr;
    auto close = std::make_shared<std::vector<NodeId>>();
    const ClusterView view(call->context().image(), call->caller().listener());
    for (const auto& [id, broker] : *view.image().brokers)
        if (broker.rack == rack && view.reachable(id) != nullptr) close->push_back(id);
    return close;
}

FetchResponse::Partition refused(int32_t index, ErrorCode error) {
    FetchResponse::Partition answer;
    answer.partition_index = index;
    answer.error_code = error;
    answer.high_watermark = -1;
    answer.records = wire::Slices();
    return answer;
}

const metadata::TopicImage* topic_of(const FetchCall& call, const FetchKey& key) {
    const metadata::Image& image = call->context().image();
    return call->version() >= 13 ? image.topic(key.topic_id) : image.topic(key.name());
}

ErrorCode reason_refused(const FetchCall& call, const metadata::TopicImage* topic, const FetchKey& key) {
    if (topic == nullptr)
        return call->version() >= 13 ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition;
    if (topic->partition(PartitionIndex(key.partition)) == nullptr) return ErrorCode::unknown_topic_or_partition;
    return ErrorCode::none;
}

void resolve(const FetchCall& call, Fetching& fetching) {
    fetching.answers.resize(fetching.session.wishes.size());
    const int32_t asker = replica_id(call->request);
    const auto close = close_brokers(call);
    for (size_t i = 0; i < fetching.answers.size(); ++i) {
        const FetchWish& wish = fetching.session.wishes[i];
        const metadata::TopicImage* topic = topic_of(call, wish.key);
        const ErrorCode error = reason_refused(call, topic, wish.key);
        if (error != ErrorCode::none) {
            fetching.answers[i] = refused(wish.key.partition, error);
            // As Kafka says it: null comes from a replica that was asked, an empty list if there was none to ask.
            fetching.answers[i].aborted_transactions.emplace();
            continue;
        }
        FetchItem item;
        item.key = {topic->id, PartitionIndex(wish.key.partition)};
        item.request.from = Offset(wish.request.fetch_offset);
        item.request.current_leader_epoch = LeaderEpoch(std::max<int32_t>(wish.request.current_leader_epoch, -1));
        item.request.last_fetched_epoch = LeaderEpoch(wish.request.last_fetched_epoch);
        item.request.bytes_max = static_cast<size_t>(std::max(wish.request.partition_max_bytes, 0));
        item.request.committed_only = reads_committed(call->request);
        item.request.may_refer = true;
        item.request.leader_only = asker >= 0 || (asker == consumer && call->version() < racks_since);
        item.request.is_uncommitted = asker != consumer;
        item.request.is_replica = asker >= 0;
        item.request.close_brokers = close;
        fetching.plan.items.push_back(item);
        fetching.asked.push_back(i);
    }
}

void limit(const FetchCall& call, Fetching& fetching) {
    const FetchRequest& request = call->request;
    const auto positive = [](int32_t bytes) { return static_cast<size_t>(std::max(bytes, 0)); };
    size_t bytes_max = positive(std::min(request.max_bytes, call->context().config().fetch_max_bytes));
    if (const auto quota = call->context().quotas.amount_max(QuotaType::fetch, call->caller().quota_client()))
        bytes_max = std::min(bytes_max, static_cast<size_t>(std::max(*quota, 1.0)));
    const size_t room = std::min(answer_bytes_max, call->caller().connection->answer_bytes_room());
    FetchPlan& plan = fetching.plan;
    limit_bytes(plan, {.bytes_min = positive(request.min_bytes), .bytes_max = bytes_max, .room = room});
    // A partition that doesn't exist doesn't cut the wait short, lest the client asks in a circle.
    plan.wait_max = Milliseconds(std::max(request.max_wait_ms, 0));
}

FetchResponse::Partition answer_of(const FetchCall& call, int32_t index, FetchOutcome outcome) {
    if (outcome.error != ErrorCode::none) return refused(index, outcome.error);
    FetchResponse::Partition answer;
    answer.partition_index = index;
    answer.high_watermark = outcome.high_watermark.value;
    answer.last_stable_offset = outcome.last_stable_offset.value;
    answer.log_start_offset = outcome.log_start_offset.value;
    if (outcome.diverging)
        answer.diverging_epoch = FetchResponse::EpochEndOffset{.epoch = outcome.diverging->epoch.value,
                                                               .end_offset = outcome.diverging->end_offset.value};
    answer.preferred_read_replica = outcome.closer_replica.value;
    if (reads_committed(call->request)) {
        answer.aborted_transactions.emplace();
        for (const storage::AbortedTransaction& aborted : outcome.aborted)
            answer.aborted_transactions->push_back({aborted.producer_id.value, aborted.first_offset.value});
    }
    answer.records = wire::Slices(std::move(outcome.records));
    return answer;
}

void add_leader_hints(const FetchCall& call, Fetching& fetching, FetchResponse& response) {
    if (call->version() < leader_hints_since) return;
    const ClusterView view(call->context().image(), call->caller().listener());
    auto* const endpoints = replica_id(call->request) >= 0 ? nullptr : &plain(response.node_endpoints);
    for (size_t i = 0; i < fetching.answers.size(); ++i) {
        const ErrorCode error = fetching.answers[i].error_code;
        if (!wants_leader_hint(error)) continue;
        const FetchKey& key = fetching.session.wishes[i].key;
        const metadata::TopicImage* topic = topic_of(call, key);
        const auto* partition = topic == nullptr ? nullptr : topic->partition(PartitionIndex(key.partition));
        redirect(call->caller(), view, error, partition, endpoints, fetching.answers[i].current_leader);
    }
}

// A client that has had too much gets nothing for now; what it would have got isn't counted. Only a batch that is too
// large for the whole window is given to a client that has had nothing, or he would wait for it for ever.
struct Charge {
    Throttle throttle;
    bool is_withheld = false;
};

Charge charge(const FetchCall& call, const Fetching& fetching) {
    ClientQuotas& quotas = call->context().quotas;
    if (!quotas.limits_any()) return {};
    const QuotaClient client = call->caller().quota_client();
    size_t bytes = 0;
    for (const FetchResponse::Partition& answer : fetching.answers)
        if (answer.records) bytes += answer.records->size();
    const bool is_first = quotas.is_unused(QuotaType::fetch, client);
    const auto amount = static_cast<double>(bytes);
    const Throttle throttle = call->charge(QuotaType::fetch, amount);
    const bool is_too_large = amount > quotas.amount_max(QuotaType::fetch, client).value_or(amount);
    if (throttle.time == Duration{} || (is_first && is_too_large)) return {throttle, false};
    quotas.take_back(QuotaType::fetch, client, amount);
    return {throttle, true};
}

void respond(const FetchCall& call, Fetching& fetching) {
    FetchResponse response;
    response.error_code = fetching.session.error;
    const Charge charged = charge(call, fetching);
    if (charged.is_withheld) {
        if (fetching.session.session) response.session_id = fetching.session.session->id;
        return call->respond(response, charged.throttle);
    }
    add_leader_hints(call, fetching, response);
    std::vector<bool> is_told;
    response.session_id = call->context().fetch_sessions.finish(fetching.session, fetching.answers, is_told,
                                                                call->context().shard.clock().now());
    const FetchKey* last = nullptr;
    for (size_t i = 0; i < fetching.answers.size(); ++i) {
        if (!is_told[i]) continue;
        const FetchKey& key = fetching.session.wishes[i].key;
        if (last == nullptr || !last->is_of_same_topic(key)) {
            FetchResponse::Topic& topic = response.responses.emplace_back();
            topic.topic = std::string(key.name());
            topic.topic_id = key.topic_id;
        }
        last = &key;
        response.responses.back().partitions.push_back(std::move(fetching.answers[i]));
    }
    call->respond(response, charged.throttle);
}

void begin(const FetchCall& call) {
    auto fetching = std::make_shared<Fetching>();
    Context& context = call->context();
    fetching->session = context.fetch_sessions.begin(call->request, call->version(), context.shard.clock().now());
    resolve(call, *fetching);
    if (fetching->plan.items.empty()) return respond(call, *fetching);
    limit(call, *fetching);
    const auto wait = FetchWait::start(
        context.shards, context.shard, std::move(fetching->plan), [call, fetching](std::vector<FetchOutcome> outcomes) {
            for (size_t k = 0; k < outcomes.size(); ++k) {
                const size_t i = fetching->asked[k];
                fetching->answers[i] =
                    answer_of(call, fetching->session.wishes[i].key.partition, std::move(outcomes[k]));
            }
            respond(call, *fetching);
        });
    if (!wait->is_done()) call->on_close([wait] { wait->cancel(); });
}

}  // namespace

void fetch(FetchCall call) {
    call->in_turn([call] { begin(call); });
}

}  // namespace milena::server::handlers
