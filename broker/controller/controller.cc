#include "controller/controller.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "controller/describe_quorum.h"
#include "controller/raft_voters.h"
#include "metadata/feature_levels.h"
#include "metadata/image_records.h"

namespace milena::controller {

namespace {

// A decision of more records than this need not be all or none: it is appended in pieces.
constexpr size_t records_per_batch = 10'000;

// What was decided did not come into the log: nothing of it has happened, and what was refused may have been so because
// of something that hasn't happened either.
template <class Result>
void refuse_one(Result& result, ErrorCode code) {
    result.error_code = code;
    result.error_message.reset();
}
void refuse(wire::CreateTopicsResponse& response, ErrorCode code) {
    for (auto& topic : response.topics) {
        topic = {.name = topic.name, .error_code = code};
        topic.configs.emplace();
    }
}
void refuse(wire::DeleteTopicsResponse& response, ErrorCode code) {
    for (auto& topic : response.responses) {
        topic.error_code = code;
        topic.error_message = {};
    }
}
void refuse(wire::CreatePartitionsResponse& response, ErrorCode code) {
    for (auto& topic : response.results) refuse_one(topic, code);
}
void refuse(wire::AlterUserScramCredentialsResponse& response, ErrorCode code) {
    for (auto& user : response.results) refuse_one(user, code);
}
void refuse(wire::UpdateFeaturesResponse& response, ErrorCode code) {
    refuse_one(response, code);
    response.results.clear();
}
void refuse(wire::UnregisterBrokerResponse& response, ErrorCode code) { refuse_one(response, code); }
void refuse(wire::ElectLeadersResponse& response, ErrorCode code) {
    response.error_code = code;
    for (auto& topic : response.replica_election_results)
        for (auto& partition : topic.partition_result) refuse_one(partition, code);
}
void refuse(wire::AlterPartitionReassignmentsResponse& response, ErrorCode code) {
    refuse_one(response, code);
    for (auto& topic : response.responses)
        for (auto& partition : topic.partitions) refuse_one(partition, code);
}
template <class AlterResponse>
    requires requires(AlterResponse r) { r.responses.front().resource_type; }
void refuse(AlterResponse& response, ErrorCode code) {
    for (auto& resource : response.responses) refuse_one(resource, code);
}
void refuse(wire::AlterClientQuotasResponse& response, ErrorCode code) {
    for (auto& entry : response.entries) refuse_one(entry, code);
}
template <class T>
void refuse(Result<T>& response, ErrorCode code) {
    response = unexpected(code);
}

// What the sender of a request is told when the log didn't take its records.
ErrorCode outcome_of(ErrorCode refusal) {
    if (refusal == ErrorCode::not_leader_or_follower) return ErrorCode::not_controller;
    return refusal == ErrorCode::record_list_too_large ? ErrorCode::policy_violation : refusal;
}

}  // namespace

Controller::Controller(const Environment& environment, NodeId node, settings::BrokerSettings settings, Publish publish)
    : raft_(environment.raft),
      random_(environment.random),
      clock_(environment.clock),
      cluster_id_(environment.cluster_id),
      node_(node),
      static_settings_(std::move(settings)),
      publish_(std::move(publish)),
      proposed_(metadata::Image::empty()),
      settings_(static_settings_) {}

Controller::~Controller() = default;

void Controller::start(std::function<void()> on_ready, std::function<void(const std::string&)> on_failed,
                       std::function<void(bool)> on_active, std::function<void(int16_t)> on_kraft_version) {
    on_ready_ = std::move(on_ready);
    on_failed_ = std::move(on_failed);
    on_active_ = std::move(on_active);
    on_kraft_version_ = std::move(on_kraft_version);
    raft_.start(*this);
}

// --- requests --------------------------------------------------------------------------------------------------------

Context Controller::context() const {
    return {.image = *proposed_,
            .settings = settings_,
            .random = random_,
            .next_offset = raft_.next_offset(),
            .cluster_id = cluster_id_,
            .liveness = clock_ == nullptr ? nullptr : &liveness_,
            .now = now(),
            .kraft_version = raft_.kraft_version(),
            .node = node_,
            .timestamp = clock_ == nullptr ? no_timestamp : clock_->wall(),
            .voters = &raft_.voters()};
}

Instant Controller::now() const { return clock_ == nullptr ? Instant{} : clock_->now(); }

template <class Request, class Response>
void Controller::handle(const Request& request, const Done<Response>& done) {
    Decision<Response> decision = decide(context(), request);
    if (!is_leader_) {
        // Decided from what may long be otherwise: only the form of the answer is good.
        refuse(decision.response, ErrorCode::not_controller);
        return done(std::move(decision.response));
    }
    answer_later(propose(decision.records), std::move(decision.response), done);
}

// A decision that may be too large for a batch. Only the active controller says how things are.
template <class Request, class Response>
void Controller::handle_in_pieces(const Request& request, const Done<Response>& done) {
    if (!is_leader_) return done(unexpected(ErrorCode::not_controller));
    Decision<Response> decision = decide(context(), request);
    answer_later(propose_in_pieces(decision.records), std::move(decision.response), done);
}

// The answer may tell of what is proposed but not yet committed: it waits for that.
template <class Response>
void Controller::answer_later(const Result<void>& proposed, Response response, const Done<Response>& done) {
    if (!proposed) refuse(response, proposed.error());
    auto shared = std::make_shared<Response>(std::move(response));
    when_published([done, shared](const Result<void>& published) {
        if (!published) refuse(*shared, published.error());
        done(std::move(*shared));
    });
}

void Controller::submit(const wire::CreateTopicsRequest& request, Done<wire::CreateTopicsResponse> done) {
    handle(request, done);
}
void Controller::submit(const wire::DeleteTopicsRequest& request, Done<wire::DeleteTopicsResponse> done) {
    handle(request, done);
}
void Controller::submit(const wire::CreatePartitionsRequest& request, Done<wire::CreatePartitionsResponse> done) {
    handle(request, done);
}
void Controller::submit(const wire::AlterConfigsRequest& request, Done<wire::AlterConfigsResponse> done) {
    handle(request, done);
}
void Controller::submit(const wire::IncrementalAlterConfigsRequest& request,
                        Done<wire::IncrementalAlterConfigsResponse> done) {
    handle(request, done);
}
void Controller::submit(const wire::AlterUserScramCredentialsRequest& request,
                        Done<wire::AlterUserScramCredentialsResponse> done) {
    handle(request, done);
}
// kraft.version is raised last, by the log itself: then all of it is committed, or the controller has changed.
void Controller::submit(const wire::UpdateFeaturesRequest& request, Done<wire::UpdateFeaturesResponse> done) {
    const std::optional<int16_t> kraft_version = asked_kraft_version(request);
    if (!is_leader_ || !kraft_version || *kraft_version == raft_.kraft_version()) return handle(request, done);
    Decision<wire::UpdateFeaturesResponse> decision = decide(context(), request);
    if (decision.response.error_code == ErrorCode::none) {
        const auto checked = raft_.check_kraft_version(*kraft_version);
        if (!checked) decision.response = refused_kraft_version(*kraft_version, checked.error());
    }
    if (decision.response.error_code != ErrorCode::none || request.validate_only)
        return done(std::move(decision.response));
    const Result<void> proposed = propose(decision.records);
    if (!proposed) return answer_later(proposed, std::move(decision.response), done);
    raft_.update_kraft_version(*kraft_version, [this, alive = std::weak_ptr(alive_), level = *kraft_version, done,
                                                response = std::move(decision.response)](const auto& outcome) {
        if (!outcome) return done(refused_kraft_version(level, outcome.error()));
        if (alive.lock()) answer_later({}, response, done);
    });
}
void Controller::submit(const wire::ElectLeadersRequest& request, Done<wire::ElectLeadersResponse> done) {
    handle(request, done);
}
void Controller::submit(const wire::AlterPartitionReassignmentsRequest& request,
                        Done<wire::AlterPartitionReassignmentsResponse> done) {
    handle(request, done);
}
void Controller::submit(const wire::UnregisterBrokerRequest& request, Done<wire::UnregisterBrokerResponse> done) {
    handle(request, done);
}
void Controller::submit(const wire::DescribeQuorumRequest& request, Done<wire::DescribeQuorumResponse> done) const {
    done(describe_quorum(raft_, request));
}
void Controller::submit(const wire::AddRaftVoterRequest& request, Done<wire::AddRaftVoterResponse> done) {
    add_raft_voter(raft_, cluster_id_, request, std::move(done));
}
void Controller::submit(const wire::RemoveRaftVoterRequest& request, Done<wire::RemoveRaftVoterResponse> done) {
    remove_raft_voter(raft_, cluster_id_, request, std::move(done));
}
void Controller::submit(const wire::AlterClientQuotasRequest& request, Done<wire::AlterClientQuotasResponse> done) {
    handle(request, done);
}
void Controller::submit(const BrokerRegistration& registration, Done<Result<BrokerEpoch>> done) {
    if (!is_leader_) return done(unexpected(ErrorCode::not_controller));
    const bool is_new = proposed_->broker(registration.id) == nullptr;
    Decision<Result<BrokerEpoch>> decision = decide(context(), registration);
    const Result<void> proposed = propose_in_pieces(decision.records);
    if (proposed && decision.response) {
        liveness_.registered(registration.id, decision.response->value, now());
        if (is_new) mover_.registered(registration.id);
        grows_topics_at_ = now();
    }
    answer_later(proposed, std::move(decision.response), done);
}
void Controller::submit(const ControllerRegistration& registration, Done<Result<void>> done) {
    handle(registration, done);
}
// Most of them change nothing, and wait for nothing.
void Controller::submit(const BrokerHeartbeat& heartbeat, Done<Result<HeartbeatAnswer>> done) {
    if (!is_leader_) return done(unexpected(ErrorCode::not_controller));
    Decision<Result<HeartbeatAnswer>> decision = decide(context(), heartbeat);
    if (decision.response) {
        liveness_.heard(heartbeat.broker, heartbeat.broker_epoch, heartbeat.metadata_offset, now());
        liveness_.has_full(heartbeat.broker, heartbeat.full_directories);
    }
    if (decision.records.empty()) return done(std::move(decision.response));
    const Result<void> proposed = propose_in_pieces(decision.records);
    if (proposed && heartbeat.wants_shutdown) liveness_.leaves(heartbeat.broker, raft_.next_offset() - 1);
    if (proposed && !decision.response->is_fenced) grows_topics_at_ = now();
    answer_later(proposed, std::move(decision.response), done);
}
void Controller::submit(const AlterPartition& request, Done<Result<AlterPartitionAnswer>> done) {
    handle_in_pieces(request, done);
}
void Controller::submit(const FenceBroker& request, Done<Result<void>> done) { handle_in_pieces(request, done); }
void Controller::submit(const BalanceLeaders& request, Done<Result<Upkeep>> done) { handle_in_pieces(request, done); }
void Controller::submit(const ElectUnclean& request, Done<Result<Upkeep>> done) { handle_in_pieces(request, done); }
void Controller::submit(const GrowInternalTopics& request, Done<Result<Upkeep>> done) {
    handle_in_pieces(request, done);
}
void Controller::submit(const MoveReplicas& request, Done<Result<Upkeep>> done) { handle_in_pieces(request, done); }
void Controller::submit(const PlaceOnBroker& request, Done<Result<void>> done) { handle(request, done); }
void Controller::submit(const AssignDirectories& request, Done<Result<void>> done) { handle_in_pieces(request, done); }
void Controller::submit(const CordonDirectories& request, Done<Result<void>> done) { handle(request, done); }
void Controller::submit(const AllocateProducerIds& request, Done<Result<ProducerIdBlock>> done) {
    handle(request, done);
}
// Nothing of it comes into the log.
void Controller::submit(const ReportLoad& report, Done<Result<void>> done) {
    if (!is_leader_) return done(unexpected(ErrorCode::not_controller));
    done(weights_.take(*proposed_, report));
}

// --- proposals -------------------------------------------------------------------------------------------------------

// Appends the records as one batch and makes the image after it the one that the next decision sees.
Result<void> Controller::propose(std::span<const metadata::Record> records) {
    if (records.empty()) return {};
    if (!is_leader_) return unexpected(ErrorCode::not_controller);
    const int16_t version = metadata::metadata_version(*proposed_->features);
    std::vector<Bytes> values;
    values.reserve(records.size());
    for (const metadata::Record& record : records) values.push_back(metadata::encode_record(record, version));
    const Result<Offset> base = raft_.propose(std::move(values));
    if (!base) return unexpected(outcome_of(base.error()));
    metadata::ImageBuilder builder(proposed_);
    for (const metadata::Record& record : records) {
        elections_.count(*proposed_, record);
        builder.apply(record);
    }
    auto round = std::make_shared<Round>();
    round->last_offset = *base + (static_cast<int64_t>(records.size()) - 1);
    round->delta = std::move(builder).finish({round->last_offset, raft_.epoch()});
    proposed_ = round->delta.after;
    use_settings(round->delta);
    rounds_.push_back(std::move(round));
    return {};
}

// Each piece makes sense without those after it.
Result<void> Controller::propose_in_pieces(std::span<const metadata::Record> records) {
    Result<void> proposed;
    for (size_t i = 0; i < records.size() && proposed; i += records_per_batch)
        proposed = propose(records.subspan(i, std::min(records_per_batch, records.size() - i)));
    return proposed;
}

void Controller::when_published(Waiter waiter) {
    if (rounds_.empty()) return waiter({});
    rounds_.back()->waiters.push_back(std::move(waiter));
}

void Controller::use_settings(const metadata::Delta& delta) {
    const auto is_of_broker = [](const auto& r) { return r.type == metadata::ConfigResourceType::broker; };
    if (std::ranges::none_of(delta.configs, is_of_broker)) return;
    settings_ = static_settings_.with_dynamic(proposed_->broker_config(node_), proposed_->broker_defaults());
}

// What others have decided, or this node in an earlier life.
void Controller::publish(metadata::Delta delta) {
    auto round = std::make_shared<Round>();
    round->last_offset = delta.after->offset;
    round->delta = std::move(delta);
    round->is_committed = true;
    rounds_.push_back(round);
    use_settings(round->delta);
    publish(round);
}

void Controller::publish(const std::shared_ptr<Round>& round) {
    if (!check_version(*round->delta.after)) return;
    published_ = round->delta.after;
    publish_(round->delta, [this, alive = std::weak_ptr(alive_), round] {
        if (alive.lock()) published(round);
    });
}

void Controller::published(const std::shared_ptr<Round>& round) {
    std::erase(rounds_, round);
    for (const Waiter& waiter : round->waiters) waiter({});
    become_ready();
}

// A log that nobody has begun yet says nothing of the cluster.
void Controller::become_ready() {
    if (is_ready_ || metadata::metadata_version(*published_->features) == 0) return;
    is_ready_ = true;
    on_ready_();
}

// Levels that are too high are refused where the log is read.
bool Controller::check_version(const metadata::Image& with) {
    const int16_t version = metadata::metadata_version(*with.features);
    if (version >= metadata::metadata_version_min) return true;
    failed("metadata.version " + std::to_string(version) + " of the metadata log is not supported: it is less than " +
           std::to_string(metadata::metadata_version_min));
    return false;
}

// --- what the log says -----------------------------------------------------------------------------------------------

void Controller::load_begin() { loader_.load_begin(); }

Result<void, std::string> Controller::load(const std::vector<Bytes>& values) { return loader_.load(values); }

void Controller::load_end(const raft::SnapshotId& id, Timestamp) {
    loader_.load_end({id.end_offset - 1, id.epoch});
    proposed_ = image();
    if (is_publishing_) publish(metadata::difference(published_, image()));
}

Result<void, std::string> Controller::apply(const raft::Batch& batch) {
    if (!is_leader_) {
        ASSIGN_OR_RETURN(auto deltas, loader_.apply(batch.values, {batch.last_offset, batch.epoch}));
        proposed_ = image();
        if (is_publishing_)
            for (metadata::Delta& delta : deltas) publish(std::move(delta));
        return {};
    }
    // What this leader has proposed was applied when it was decided.
    const auto at = std::ranges::find(rounds_, false, [](const auto& round) { return round->is_committed; });
    check(at != rounds_.end() && (*at)->last_offset == batch.last_offset);
    const std::shared_ptr<Round> round = *at;
    round->is_committed = true;
    loader_.advance(round->delta);
    publish(round);
    return {};
}

void Controller::write_snapshot(const std::function<void(Bytes value)>& emit) {
    const int16_t version = metadata::metadata_version(*image()->features);
    metadata::write_image(*image(),
                          [&](const metadata::Record& record) { emit(metadata::encode_record(record, version)); });
}

Result<metadata::Records, std::string> Controller::bootstrap_records() const {
    ASSIGN_OR_RETURN(const std::vector<Bytes> values, raft_.read_bootstrap());
    metadata::Records records;
    for (const Bytes& value : values) {
        auto record = metadata::decode_record(value);
        if (!record) return unexpected("bootstrap.checkpoint: " + std::string(record.error().reason));
        if (const auto* feature = std::get_if<wire::FeatureLevelRecord>(&*record))
            RETURN_IF_ERROR(metadata::check_readable(feature->name, feature->feature_level));
        records.push_back(std::move(record).value());
    }
    return decide_bootstrap(records, static_settings_);
}

// The first image that the shards see is all new to them.
void Controller::caught_up() {
    is_publishing_ = true;
    publish(metadata::everything(image()));
}

void Controller::became_leader(LeaderEpoch) {
    is_leader_ = true;
    proposed_ = image();
    if (on_active_) on_active_(true);
    metadata::Records records;
    if (loader_.is_in_transaction()) {
        loader_.abort_transaction();
        wire::AbortTransactionRecord record;
        record.reason.emplace("a new leader");
        records.emplace_back(std::move(record));
    }
    if (image()->offset == no_offset) {
        auto bootstrap = bootstrap_records();
        if (!bootstrap) return failed(bootstrap.error());
        std::move(bootstrap->begin(), bootstrap->end(), std::back_inserter(records));
    }
    liveness_.begin(*proposed_, now());
    weights_ = {};
    mover_.begin(*proposed_);
    const Result<void> proposed = propose(records);
    if (!proposed) return failed("the metadata log can't be begun: " + std::string(error_name(proposed.error())));
}

// What was proposed and isn't committed may come to be or not: whoever waits has to ask the next controller.
void Controller::lost_leadership() {
    is_leader_ = false;
    if (on_active_) on_active_(false);
    proposed_ = image();
    std::deque<std::shared_ptr<Round>> lost;
    for (const auto& round : rounds_)
        if (!round->is_committed) lost.push_back(round);
    std::erase_if(rounds_, [](const auto& round) { return !round->is_committed; });
    settings_ = static_settings_.with_dynamic(proposed_->broker_config(node_), proposed_->broker_defaults());
    for (const auto& round : lost)
        for (const Waiter& waiter : round->waiters) waiter(unexpected(ErrorCode::not_controller));
}

void Controller::leader_changed(NodeId leader, LeaderEpoch epoch) {
    if (leader != no_node && leader != node_) log_info("active controller", {{"node", leader}, {"epoch", epoch}});
}

void Controller::voters_changed(const raft::VoterSet&, int16_t kraft_version) {
    if (on_kraft_version_) on_kraft_version_(kraft_version);
}

// Whether what was proposed has happened is not known now; after the restart it will be.
void Controller::failed(const std::string& reason) {
    is_leader_ = false;
    alive_.reset();
    for (const auto& round : std::exchange(rounds_, {})) {
        for (const Waiter& waiter : round->waiters) waiter(unexpected(ErrorCode::not_controller));
    }
    on_failed_(reason);
}

}  // namespace milena::controller
