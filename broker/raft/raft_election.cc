// Who leads. Every replica that isn't a voter, and every voter without a leader, asks around for one; a voter that has
// waited long enough, or knows that the leader's connection broke, asks whether it would be elected (pre-vote,
// KIP-996), and only then begins a new epoch. What must not be forgotten is durable before anybody hears of it.
#include <algorithm>
#include <functional>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "raft/quorum_state_file.h"
#include "raft/raft_state.h"

namespace milena::raft {

Instant Raft::State::after_random(Milliseconds timeout) {
    const auto span = static_cast<uint64_t>(Duration(std::max(timeout, options.retry_backoff)).count()) + 1;
    return now() + Duration(timeout) + Duration(static_cast<int64_t>(environment.random.next() % span));
}

LeaderEpoch Raft::State::last_epoch() const { return std::max(log->latest_epoch(), applied.epoch); }

bool Raft::State::is_hearing_leader() const {
    return quorum.role() == Role::leader || (quorum.role() == Role::follower && has_fetched && now() < deadline);
}

Leadership Raft::State::leadership(ErrorCode error) const {
    Leadership result{error, quorum.epoch(), quorum.leader(), {}};
    if (quorum.leader() == options.node) {
        result.endpoints = options.endpoints;
    } else if (const Voter* voter = quorum.voters().find(quorum.leader())) {
        result.endpoints = voter->endpoints;
    }
    return result;
}

ErrorCode Raft::State::check_sender(const std::string& cluster_id, LeaderEpoch epoch) const {
    if (cluster_id != options.cluster_id) return ErrorCode::inconsistent_cluster_id;
    return epoch < quorum.epoch() ? ErrorCode::fenced_leader_epoch : ErrorCode::none;
}

void Raft::State::note_leader() {
    if (leader_told == quorum.leader() && epoch_told == quorum.epoch()) return;
    leader_told = quorum.leader();
    epoch_told = quorum.epoch();
    machine->leader_changed(leader_told, epoch_told);
}

void Raft::receive(const Request& request, Answer answer) {
    State& s = *state_;
    if (s.has_failed || !s.has_started) {
        // As good as not being there: whoever asks goes on looking.
        const Leadership none{ErrorCode::not_leader_or_follower, s.quorum.epoch(), no_node, {}};
        if (std::holds_alternative<VoteRequest>(request)) return answer(VoteResponse{none, false, s.is_log_begun()});
        if (std::holds_alternative<FetchRequest>(request)) return answer(FetchResponse{.current = none});
        if (std::holds_alternative<FetchSnapshotRequest>(request))
            return answer(FetchSnapshotResponse{.current = none});
        return answer(EpochResponse{none});
    }
    std::visit([&](const auto& r) { s.receive(r, answer); }, request);
}

// --- the own election ------------------------------------------------------------------------------------------------

void Raft::State::tick_election() {
    if (!when_persisted.empty() && !is_persisting) write_election();
    switch (quorum.role()) {
        case Role::leader: return tick_leader();
        case Role::prospective:
        case Role::candidate:
            if (now() >= deadline) lose_election();
            return;
        case Role::follower:
            if (now() < deadline) return fetch();
            break;
        case Role::unattached:
            if (!may_stand() || now() < deadline) return seek_leader();
            break;
        case Role::resigned:
            if (now() < deadline) return;
            break;
    }
    if (may_stand()) return begin_prospecting();
    // A leader that an observer doesn't reach may have been followed by another.
    quorum.unattach(quorum.epoch());
    note_leader();
}

// Asks one after the other: voters, and who the settings name, until somebody knows.
void Raft::State::seek_leader() {
    if (is_seeking || now() < attempt_next || quorum.role() != Role::unattached) return;
    std::vector<NodeId> known;
    for (const auto& [id, voter] : quorum.voters())
        if (id != options.node) known.push_back(id);
    for (size_t i = 0; i < options.bootstrap_count; ++i) known.push_back(bootstrap_node(i));
    if (known.empty()) return;
    const NodeId to = known[seek_next++ % known.size()];
    is_seeking = true;
    const FetchRequest request{.cluster_id = options.cluster_id,
                               .epoch = quorum.epoch(),
                               .replica = options.node,
                               .replica_directory = options.directory_id,
                               .fetch_offset = log->durable_end(),
                               .last_fetched_epoch = last_epoch(),
                               .high_watermark = quorum.high_watermark(),
                               .max_wait_ms = 0};
    options.transport->send(to, request, options.request_timeout,
                            if_alive([](State& s, const Result<Response, SendError>& outcome) {
                                s.is_seeking = false;
                                s.attempt_next = s.now() + Duration(s.options.retry_backoff);
                                const auto* response = outcome ? std::get_if<FetchResponse>(&*outcome) : nullptr;
                                if (response != nullptr && !s.has_failed) s.learn(response->current);
                            }));
}

void Raft::State::begin_prospecting() {
    quorum.prospect();
    deadline = after_random(options.election_timeout);
    // Long enough to hear from all, or that they aren't there.
    if (quorum.state().awaits_log) deadline = deadline + Duration(options.request_timeout);
    if (quorum.vote(options.node, true) == Tally::won) return begin_campaign();
    ask_for_votes(true);
}

void Raft::State::begin_campaign() {
    quorum.campaign(last_epoch());
    deadline = after_random(options.election_timeout);
    log_info("metadata log candidacy", {{"node", options.node}, {"epoch", quorum.epoch()}});
    // A single voter has no need to be asked: its vote and its leadership become durable together.
    const LeaderEpoch epoch = quorum.epoch();
    if (quorum.is_only_voter()) check(quorum.vote(options.node, true) == Tally::won);
    note_leader();
    persist([this, epoch] {
        if (quorum.epoch() != epoch) return;
        if (quorum.role() == Role::leader) return begin_leadership();
        if (quorum.role() != Role::candidate) return;
        if (quorum.vote(options.node, true) == Tally::won) return begin_leadership();
        ask_for_votes(false);
    });
}

void Raft::State::ask_for_votes(bool is_pre_vote) {
    const LeaderEpoch epoch = quorum.epoch();
    for (const auto& [id, voter] : quorum.voters()) {
        if (id == options.node) continue;
        const VoteRequest request{.cluster_id = options.cluster_id,
                                  .epoch = epoch,
                                  .candidate = options.node,
                                  .candidate_directory = options.directory_id,
                                  .voter = id,
                                  .voter_directory = voter.directory_id,
                                  .last_epoch = last_epoch(),
                                  .end_offset = log->end(),
                                  .is_pre_vote = is_pre_vote};
        options.transport->send(
            id, request, options.request_timeout,
            if_alive([voter_id = id, is_pre_vote, epoch](State& s, const Result<Response, SendError>& outcome) {
                s.take_vote(voter_id, is_pre_vote, epoch, outcome);
            }));
    }
}

// Who can't be reached hasn't voted for anybody, and won't in this election.
void Raft::State::take_vote(NodeId voter, bool is_pre_vote, LeaderEpoch asked_in,
                            const Result<Response, SendError>& outcome) {
    if (has_failed) return;
    const auto* response = outcome ? std::get_if<VoteResponse>(&*outcome) : nullptr;
    if (response != nullptr && response->has_log) note_log_elsewhere();
    if (response != nullptr) learn(response->current);
    const Role asked_as = is_pre_vote ? Role::prospective : Role::candidate;
    if (quorum.role() != asked_as || quorum.epoch() != asked_in) return;
    const Tally tally = quorum.vote(voter, response != nullptr && response->is_granted);
    if (tally == Tally::lost || has_no_say()) return lose_election();
    if (tally == Tally::open || (quorum.state().awaits_log && !quorum.is_answered_by_all())) return;
    if (is_pre_vote)
        begin_campaign();
    else
        begin_leadership();
}

// The next try comes later the more of them have failed, and never at the same moment as another voter's.
void Raft::State::lose_election() {
    const uint32_t doublings = std::min<uint32_t>(elections_lost++, 10);
    const Milliseconds backoff = std::min(options.election_backoff_max, options.retry_backoff * (1 << doublings));
    const NodeId leader = quorum.leader();
    if (quorum.role() == Role::prospective && leader != no_node && leader != options.node)
        quorum.follow(quorum.epoch(), leader);
    else
        quorum.unattach(quorum.epoch());
    deadline = after_random(backoff);
    note_leader();
}

std::vector<ControlRecord> Raft::State::first_records() const {
    if (!is_bootstrapping()) return {leader_change_record(options.node, quorum.voters())};
    const VoterSet voters = quorum.is_only_voter() ? VoterSet({described()}) : quorum.voters();
    return {leader_change_record(options.node, voters), kraft_version_record(1), voters_record(voters)};
}

void Raft::State::begin_leadership() {
    elections_lost = 0;
    has_no_room = false;
    progress.clear();
    heard.clear();
    for (const auto& [id, voter] : quorum.voters()) heard[id] = now();
    begin_epoch_next = now();
    quorum.begin_leadership(log->end());
    note_leader();
    const auto at = append_controls(first_records());
    // Of a full disk there may be some room when the next election is held, also where nobody else can win it.
    if (!at && !has_failed) resign("the metadata log can't be written to");
    if (!at) return;
    log_info("metadata log led", {{"node", options.node}, {"epoch", quorum.epoch()}, {"offset", *at}});
    // What the log ends with may not be durable yet, and counts when it is.
    quorum.durable(options.node, std::min(log->durable_end(), log->end()));
    send_begin_epoch();
}

// Voters that haven't fetched may not know of this leader, or be about to stand for election themselves.
void Raft::State::send_begin_epoch() {
    if (now() < begin_epoch_next || quorum.role() != Role::leader) return;
    begin_epoch_next = now() + Duration(options.retry_backoff) * 5;
    for (const auto& [id, voter] : quorum.voters()) {
        if (id == options.node || progress_of(voter) != nullptr) continue;
        const BeginEpochRequest request{.cluster_id = options.cluster_id,
                                        .epoch = quorum.epoch(),
                                        .leader = options.node,
                                        .leader_directory = options.directory_id,
                                        .voter = id,
                                        .voter_directory = voter.directory_id,
                                        .endpoints = options.endpoints};
        options.transport->send(id, request, options.request_timeout,
                                if_alive([to = id](State& s, const Result<Response, SendError>& outcome) {
                                    const auto* response = outcome ? std::get_if<EpochResponse>(&*outcome) : nullptr;
                                    if (s.has_failed) return;
                                    if (response != nullptr) return s.learn(response->current);
                                    const bool is_gone = !outcome && outcome.error() == SendError::unreachable;
                                    if (is_gone && s.was_announced) s.machine->unreachable(to);
                                }));
    }
}

// --- epochs ----------------------------------------------------------------------------------------------------------

void Raft::State::learn(const Leadership& current) {
    if (options.transport == nullptr || (current.leader != no_node && current.leader.value < 0)) return;
    if (current.leader == options.node) {
        // Of an earlier life of this node: nobody leads that epoch any more.
        if (current.epoch > quorum.epoch()) enter_epoch(current.epoch, no_node);
        return;
    }
    if (current.leader != no_node && !current.endpoints.empty() && current.epoch >= quorum.epoch())
        options.transport->use_address(current.leader, current.endpoints.front().host, current.endpoints.front().port);
    if (current.epoch > quorum.epoch()) return enter_epoch(current.epoch, current.leader);
    // Others may not have heard yet that this leader has given up.
    if (current.epoch == quorum.epoch() && current.leader != no_node && quorum.leader() == no_node &&
        quorum.role() != Role::leader && current.epoch != given_up)
        enter_epoch(current.epoch, current.leader);
}

// A later epoch, or the leader of this one. What is known of the epoch is durable before anything is fetched in it.
void Raft::State::enter_epoch(LeaderEpoch epoch, NodeId leader) {
    const bool was_leader = quorum.role() == Role::leader;
    if (leader == no_node)
        quorum.unattach(epoch);
    else
        quorum.follow(epoch, leader);
    if (leader != no_node) was_led = true;
    has_fetched = false;
    downloading.reset();
    deadline = after_random(leader == no_node ? options.election_timeout : options.fetch_timeout);
    attempt_next = now();
    if (was_leader) leave_leadership();
    note_leader();
    if (leader != no_node)
        log_info("metadata log followed", {{"node", options.node}, {"leader", leader}, {"epoch", epoch}});
    persist([this, epoch] {
        if (quorum.epoch() == epoch) fetch();
    });
}

void Raft::State::leave_leadership() {
    log_info("metadata log led no longer", {{"node", options.node}, {"epoch", quorum.epoch()}});
    progress.clear();
    end_voter_change(unexpected(VoterRefusal{ErrorCode::not_leader_or_follower, {}}));
    for (const ParkedFetch& fetch : std::exchange(parked, {}))
        fetch.answer(fetch_response(ErrorCode::not_leader_or_follower));
    if (std::exchange(was_announced, false)) machine->lost_leadership();
}

void Raft::State::resign(const std::string& why) {
    log_warn("metadata log leadership given up", {{"node", options.node}, {"epoch", quorum.epoch()}, {"reason", why}});
    // Whose log is the longest comes first.
    std::vector<ReplicaProgress> fetched;
    for (const auto& [id, voter] : quorum.voters())
        if (const ReplicaProgress* known = progress_of(voter)) fetched.push_back(*known);
    std::ranges::stable_sort(fetched, std::greater<>(), &ReplicaProgress::end_offset);
    std::vector<NodeId> preferred;
    for (const ReplicaProgress& replica : fetched) preferred.push_back(replica.id);
    for (const auto& [id, voter] : quorum.voters()) {
        if (id == options.node) continue;
        const EndEpochRequest request{options.cluster_id, quorum.epoch(), options.node, preferred};
        options.transport->send(id, request, options.request_timeout, [](const Result<Response, SendError>&) {});
    }
    quorum.resign();
    deadline = may_stand() ? after_random(options.election_timeout) : now() + Duration(options.retry_backoff) * 5;
    leave_leadership();
    note_leader();
}

void Raft::step_down() {
    State& s = *state_;
    if (!s.has_failed && s.quorum.role() == Role::leader && !s.quorum.is_only_voter())
        s.resign("the node is about to stop");
}

// Many may wait for one write, and the newest state is what is written.
void Raft::State::persist(std::function<void()> then) {
    when_persisted.push_back(std::move(then));
    if (!is_persisting) write_election();
}

void Raft::State::write_election() {
    is_persisting = true;
    const std::string path = directory + "/" + std::string(quorum_state_file);
    const std::string text = quorum_state_text(quorum.state(), quorum.voters(), kraft_version);
    auto waiting = std::make_shared<std::vector<std::function<void()>>>(std::exchange(when_persisted, {}));
    write_quorum_state(environment.disk, path, text,
                       if_alive([path, waiting](State& s, const env::DiskResult<void>& written) {
                           s.is_persisting = false;
                           if (s.has_failed) return;
                           if (!written && written.error() != env::DiskError::full)
                               return s.fail("can't write " + path);
                           if (!written) {  // of a full disk: the next tick tries again, and until then nobody is told
                               s.reserve.give_up();
                               auto again = std::move(*waiting);
                               for (auto& then : s.when_persisted) again.push_back(std::move(then));
                               s.when_persisted = std::move(again);
                               return;
                           }
                           for (const auto& then : *waiting) then();
                           if (!s.when_persisted.empty() && !s.is_persisting) s.write_election();
                       }));
}

// --- what others ask -------------------------------------------------------------------------------------------------

// A voter whose disk was empty may have lost it, and with it records that it has acknowledged and votes that it has
// given. Where anybody has a log it neither votes nor stands until it has copied, durably, what a leader calls
// committed in its own epoch: every such leader was elected by voters that have lost nothing, so it has all that was
// committed before (as a replica in Viewstamped Replication recovers before it takes part again; KIP-853 tells an
// emptied disk by its directory id, which configured voters haven't got). Where nobody is known to have a log it is a
// first start, and empty voters elect one of them, after all have been asked: so a first start needs no more than a
// majority, one emptied voter of three is no harm while the other two live, and two of them elect nobody as long as the
// third can be asked.
void Raft::State::note_log_elsewhere() {
    if (std::exchange(is_log_known, true) || !quorum.state().awaits_log) return;
    log_warn("metadata log voter has no vote",
             {{"node", options.node},
              {"reason",
               "its disk was empty, and others have the log: it votes when it has copied that from a leader; "
               "if no leader can be elected, start a voter that still has its log"}});
}

VoteResponse Raft::State::decide_vote(const VoteRequest& request) {
    if (const ErrorCode refusal = check_sender(request.cluster_id, request.epoch); refusal != ErrorCode::none)
        return {leadership(refusal), false};
    const bool is_for_another_disk =
        !request.voter_directory.is_zero() && request.voter_directory != options.directory_id;
    if (request.voter != options.node || is_for_another_disk) return {leadership(ErrorCode::invalid_voter_key), false};
    if (request.end_offset > Offset(0)) note_log_elsewhere();
    const bool has_log = is_log_begun();
    const bool is_up_to_date = std::pair(request.last_epoch, request.end_offset) >= std::pair(last_epoch(), log->end());
    const bool may_be_elected = is_up_to_date && !has_no_say();
    if (request.is_pre_vote) {
        if (request.epoch > quorum.epoch()) enter_epoch(request.epoch, no_node);
        return {leadership(ErrorCode::none), may_be_elected && !is_hearing_leader(), has_log};
    }
    if (request.epoch > quorum.epoch()) enter_epoch(request.epoch, no_node);
    // Elected by others meanwhile, and without a log: this voter was there when it was begun.
    if (quorum.state().awaits_log && !is_log_known && log->end() == Offset(0) && request.candidate == quorum.leader()) {
        quorum.has_log();
        persist([] {});
    }
    if (!may_be_elected || !quorum.can_vote_for(request.candidate, request.candidate_directory))
        return {leadership(ErrorCode::none), false, has_log};
    quorum.vote_for(request.candidate, request.candidate_directory);
    deadline = after_random(options.election_timeout);
    return {leadership(ErrorCode::none), true, has_log};
}

// A vote is durable before the candidate hears of it.
void Raft::State::receive(const VoteRequest& request, const Answer& answer) {
    const VoteResponse response = decide_vote(request);
    if (!response.is_granted || request.is_pre_vote) return answer(response);
    persist([answer, response] { answer(response); });
}

void Raft::State::receive(const BeginEpochRequest& request, const Answer& answer) {
    ErrorCode refusal = check_sender(request.cluster_id, request.epoch);
    const bool is_for_another = request.voter != options.node ||
                                (!request.voter_directory.is_zero() && request.voter_directory != options.directory_id);
    if (refusal == ErrorCode::none && (is_for_another || request.leader == options.node || request.leader.value < 0))
        refusal = ErrorCode::invalid_voter_key;
    const bool is_another =
        request.epoch == quorum.epoch() && quorum.leader() != no_node && quorum.leader() != request.leader;
    if (refusal == ErrorCode::none && is_another) {
        // Two leaders of one epoch can't be: one of the two asks for what isn't so.
        log_error("metadata log leader refused", {{"leader", request.leader}, {"epoch", request.epoch}});
        refusal = ErrorCode::invalid_request;
    }
    if (refusal != ErrorCode::none) return answer(EpochResponse{leadership(refusal)});
    learn({ErrorCode::none, request.epoch, request.leader, request.endpoints});
    answer(EpochResponse{leadership(ErrorCode::none)});
}

void Raft::State::receive(const EndEpochRequest& request, const Answer& answer) {
    const ErrorCode refusal = check_sender(request.cluster_id, request.epoch);
    answer(EpochResponse{leadership(refusal)});
    if (refusal != ErrorCode::none || request.epoch > quorum.epoch() || quorum.role() == Role::leader) return;
    // The answer to a fetch may have said before that it leads no longer.
    const bool is_known = quorum.role() == Role::unattached && quorum.leader() == no_node;
    if (quorum.leader() != request.leader && !is_known) return;
    given_up = request.epoch;
    if (!may_stand()) return;
    const auto at = std::ranges::find(request.preferred, options.node);
    const auto rank = at - request.preferred.begin();
    quorum.unattach(quorum.epoch());
    note_leader();
    if (rank == 0 && at != request.preferred.end()) return begin_prospecting();
    deadline = now() + Duration(options.retry_backoff) * (1 + 4 * rank);
}

}  // namespace milena::raft
