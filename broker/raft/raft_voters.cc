// Who votes (KIP-853): what control records say of it, back and forth, and how a leader changes it, by one voter at a
// time. A change counts from the moment it is in the log; the next one waits until it is committed, and the first one
// of a leader until something of its own epoch is (Raft §4.1, and the correction of 2015).
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "raft/raft_state.h"
#include "wire/decoder.h"

namespace milena::raft {

namespace {

std::string text_of(const ReplicaKey& key) {
    return "ReplicaKey(id=" + std::to_string(key.id.value) + ", directoryId=" + key.directory_id.to_string() + ")";
}

std::string text_of(const VoterSet& voters) {
    std::string text;
    for (const auto& [id, voter] : voters) text += (text.empty() ? "" : ", ") + text_of(voter.key());
    return "[" + text + "]";
}

std::string ids_of(const VoterSet& voters) {
    std::string text;
    for (const auto& [id, voter] : voters) text += (text.empty() ? "" : ",") + std::to_string(id.value);
    return text;
}

VoterRefusal timed_out(std::string message) { return {ErrorCode::request_timed_out, std::move(message)}; }

}  // namespace

// --- what the log says -----------------------------------------------------------------------------------------------

bool Raft::State::take_control(Offset offset, const ControlRecord& control) {
    if (control.type == ControlType::kraft_version) {
        const auto message = wire::decode<wire::KRaftVersionRecord>(control.value, 0);
        if (!message) return false;
        voter_changes.push_back({offset, quorum.voters(), kraft_version});
        use_voters(quorum.voters(), message->kraft_version);
    } else if (control.type == ControlType::voters) {
        const auto message = wire::decode<wire::VotersRecord>(control.value, 0);
        if (!message) return false;
        voter_changes.push_back({offset, quorum.voters(), kraft_version});
        use_voters(VoterSet::from_record(*message), kraft_version);
        if (has_started) log_info("metadata log voters", {{"voters", ids_of(quorum.voters())}, {"offset", offset}});
    }
    return true;
}

// One batch, whose records count at once.
Result<Offset> Raft::State::append_controls(const std::vector<ControlRecord>& controls) {
    const Timestamp wall = environment.clock.wall();
    const auto at = append(build_control_batch({log->end(), quorum.epoch(), wall}, controls), {.timestamp = wall});
    if (!at) return at;
    for (const ControlRecord& control : controls) check(take_control(*at, control));
    return at;
}

void Raft::State::use_voters(VoterSet voters, int16_t version) {
    quorum.use_voters(std::move(voters));
    kraft_version = version;
    if (has_started) tell_voters();
}

void Raft::State::tell_voters() {
    const std::string listener = options.endpoints.empty() ? "" : options.endpoints.front().name;
    std::erase_if(heard, [&](const auto& entry) { return quorum.voters().find(entry.first) == nullptr; });
    for (const auto& [id, voter] : quorum.voters()) {
        heard.emplace(id, now());
        const VoterEndpoint* endpoint = voter.endpoint(listener);
        if (id != options.node && endpoint != nullptr && options.transport != nullptr)
            options.transport->use_address(id, endpoint->host, endpoint->port);
    }
    machine->voters_changed(quorum.voters(), kraft_version);
}

// The log ends at `to` from now on.
void Raft::State::take_back_voters(Offset to) {
    while (!voter_changes.empty() && voter_changes.back().offset >= to) {
        const VotersBefore before = std::move(voter_changes.back());
        voter_changes.pop_back();
        use_voters(before.voters, before.kraft_version);
    }
}

// As they were when the log ended there.
Raft::State::VotersBefore Raft::State::voters_at(Offset end) const {
    const auto later = std::ranges::find_if(voter_changes, [end](const auto& change) { return change.offset >= end; });
    return later == voter_changes.end() ? VotersBefore{end, quorum.voters(), kraft_version} : *later;
}

bool Raft::State::are_voters_committed() const {
    return voter_changes.empty() || voter_changes.back().offset < quorum.high_watermark();
}

// A voter may; and so may one that was removed by a record of which nobody knows yet whether it is committed. It may be
// the only one that has it, and then the others wait for it (Raft §4.2.2).
bool Raft::State::may_stand() const {
    if (has_no_say()) return false;
    if (quorum.is_voter()) return true;
    return !are_voters_committed() && voter_changes.back().voters.contains({options.node, options.directory_id});
}

// A log that begins says who votes: the node that is alone, or whom Kafka's formatting has named.
bool Raft::State::is_bootstrapping() const {
    const bool is_alone = options.voters.empty() && options.bootstrap_count == 0;
    return log->end() == Offset(0) && (kraft_version > 0 || is_alone);
}

Voter Raft::State::described() const {
    return {.id = options.node, .directory_id = options.directory_id, .endpoints = options.endpoints};
}

// Of a voter without a directory id, the one of its id that has fetched last.
const ReplicaProgress* Raft::State::progress_of(const Voter& voter) const {
    const ReplicaProgress* newest = nullptr;
    for (auto at = progress.lower_bound({voter.id, {}}); at != progress.end() && at->first.id == voter.id; ++at)
        if (voter.is(at->first) && (newest == nullptr || at->second.last_fetch > newest->last_fetch))
            newest = &at->second;
    return newest;
}

// --- changes, on a leader --------------------------------------------------------------------------------------------

// Nothing if the voters may be changed now.
std::optional<VoterRefusal> Raft::State::refuse_change(std::string_view what) const {
    if (has_failed || quorum.role() != Role::leader) return VoterRefusal{ErrorCode::not_leader_or_follower, {}};
    if (pending_change)
        return timed_out("Request timed out waiting for leader to handle previous add or remove voter request");
    if (!was_announced)
        return timed_out("Request timed out waiting for leader to establish HWM and fence previous voter changes");
    if (kraft_version == 0)
        return VoterRefusal{ErrorCode::unsupported_version, "Cluster doesn't support " + std::string(what) +
                                                                " voter because the kraft.version feature is 0"};
    if (!are_voters_committed())
        return timed_out("Request timed out waiting for voters to commit the latest voter change at " +
                         std::to_string(voter_changes.back().offset.value) + " with HWM " +
                         std::to_string(quorum.high_watermark().value));
    return std::nullopt;
}

std::optional<VoterRefusal> Raft::State::refuse_add(const Voter& voter) const {
    if (voter.id < NodeId(0) || voter.directory_id.is_zero())
        return VoterRefusal{ErrorCode::invalid_request, "Add voter request didn't include a valid voter"};
    if (options.transport == nullptr || options.endpoints.empty())
        return VoterRefusal{ErrorCode::invalid_request,
                            "this controller can't be reached by another one: set controller.listener.names"};
    const std::string& listener = options.endpoints.front().name;
    if (std::ranges::find(voter.endpoints, listener, &VoterEndpoint::name) == voter.endpoints.end())
        return VoterRefusal{ErrorCode::invalid_request,
                            "Add voter request didn't include the endpoint for the default listener " + listener};
    if (auto refusal = refuse_change("adding")) return refusal;
    if (quorum.voters().find(voter.id) != nullptr)
        return VoterRefusal{ErrorCode::duplicate_voter, "The voter id for " + text_of(voter.key()) +
                                                            " is already part of the set of voters " +
                                                            text_of(quorum.voters()) + "."};
    return std::nullopt;
}

// First it says itself that it is there; then it must have what the leader has, so that commits don't wait for it.
void Raft::State::add_voter(const Voter& voter, Milliseconds timeout, bool waits_for_commit, VoterDone done) {
    if (auto refusal = refuse_add(voter)) return done(unexpected(std::move(*refusal)));
    const VoterEndpoint& endpoint = *voter.endpoint(options.endpoints.front().name);
    options.transport->use_address(voter.id, endpoint.host, endpoint.port);
    pending_change.emplace(PendingChange{.deadline = now() + Duration(timeout),
                                         .done = std::move(done),
                                         .added = voter,
                                         .waits_for_commit = waits_for_commit});
    const BeginEpochRequest request{.cluster_id = options.cluster_id,
                                    .epoch = quorum.epoch(),
                                    .leader = options.node,
                                    .leader_directory = options.directory_id,
                                    .voter = voter.id,
                                    .voter_directory = voter.directory_id,
                                    .endpoints = options.endpoints};
    options.transport->send(voter.id, request, std::min(timeout, options.request_timeout),
                            if_alive([key = voter.key()](State& s, const Result<Response, SendError>& outcome) {
                                s.voter_found(key, outcome);
                            }));
}

void Raft::State::voter_found(const ReplicaKey& voter, const Result<Response, SendError>& outcome) {
    const bool is_expected = pending_change && pending_change->added && pending_change->added->key() == voter;
    if (!is_expected) return;
    const auto* response = outcome ? std::get_if<EpochResponse>(&*outcome) : nullptr;
    if (response == nullptr) {
        const VoterEndpoint& endpoint = *pending_change->added->endpoint(options.endpoints.front().name);
        return end_voter_change(unexpected(timed_out("Nobody answers for the new voter " + text_of(voter) + " at " +
                                                     endpoint.host + ":" + std::to_string(endpoint.port))));
    }
    if (response->current.error == ErrorCode::invalid_voter_key)
        return end_voter_change(unexpected(VoterRefusal{
            ErrorCode::invalid_request, "Another replica than " + text_of(voter) + " answers at its endpoint"}));
    pending_change->is_found = true;
    append_added_voter();
}

// Asked again whenever the new voter fetches.
void Raft::State::append_added_voter() {
    const ReplicaProgress* known = progress_of(*pending_change->added);
    const int64_t recent = environment.clock.wall() - Timestamp(0) - options.fetch_timeout.count();
    if (known == nullptr || known->last_caught_up.value < recent) return;
    PendingChange change = *std::exchange(pending_change, std::nullopt);
    const VoterSet to = quorum.voters().with(*change.added);
    if (change.waits_for_commit) {
        change_voters(to, std::move(change.done));
        if (pending_change) pending_change->deadline = change.deadline;
        return;
    }
    const auto at = append_controls({voters_record(to)});
    change.done(at ? Result<void, VoterRefusal>() : unexpected(VoterRefusal{at.error(), {}}));
}

void Raft::State::remove_voter(const ReplicaKey& voter, VoterDone done) {
    if (voter.id < NodeId(0) || voter.directory_id.is_zero())
        return done(
            unexpected(VoterRefusal{ErrorCode::invalid_request, "Remove voter request didn't include a valid voter"}));
    if (auto refusal = refuse_change("removing")) return done(unexpected(std::move(*refusal)));
    const Voter* known = quorum.voters().find(voter.id);
    if (known == nullptr || known->key() != voter || quorum.voters().size() == 1)
        return done(unexpected(VoterRefusal{
            ErrorCode::voter_not_found,
            "Cannot remove voter " + text_of(voter) + " from the set of voters " + text_of(quorum.voters())}));
    change_voters(quorum.voters().without(voter.id), std::move(done));
}

ErrorCode Raft::State::update_voter(const Voter& voter) {
    if (const auto refusal = refuse_change("updating")) return refusal->error;
    const bool can_be_reached =
        options.endpoints.empty() || std::ranges::find(voter.endpoints, options.endpoints.front().name,
                                                       &VoterEndpoint::name) != voter.endpoints.end();
    if (!can_be_reached || voter.kraft_version_min > kraft_version || voter.kraft_version_max < kraft_version)
        return ErrorCode::invalid_request;
    const Voter* known = quorum.voters().find(voter.id);
    if (known == nullptr || known->key() != voter.key()) return ErrorCode::voter_not_found;
    const auto at = append_controls({voters_record(quorum.voters().with(voter))});
    return at ? ErrorCode::none : at.error();
}

void Raft::State::change_voters(const VoterSet& to, VoterDone done) {
    const auto at = append_controls({voters_record(to)});
    if (!at) return done(unexpected(VoterRefusal{at.error(), "the metadata log can't be written to"}));
    pending_change.emplace(
        PendingChange{.deadline = now() + Duration(options.request_timeout), .done = std::move(done), .offset = *at});
}

void Raft::State::settle_voter_change() {
    if (has_failed || quorum.role() != Role::leader || !was_announced) return;
    if (pending_change && pending_change->offset != no_offset && are_voters_committed()) end_voter_change({});
    if (!quorum.is_voter() && are_voters_committed()) resign("it is no voter any more");
}

void Raft::State::end_voter_change(Result<void, VoterRefusal> outcome) {
    if (!pending_change) return;
    const PendingChange change = *std::exchange(pending_change, std::nullopt);
    change.done(std::move(outcome));
}

void Raft::State::tick_voter_change() {
    if (!pending_change || now() < pending_change->deadline) return;
    std::string why = "the voters haven't committed the change yet";
    if (pending_change->added)
        why =
            "Aborted add voter operation for " + text_of(pending_change->added->key()) + " since it is lagging behind";
    end_voter_change(unexpected(timed_out(std::move(why))));
}

// --- from voters in the settings to voters in the log ----------------------------------------------------------------

Result<VoterSet, VoterRefusal> Raft::State::voters_of_settings() const {
    VoterSet result;
    for (const auto& [id, voter] : quorum.voters()) {
        if (id == options.node) {
            result = result.with(described());
            continue;
        }
        const ReplicaProgress* known = progress_of(voter);
        if (known == nullptr || known->directory_id.is_zero())
            return unexpected(VoterRefusal{ErrorCode::invalid_update_version,
                                           "The directory of voter " + std::to_string(id.value) +
                                               " isn't known: all voters must be up when kraft.version becomes 1"});
        Voter named = voter;
        named.directory_id = known->directory_id;
        result = result.with(named);
    }
    return result;
}

Result<void, VoterRefusal> Raft::check_kraft_version(int16_t level) const {
    const State& s = *state_;
    if (s.quorum.role() != Role::leader || !s.was_announced)
        return unexpected(VoterRefusal{ErrorCode::not_leader_or_follower, {}});
    if (level == s.kraft_version) return {};
    if (level < s.kraft_version)
        return unexpected(
            VoterRefusal{ErrorCode::invalid_update_version, "Can't downgrade the version of this feature."});
    if (s.pending_change) return unexpected(timed_out("Another change of the voters is under way."));
    const auto voters = s.voters_of_settings();
    if (!voters) return unexpected(voters.error());
    return {};
}

void Raft::update_kraft_version(int16_t level, VoterDone done) {
    State& s = *state_;
    const auto checked = check_kraft_version(level);
    if (!checked || level == s.kraft_version) return done(checked);
    const auto voters = s.voters_of_settings();
    const auto at = s.append_controls({kraft_version_record(level), voters_record(*voters)});
    if (!at) return done(unexpected(VoterRefusal{at.error(), "the metadata log can't be written to"}));
    s.pending_change.emplace(State::PendingChange{
        .deadline = s.now() + Duration(s.options.request_timeout), .done = std::move(done), .offset = *at});
}

// --- the own entry ---------------------------------------------------------------------------------------------------

// It follows the settings of this node; and a controller that is to join by itself asks to, in the place of a former
// directory of its own.
void Raft::State::tend_own_entry() {
    if (has_failed || kraft_version == 0 || options.endpoints.empty()) return;
    const Voter* entry = quorum.voters().find(options.node);
    const bool is_own = entry != nullptr && entry->directory_id == options.directory_id;
    const bool is_outdated = is_own && *entry != described();
    if (quorum.role() == Role::leader) {
        if (is_outdated && update_voter(described()) == ErrorCode::none) log_info("metadata log voter updated", {});
        return;
    }
    if (quorum.role() != Role::follower || !has_fetched || is_asking_to_change) return;
    if (is_outdated) return ask_to_change(VoterChange::update, described());
    if (is_own || !options.auto_join || !was_caught_up) return;
    if (entry != nullptr) return ask_to_change(VoterChange::remove, *entry);
    ask_to_change(VoterChange::add, described());
}

void Raft::use_endpoints(std::vector<VoterEndpoint> endpoints) { state_->options.endpoints = std::move(endpoints); }

void Raft::State::ask_to_change(VoterChange change, const Voter& voter) {
    is_asking_to_change = true;
    const ChangeVoterRequest request{options.cluster_id, quorum.epoch(), change, voter};
    options.transport->send(
        quorum.leader(), request, options.request_timeout,
        if_alive([](State& s, const Result<Response, SendError>& outcome) {
            s.is_asking_to_change = false;
            const auto* response = outcome ? std::get_if<EpochResponse>(&*outcome) : nullptr;
            if (response == nullptr || s.has_failed) return;
            if (response->current.error != ErrorCode::none)
                log_info("metadata log voter not changed yet",
                         {{"leader", response->current.leader}, {"error", error_name(response->current.error)}});
            s.learn(response->current);
        }));
}

void Raft::State::receive(const ChangeVoterRequest& request, const Answer& answer) {
    const ErrorCode refusal = check_sender(request.cluster_id, request.epoch);
    if (refusal != ErrorCode::none) return answer(EpochResponse{leadership(refusal)});
    const VoterDone done = if_alive([answer](State& s, const Result<void, VoterRefusal>& outcome) {
        answer(EpochResponse{s.leadership(outcome ? ErrorCode::none : outcome.error().error)});
    });
    switch (request.change) {
        case VoterChange::add: return add_voter(request.voter, options.request_timeout, false, done);
        case VoterChange::remove: return remove_voter(request.voter.key(), done);
        case VoterChange::update: return answer(EpochResponse{leadership(update_voter(request.voter))});
    }
}

}  // namespace milena::raft
