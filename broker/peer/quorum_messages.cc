#include "peer/quorum_messages.h"

#include <quorum.pb.h>

#include "peer/ids.h"

namespace milena::peer {
namespace {

constexpr int endpoints_max = 64;

void write_endpoint(const raft::VoterEndpoint& endpoint, quorum::v1::Endpoint& to) {
    to.set_name(endpoint.name);
    to.set_host(endpoint.host);
    to.set_port(endpoint.port);
}

void write_snapshot(const raft::SnapshotId& id, quorum::v1::SnapshotId& to) {
    to.set_end_offset(id.end_offset.value);
    to.set_epoch(id.epoch.value);
}

raft::SnapshotId read_snapshot(const quorum::v1::SnapshotId& from) {
    return {.end_offset = Offset(from.end_offset()), .epoch = LeaderEpoch(from.epoch())};
}

// Ids, offsets and epochs are -1 where there is none; what must be there is checked by the one who asks for it.
template <class Id>
bool is_id_or_none(Id id) {
    return id >= Id(-1);
}

template <class Id>
bool is_id(Id id) {
    return id >= Id(0);
}

template <class List>
Result<std::vector<raft::VoterEndpoint>, std::string> read_endpoints(const List& from) {
    if (from.size() > endpoints_max) return unexpected(std::string("too many endpoints"));
    std::vector<raft::VoterEndpoint> endpoints;
    for (const quorum::v1::Endpoint& endpoint : from) {
        const auto port = read_port(endpoint.port());
        if (!port || endpoint.name().size() > name_bytes_max || endpoint.host().size() > name_bytes_max)
            return unexpected(std::string("an endpoint that can't be one"));
        endpoints.push_back({endpoint.name(), endpoint.host(), *port});
    }
    return endpoints;
}

// --- requests --------------------------------------------------------------------------------------------------------

void write_body(const raft::VoteRequest& request, quorum::v1::QuorumRequest& to) {
    quorum::v1::VoteRequest& vote = *to.mutable_vote();
    vote.set_candidate(request.candidate.value);
    write_uuid(request.candidate_directory, *vote.mutable_candidate_directory());
    vote.set_voter(request.voter.value);
    write_uuid(request.voter_directory, *vote.mutable_voter_directory());
    vote.set_last_epoch(request.last_epoch.value);
    vote.set_end_offset(request.end_offset.value);
    vote.set_is_pre_vote(request.is_pre_vote);
}

void write_body(const raft::BeginEpochRequest& request, quorum::v1::QuorumRequest& to) {
    quorum::v1::BeginEpochRequest& begin = *to.mutable_begin_epoch();
    begin.set_leader(request.leader.value);
    write_uuid(request.leader_directory, *begin.mutable_leader_directory());
    begin.set_voter(request.voter.value);
    write_uuid(request.voter_directory, *begin.mutable_voter_directory());
    for (const raft::VoterEndpoint& endpoint : request.endpoints) write_endpoint(endpoint, *begin.add_endpoints());
}

void write_body(const raft::EndEpochRequest& request, quorum::v1::QuorumRequest& to) {
    quorum::v1::EndEpochRequest& end = *to.mutable_end_epoch();
    end.set_leader(request.leader.value);
    for (const NodeId node : request.preferred) end.add_preferred(node.value);
}

void write_body(const raft::FetchRequest& request, quorum::v1::QuorumRequest& to) {
    quorum::v1::FetchRequest& fetch = *to.mutable_fetch();
    fetch.set_replica(request.replica.value);
    write_uuid(request.replica_directory, *fetch.mutable_replica_directory());
    fetch.set_fetch_offset(request.fetch_offset.value);
    fetch.set_last_fetched_epoch(request.last_fetched_epoch.value);
    fetch.set_high_watermark(request.high_watermark.value);
    fetch.set_max_wait_ms(request.max_wait_ms);
}

void write_body(const raft::FetchSnapshotRequest& request, quorum::v1::QuorumRequest& to) {
    quorum::v1::FetchSnapshotRequest& fetch = *to.mutable_fetch_snapshot();
    fetch.set_replica(request.replica.value);
    write_uuid(request.replica_directory, *fetch.mutable_replica_directory());
    write_snapshot(request.snapshot, *fetch.mutable_snapshot());
    fetch.set_position(request.position);
}

static_assert(static_cast<int>(raft::VoterChange::add) == quorum::v1::ChangeVoterRequest::ADD &&
              static_cast<int>(raft::VoterChange::remove) == quorum::v1::ChangeVoterRequest::REMOVE &&
              static_cast<int>(raft::VoterChange::update) == quorum::v1::ChangeVoterRequest::UPDATE);

void write_body(const raft::ChangeVoterRequest& request, quorum::v1::QuorumRequest& to) {
    quorum::v1::ChangeVoterRequest& change = *to.mutable_change_voter();
    change.set_change(static_cast<quorum::v1::ChangeVoterRequest::Change>(request.change));
    change.set_voter(request.voter.id.value);
    write_uuid(request.voter.directory_id, *change.mutable_voter_directory());
    for (const raft::VoterEndpoint& endpoint : request.voter.endpoints)
        write_endpoint(endpoint, *change.add_endpoints());
    change.set_kraft_version_min(request.voter.kraft_version_min);
    change.set_kraft_version_max(request.voter.kraft_version_max);
}

using ReadRequest = Result<raft::Request, std::string>;

ReadRequest refused(const char* why) { return unexpected(std::string(why)); }

ReadRequest read_vote(const quorum::v1::QuorumRequest& from) {
    const quorum::v1::VoteRequest& vote = from.vote();
    const raft::VoteRequest request{.cluster_id = from.cluster_id(),
                                    .epoch = LeaderEpoch(from.epoch()),
                                    .candidate = NodeId(vote.candidate()),
                                    .candidate_directory = read_uuid(vote.candidate_directory()),
                                    .voter = NodeId(vote.voter()),
                                    .voter_directory = read_uuid(vote.voter_directory()),
                                    .last_epoch = LeaderEpoch(vote.last_epoch()),
                                    .end_offset = Offset(vote.end_offset()),
                                    .is_pre_vote = vote.is_pre_vote()};
    if (!is_id(request.candidate) || !is_id_or_none(request.voter)) return refused("a vote for or by nobody");
    if (!is_id_or_none(request.last_epoch) || !is_id(request.end_offset)) return refused("a log without an end");
    return raft::Request(request);
}

ReadRequest read_begin_epoch(const quorum::v1::QuorumRequest& from) {
    const quorum::v1::BeginEpochRequest& begin = from.begin_epoch();
    raft::BeginEpochRequest request{.cluster_id = from.cluster_id(),
                                    .epoch = LeaderEpoch(from.epoch()),
                                    .leader = NodeId(begin.leader()),
                                    .leader_directory = read_uuid(begin.leader_directory()),
                                    .voter = NodeId(begin.voter()),
                                    .voter_directory = read_uuid(begin.voter_directory()),
                                    .endpoints = {}};
    if (!is_id(request.leader) || !is_id_or_none(request.voter)) return refused("an epoch of or for nobody");
    ASSIGN_OR_RETURN(request.endpoints, read_endpoints(begin.endpoints()));
    return raft::Request(std::move(request));
}

ReadRequest read_end_epoch(const quorum::v1::QuorumRequest& from) {
    const quorum::v1::EndEpochRequest& end = from.end_epoch();
    raft::EndEpochRequest request{.cluster_id = from.cluster_id(),
                                  .epoch = LeaderEpoch(from.epoch()),
                                  .leader = NodeId(end.leader()),
                                  .preferred = {}};
    if (!is_id(request.leader)) return refused("an epoch of nobody");
    if (end.preferred_size() > endpoints_max) return refused("too many preferred successors");
    for (const int32_t node : end.preferred()) {
        if (node < 0) return refused("a successor that is nobody");
        request.preferred.push_back(NodeId(node));
    }
    return raft::Request(std::move(request));
}

ReadRequest read_fetch(const quorum::v1::QuorumRequest& from) {
    const quorum::v1::FetchRequest& fetch = from.fetch();
    const raft::FetchRequest request{.cluster_id = from.cluster_id(),
                                     .epoch = LeaderEpoch(from.epoch()),
                                     .replica = NodeId(fetch.replica()),
                                     .replica_directory = read_uuid(fetch.replica_directory()),
                                     .fetch_offset = Offset(fetch.fetch_offset()),
                                     .last_fetched_epoch = LeaderEpoch(fetch.last_fetched_epoch()),
                                     .high_watermark = Offset(fetch.high_watermark()),
                                     .max_wait_ms = fetch.max_wait_ms()};
    if (!is_id(request.replica)) return refused("a fetch by nobody");
    if (!is_id(request.fetch_offset) || !is_id_or_none(request.last_fetched_epoch) ||
        !is_id_or_none(request.high_watermark) || request.max_wait_ms < 0)
        return refused("a fetch from nowhere");
    return raft::Request(request);
}

ReadRequest read_fetch_snapshot(const quorum::v1::QuorumRequest& from) {
    const quorum::v1::FetchSnapshotRequest& fetch = from.fetch_snapshot();
    const raft::FetchSnapshotRequest request{.cluster_id = from.cluster_id(),
                                             .epoch = LeaderEpoch(from.epoch()),
                                             .replica = NodeId(fetch.replica()),
                                             .replica_directory = read_uuid(fetch.replica_directory()),
                                             .snapshot = read_snapshot(fetch.snapshot()),
                                             .position = fetch.position()};
    if (!is_id(request.replica)) return refused("a fetch by nobody");
    if (!is_id(request.snapshot.end_offset) || !is_id(request.snapshot.epoch)) return refused("no such snapshot");
    return raft::Request(request);
}

ReadRequest read_change_voter(const quorum::v1::QuorumRequest& from) {
    const quorum::v1::ChangeVoterRequest& change = from.change_voter();
    const auto is_level = [](int32_t level) { return level >= 0 && level <= INT16_MAX; };
    if (!quorum::v1::ChangeVoterRequest::Change_IsValid(change.change()))
        return refused("an unknown change of the voters");
    if (!is_id(NodeId(change.voter()))) return refused("a voter that is nobody");
    if (!is_level(change.kraft_version_min()) || !is_level(change.kraft_version_max()))
        return refused("a kraft.version that can't be one");
    raft::ChangeVoterRequest request{.cluster_id = from.cluster_id(),
                                     .epoch = LeaderEpoch(from.epoch()),
                                     .change = static_cast<raft::VoterChange>(change.change()),
                                     .voter = {.id = NodeId(change.voter()),
                                               .directory_id = read_uuid(change.voter_directory()),
                                               .endpoints = {},
                                               .kraft_version_min = static_cast<int16_t>(change.kraft_version_min()),
                                               .kraft_version_max = static_cast<int16_t>(change.kraft_version_max())}};
    ASSIGN_OR_RETURN(request.voter.endpoints, read_endpoints(change.endpoints()));
    return raft::Request(std::move(request));
}

// --- responses -------------------------------------------------------------------------------------------------------

void write_body(const raft::VoteResponse& response, quorum::v1::QuorumResponse& to) {
    to.mutable_vote()->set_is_granted(response.is_granted);
    to.mutable_vote()->set_has_log(response.has_log);
}

void write_body(const raft::EpochResponse&, quorum::v1::QuorumResponse& to) { to.mutable_epoch_known(); }

void write_body(const raft::FetchResponse& response, quorum::v1::QuorumResponse& to) {
    quorum::v1::FetchResponse& fetch = *to.mutable_fetch();
    fetch.set_high_watermark(response.high_watermark.value);
    fetch.set_log_start(response.log_start.value);
    if (response.diverging) {
        fetch.mutable_diverging()->set_epoch(response.diverging->epoch.value);
        fetch.mutable_diverging()->set_end_offset(response.diverging->end_offset.value);
    }
    if (response.snapshot) write_snapshot(*response.snapshot, *fetch.mutable_snapshot());
    fetch.set_records(response.records.data(), response.records.size());
}

void write_body(const raft::FetchSnapshotResponse& response, quorum::v1::QuorumResponse& to) {
    quorum::v1::FetchSnapshotResponse& fetch = *to.mutable_fetch_snapshot();
    write_snapshot(response.snapshot, *fetch.mutable_snapshot());
    fetch.set_size(response.size);
    fetch.set_position(response.position);
    fetch.set_bytes(response.bytes.data(), response.bytes.size());
}

using ReadResponse = Result<raft::Response, std::string>;

ReadResponse read_fetched(raft::Leadership current, quorum::v1::FetchResponse& fetch) {
    raft::FetchResponse response{.current = std::move(current),
                                 .high_watermark = Offset(fetch.high_watermark()),
                                 .log_start = Offset(fetch.log_start()),
                                 .diverging = std::nullopt,
                                 .snapshot = std::nullopt,
                                 .records = bytes_of(std::move(*fetch.mutable_records()))};
    if (!is_id_or_none(response.high_watermark) || !is_id_or_none(response.log_start))
        return unexpected(std::string("a log that begins or ends nowhere"));
    if (fetch.has_diverging())
        response.diverging = storage::EpochEnd{.epoch = LeaderEpoch(fetch.diverging().epoch()),
                                               .end_offset = Offset(fetch.diverging().end_offset())};
    if (response.diverging && (!is_id_or_none(response.diverging->epoch) || !is_id(response.diverging->end_offset)))
        return unexpected(std::string("logs that part nowhere"));
    if (fetch.has_snapshot()) response.snapshot = read_snapshot(fetch.snapshot());
    if (response.snapshot && (!is_id(response.snapshot->end_offset) || !is_id(response.snapshot->epoch)))
        return unexpected(std::string("no such snapshot"));
    return raft::Response(std::move(response));
}

ReadResponse read_fetched_snapshot(raft::Leadership current, quorum::v1::FetchSnapshotResponse& fetch) {
    raft::FetchSnapshotResponse response{.current = std::move(current),
                                         .snapshot = read_snapshot(fetch.snapshot()),
                                         .size = fetch.size(),
                                         .position = fetch.position(),
                                         .bytes = bytes_of(std::move(*fetch.mutable_bytes()))};
    if (response.position > response.size || response.bytes.size() > response.size - response.position)
        return unexpected(std::string("a piece of a snapshot that lies outside"));
    return raft::Response(std::move(response));
}

}  // namespace

void write(const raft::Request& request, quorum::v1::QuorumRequest& to) {
    std::visit(
        [&to](const auto& known) {
            to.set_cluster_id(known.cluster_id);
            to.set_epoch(known.epoch.value);
            write_body(known, to);
        },
        request);
}

void write(const raft::Response& response, quorum::v1::QuorumResponse& to) {
    std::visit(
        [&to](const auto& known) {
            to.set_error(static_cast<int32_t>(known.current.error));
            to.set_epoch(known.current.epoch.value);
            to.set_leader(known.current.leader.value);
            for (const raft::VoterEndpoint& endpoint : known.current.endpoints)
                write_endpoint(endpoint, *to.add_endpoints());
            write_body(known, to);
        },
        response);
}

Result<raft::Request, std::string> read(const quorum::v1::QuorumRequest& from) {
    if (from.cluster_id().size() > name_bytes_max) return refused("a cluster id that is too long");
    if (!is_id_or_none(LeaderEpoch(from.epoch()))) return refused("a negative epoch");
    switch (from.request_case()) {
        case quorum::v1::QuorumRequest::kVote: return read_vote(from);
        case quorum::v1::QuorumRequest::kBeginEpoch: return read_begin_epoch(from);
        case quorum::v1::QuorumRequest::kEndEpoch: return read_end_epoch(from);
        case quorum::v1::QuorumRequest::kFetch: return read_fetch(from);
        case quorum::v1::QuorumRequest::kFetchSnapshot: return read_fetch_snapshot(from);
        case quorum::v1::QuorumRequest::kChangeVoter: return read_change_voter(from);
        case quorum::v1::QuorumRequest::REQUEST_NOT_SET: break;
    }
    return refused("a request that isn't known");
}

Result<raft::Response, std::string> read(quorum::v1::QuorumResponse& from) {
    const auto error = read_error(from.error());
    raft::Leadership current{.error = error.value_or(ErrorCode::none),
                             .epoch = LeaderEpoch(from.epoch()),
                             .leader = NodeId(from.leader()),
                             .endpoints = {}};
    if (!error || !is_id_or_none(current.epoch) || !is_id_or_none(current.leader))
        return unexpected(std::string("a leader that can't be one"));
    ASSIGN_OR_RETURN(current.endpoints, read_endpoints(from.endpoints()));
    switch (from.response_case()) {
        case quorum::v1::QuorumResponse::kVote:
            return raft::Response(
                raft::VoteResponse{std::move(current), from.vote().is_granted(), from.vote().has_log()});
        case quorum::v1::QuorumResponse::kEpochKnown: return raft::Response(raft::EpochResponse{std::move(current)});
        case quorum::v1::QuorumResponse::kFetch: return read_fetched(std::move(current), *from.mutable_fetch());
        case quorum::v1::QuorumResponse::kFetchSnapshot:
            return read_fetched_snapshot(std::move(current), *from.mutable_fetch_snapshot());
        case quorum::v1::QuorumResponse::RESPONSE_NOT_SET: break;
    }
    return unexpected(std::string("a response that isn't known"));
}

}  // namespace milena::peer
