// Coordinator: how members come in, and how a rebalance gathers them.
#include <algorithm>

#include "base/log.h"
#include "group/coordinator.h"

namespace milena::group {
namespace {

constexpr wire::Version member_id_required_since = 4;  // KIP-394
constexpr wire::Version rebalance_timeout_since = 1;   // before, the session timeout was both
constexpr wire::Version skips_assignment_since = 9;    // KIP-814

// A new member can't send heartbeats while it waits for its first answer, and a client that has gone can't be told from
// one that waits.
constexpr Milliseconds new_member_timeout = std::chrono::minutes(5);

// However short the members' rebalance timeouts are: as long as nothing can change, nobody looks in between.
constexpr Milliseconds static_member_wait_min = std::chrono::seconds(1);

int32_t rebalance_timeout_ms(const wire::JoinGroupRequest& request, const Client& client) {
    return client.version < rebalance_timeout_since ? request.session_timeout_ms
                                                    : int32_t{request.rebalance_timeout_ms};
}

wire::JoinGroupResponse generation_of(const ClassicGroup& group, const Member& member) {
    wire::JoinGroupResponse response;
    response.generation_id = group.generation();
    response.protocol_type = group.protocol_type();
    response.protocol_name = group.protocol();
    response.leader = group.leader().value_or("");
    response.member_id = member.id;
    return response;
}

}  // namespace

ErrorCode reason_refused(const wire::JoinGroupRequest& request, const Config& config) {
    if (request.group_id.empty()) return ErrorCode::invalid_group_id;
    const Milliseconds timeout(request.session_timeout_ms);
    if (timeout < config.session_timeout_min || timeout > config.session_timeout_max)
        return ErrorCode::invalid_session_timeout;
    return ErrorCode::none;
}

void Coordinator::answer_join_error(JoinReply reply, std::string_view member_id, ErrorCode error) {
    wire::JoinGroupResponse response;
    response.error_code = error;
    response.member_id = std::string(member_id);
    answer(std::move(reply), Result<wire::JoinGroupResponse>(std::move(response)));
}

void Coordinator::join_group(const JoinRequest& request, const Client& client, JoinReply reply) {
    ClassicGroup* group = find(request.group_id);
    if (group == nullptr) {
        if (!request.member_id.empty())
            return answer_join_error(std::move(reply), request.member_id, ErrorCode::unknown_member_id);
        group = &create(request.group_id);
        group->is_provisional = true;
    }
    join_known(request, client, *group, std::move(reply));
    forget_if_unused(request.group_id);
}

void Coordinator::join_known(const JoinRequest& request, const Client& client, ClassicGroup& group, JoinReply reply) {
    const ErrorCode full = reason_full(group, request, client);
    if (full == ErrorCode::group_max_size_reached) {
        group.remove(std::string(request.member_id));
        return answer_join_error(std::move(reply), "", full);
    }
    if (full != ErrorCode::none) return answer_join_error(std::move(reply), request.member_id, full);
    if (!group.supports(request))
        return answer_join_error(std::move(reply), request.member_id, ErrorCode::inconsistent_group_protocol);
    if (request.member_id.empty())
        join_new(request, client, group, std::move(reply));
    else
        join_again(request, client, group, std::move(reply));
}

// Members that have joined already stay, however many they are; those who come last are left out.
bool Coordinator::accepts(const ClassicGroup& group, std::string_view member_id) const {
    const auto at = group.members().find(member_id);
    const bool is_member = at != group.members().end();
    switch (group.state()) {
        case ClassicState::empty: return true;
        case ClassicState::preparing_rebalance:
            return (is_member && at->second.awaiting_join) || group.awaiting_join_count() < config_.group_size_max;
        case ClassicState::completing_rebalance:
        case ClassicState::stable: return is_member || group.members().size() < config_.group_size_max;
    }
    return false;
}

// What can't be written to the log in one batch by far is not kept in memory either: a storm of members stays bounded.
// So does one of groups: whoever finds all of them together too large is to come again later.
ErrorCode Coordinator::reason_full(const ClassicGroup& group, const JoinRequest& request, const Client& client) const {
    if (!accepts(group, request.member_id)) return ErrorCode::group_max_size_reached;
    const auto at = group.members().find(request.member_id);
    const size_t before = at == group.members().end() ? 0 : bytes_of(at->second);
    const size_t after = bytes_of(request, client.id);
    if (after <= before) return ErrorCode::none;
    const size_t bytes = group.members_bytes() + after - before;
    const MembersMemory& all = *environment_.members;
    const bool is_too_large = bytes > config_.members_bytes_max;
    if (!is_too_large && all.bytes + after - before <= all.bytes_max) return ErrorCode::none;
    log_warn(is_too_large ? "group full" : "no room for members",
             {{"group", group.id()}, {"members", group.members().size()}, {"bytes", bytes}, {"of_all", all.bytes}});
    return is_too_large ? ErrorCode::group_max_size_reached : ErrorCode::coordinator_not_available;
}

void Coordinator::join_new(const JoinRequest& request, const Client& client, ClassicGroup& group, JoinReply reply) {
    if (request.group_instance_id) {
        if (const std::string* known = group.static_member(*request.group_instance_id))
            return restart_static_member(request, client, group, std::string(*known), std::move(reply));
        return add_member(request, client, group, new_member_id(*request.group_instance_id), std::move(reply));
    }
    std::string member_id = new_member_id(client.id);
    if (client.version < member_id_required_since)
        return add_member(request, client, group, std::move(member_id), std::move(reply));
    answer_join_error(std::move(reply), member_id, ErrorCode::member_id_required);
    await_return(request, group, member_id);
}

void Coordinator::join_again(const JoinRequest& request, const Client& client, ClassicGroup& group, JoinReply reply) {
    if (group.pending_joins.contains(request.member_id)) {
        // Ids are handed out to members without an instance id only.
        if (request.group_instance_id) return answer_join_error(std::move(reply), "", ErrorCode::unknown_server_error);
        return add_member(request, client, group, std::string(request.member_id), std::move(reply));
    }
    const ErrorCode error = group.check_member(request.member_id, request.group_instance_id);
    if (error != ErrorCode::none) return answer_join_error(std::move(reply), request.member_id, error);
    rejoin(request, client, group, std::move(reply));
}

void Coordinator::rejoin(const JoinRequest& request, const Client& client, ClassicGroup& group, JoinReply reply) {
    Member& member = *group.find(request.member_id);
    const bool is_same = are_same(member.protocols, request);
    switch (group.state()) {
        case ClassicState::preparing_rebalance:
            return update_and_rebalance(request, client, group, member, std::move(reply));
        case ClassicState::completing_rebalance:
            // The answer to its last request may have been lost.
            if (is_same) return answer_current_generation(group, member, std::move(reply));
            return update_and_rebalance(request, client, group, member, std::move(reply));
        case ClassicState::stable:
            // The leader joins again when something has changed that only it sees, such as a topic's partitions.
            if (is_same && !group.is_leader(member.id))
                return answer_current_generation(group, member, std::move(reply));
            return update_and_rebalance(request, client, group, member, std::move(reply));
        case ClassicState::empty:
            return answer_join_error(std::move(reply), request.member_id, ErrorCode::unknown_member_id);
    }
}

void Coordinator::answer_current_generation(const ClassicGroup& group, const Member& member, JoinReply reply) {
    wire::JoinGroupResponse response = generation_of(group, member);
    if (group.is_leader(member.id)) response.members = group.member_list();
    answer(std::move(reply), Result<wire::JoinGroupResponse>(std::move(response)));
}

void Coordinator::add_member(const JoinRequest& request, const Client& client, ClassicGroup& group,
                             std::string member_id, JoinReply reply) {
    if (group.is_provisional) {
        // The group is in the log, empty, before anybody is in it.
        wire::GroupMetadataValue empty;
        empty.current_state_timestamp = clock().wall().value;
        const ErrorCode error = write({group_record(group.id(), empty)});
        if (error != ErrorCode::none) return answer_join_error(std::move(reply), request.member_id, error);
    }
    Member member;
    member.id = std::move(member_id);
    if (request.group_instance_id) member.instance_id = std::string(*request.group_instance_id);
    member.client_id = client.id;
    member.client_host = client.host;
    member.rebalance_timeout_ms = rebalance_timeout_ms(request, client);
    member.session_timeout_ms = request.session_timeout_ms;
    member.protocols = copy_protocols(request);
    member.is_new = true;
    if (group.is_in(ClassicState::preparing_rebalance) && group.is_initial_rebalance) group.has_new_member = true;
    Member& added = group.add(std::move(member), request.protocol_type);
    group.await_join(added, std::move(reply));
    start_session(group, added);
    extend_session(added, new_member_timeout);
    rebalance_or_complete(group);
}

void Coordinator::update_and_rebalance(const JoinRequest& request, const Client& client, ClassicGroup& group,
                                       Member& member, JoinReply reply) {
    group.update(member, request, rebalance_timeout_ms(request, client));
    group.await_join(member, std::move(reply));
    rebalance_or_complete(group);
}

// A static member that was restarted has forgotten its member id. Whoever still uses the old one is fenced.
void Coordinator::restart_static_member(const JoinRequest& request, const Client& client, ClassicGroup& group,
                                        const std::string& old_id, JoinReply reply) {
    const std::optional<std::string> old_leader = group.leader();
    Member& old = *group.find(old_id);
    if (old.awaiting_join) answer_join_error(group.take_join(old), old_id, ErrorCode::fenced_instance_id);
    if (old.awaiting_sync) answer_sync_error(std::exchange(old.awaiting_sync, nullptr), ErrorCode::fenced_instance_id);
    Member fresh;
    fresh.id = new_member_id(*request.group_instance_id);
    fresh.instance_id = old.instance_id;
    fresh.client_id = old.client_id;
    fresh.client_host = old.client_host;
    fresh.protocols = copy_protocols(request);
    fresh.rebalance_timeout_ms = rebalance_timeout_ms(request, client);
    fresh.session_timeout_ms = request.session_timeout_ms;
    fresh.assignment = old.assignment;
    const std::string fresh_id = fresh.id;
    Member replaced = group.replace(old_id, std::move(fresh));
    Member& member = *group.find(fresh_id);
    start_session(group, member);
    extend_session(member);
    if (group.is_in(ClassicState::stable) && group.select_protocol() == group.protocol())
        return keep_generation(request, client, group, member, std::move(replaced), old_leader, std::move(reply));
    group.await_join(member, std::move(reply));
    // The leader may have been told the old id: its assignment would miss the new one.
    if (group.is_in(ClassicState::completing_rebalance)) return prepare_rebalance(group);
    rebalance_or_complete(group);
}

void Coordinator::keep_generation(const JoinRequest& request, const Client& client, ClassicGroup& group, Member& member,
                                  Member old, const std::optional<std::string>& old_leader, JoinReply reply) {
    const ErrorCode error = write({group_record(group.id(), group.value())});
    wire::JoinGroupResponse response = generation_of(group, member);
    if (error != ErrorCode::none) {
        response.member_id.clear();
        response.leader = old_leader.value_or("");
        response.error_code = error;
        const std::string old_id = old.id;
        group.replace(std::string(member.id), std::move(old));
        extend_session(*group.find(old_id));
    } else if (client.version < skips_assignment_since) {
        // With the old id as the leader's the member doesn't think that it has to assign anything.
        response.leader = old_leader.value_or("");
    } else if (group.is_leader(member.id)) {
        response.members = group.member_list();
        response.skip_assignment = true;
    }
    log_info("static member restarted", {{"group", group.id()}, {"instance", *request.group_instance_id}});
    answer(std::move(reply), Result<wire::JoinGroupResponse>(std::move(response)));
}

// --- the rebalance ---------------------------------------------------------------------------------------------------

void Coordinator::rebalance_or_complete(ClassicGroup& group) {
    if (group.is_in(ClassicState::preparing_rebalance))
        complete_join_if_all_are_there(group);
    else
        prepare_rebalance(group);
}

void Coordinator::prepare_rebalance(ClassicGroup& group) {
    if (group.is_in(ClassicState::completing_rebalance)) give_assignments(group, ErrorCode::rebalance_in_progress);
    for (auto& [id, member] : group.members()) group.synced(member);
    group.sync_deadline.cancel();
    group.prepare_rebalance(clock().wall());
    group.has_new_member = false;
    log_info("group rebalances", {{"group", group.id()}, {"generation", group.generation()}});
    const Milliseconds timeout(group.rebalance_timeout_ms());
    if (group.is_initial_rebalance) {
        const Milliseconds delay = config_.initial_rebalance_delay;
        return extend_initial_delay(group.id(), delay, std::max(timeout - delay, Milliseconds(0)));
    }
    if (group.have_all_joined()) return complete_join(group);
    group.join_deadline.set(clock().now() + timeout);
}

// A group that begins waits for its other members, again and again as long as new ones come, until the longest
// rebalance timeout is over.
void Coordinator::extend_initial_delay(const std::string& group_id, Milliseconds delay, Milliseconds remaining) {
    ClassicGroup& group = *find(group_id);
    group.join_deadline = Deadline(deadlines_, [this, group_id, delay, remaining] {
        ClassicGroup* due = find(group_id);
        if (due == nullptr || !due->is_in(ClassicState::preparing_rebalance)) return;
        if (!due->has_new_member || !due->is_initial_rebalance || remaining <= Milliseconds(0))
            return complete_join(*due);
        due->has_new_member = false;
        extend_initial_delay(group_id, std::min(config_.initial_rebalance_delay, remaining),
                             std::max(remaining - delay, Milliseconds(0)));
    });
    group.join_deadline.set(clock().now() + delay);
}

void Coordinator::complete_join_if_all_are_there(ClassicGroup& group) {
    if (!group.is_in(ClassicState::preparing_rebalance) || group.is_initial_rebalance) return;
    if (group.have_all_joined()) complete_join(group);
}

void Coordinator::complete_join(ClassicGroup& group) {
    group.join_deadline.cancel();
    std::vector<std::string> missing;
    for (const auto& [id, member] : group.members())
        if (!member.awaiting_join && !member.instance_id) missing.push_back(id);
    for (const std::string& id : missing) group.remove(id);
    if (!group.elect_joined_leader() && !group.members().empty()) {
        // Only static members are left, and none has come: their sessions have the last word.
        group.is_initial_rebalance = false;
        const Milliseconds timeout(group.rebalance_timeout_ms());
        group.join_deadline.set(clock().now() + std::max(timeout, static_member_wait_min));
        return;
    }
    group.begin_generation(clock().wall());
    if (group.is_in(ClassicState::empty)) {
        log_info("group is empty", {{"group", group.id()}, {"generation", group.generation()}});
        return write_or_go_on(group);
    }
    begin_generation(group);
}

void Coordinator::begin_generation(ClassicGroup& group) {
    log_info("group has a generation", {{"group", group.id()},
                                        {"generation", group.generation()},
                                        {"members", group.members().size()},
                                        {"protocol", group.protocol().value_or("")}});
    ++environment_.counts->rebalances;
    for (auto& [id, member] : group.members()) {
        if (member.awaiting_join) answer_current_generation(group, member, group.take_join(member));
        extend_session(member);
        member.is_new = false;
        group.expect_sync(member);
    }
    group.sync_deadline.set(clock().now() + Milliseconds(group.rebalance_timeout_ms()));
}

}  // namespace milena::group
