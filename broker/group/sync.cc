// Coordinator: how members get their assignment, stay, and go.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "group/coordinator.h"

namespace milena::group {
namespace {

bool differs(const std::optional<std::string_view>& asked, const std::optional<std::string>& ours) {
    return asked && ours && *asked != *ours;
}

ErrorCode check_sync(const ClassicGroup& group, const wire::SyncGroupRequest& request) {
    const ErrorCode error = group.check_member(request.member_id, request.group_instance_id);
    if (error != ErrorCode::none) return error;
    if (request.generation_id != group.generation()) return ErrorCode::illegal_generation;
    if (differs(request.protocol_type, group.protocol_type()) || differs(request.protocol_name, group.protocol()))
        return ErrorCode::inconsistent_group_protocol;
    if (group.is_in(ClassicState::preparing_rebalance)) return ErrorCode::rebalance_in_progress;
    return ErrorCode::none;
}

wire::SyncGroupResponse assignment_of(const ClassicGroup& group, const Member& member) {
    wire::SyncGroupResponse response;
    response.protocol_type = group.protocol_type();
    response.protocol_name = group.protocol();
    response.assignment = member.assignment;
    return response;
}

}  // namespace

void Coordinator::answer_sync_error(Reply<wire::SyncGroupResponse> reply, ErrorCode error) {
    wire::SyncGroupResponse response;
    response.error_code = error;
    answer(std::move(reply), Result<wire::SyncGroupResponse>(std::move(response)));
}

void Coordinator::sync_group(const wire::SyncGroupRequest& request, Reply<wire::SyncGroupResponse> reply) {
    ClassicGroup* group = find(request.group_id);
    if (group == nullptr || group->is_in(ClassicState::empty))
        return answer_sync_error(std::move(reply), ErrorCode::unknown_member_id);
    const ErrorCode error = check_sync(*group, request);
    if (error != ErrorCode::none) return answer_sync_error(std::move(reply), error);

    Member& member = *group->find(request.member_id);
    group->synced(member);
    if (group->have_all_synced()) group->sync_deadline.cancel();
    if (group->is_in(ClassicState::stable))
        return answer(std::move(reply), Result<wire::SyncGroupResponse>(assignment_of(*group, member)));
    member.awaiting_sync = std::move(reply);
    if (group->is_leader(member.id)) leader_synced(*group, request);
}

void Coordinator::leader_synced(ClassicGroup& group, const wire::SyncGroupRequest& request) {
    wire::GroupMetadataValue value = group.value();
    for (auto& recorded : value.members) recorded.assignment = {};
    using Recorded = wire::GroupMetadataValue::Member;
    for (const auto& assigned : request.assignments) {
        const auto at = std::ranges::lower_bound(value.members, assigned.member_id, {}, &Recorded::member_id);
        if (at != value.members.end() && at->member_id == assigned.member_id) at->assignment = assigned.assignment;
    }
    const ErrorCode error = write({group_record(group.id(), value)});
    if (error == ErrorCode::none) return give_assignments(group, ErrorCode::none);
    log_warn("assignment not written", {{"group", group.id()}, {"generation", group.generation()}, {"error", error}});
    give_assignments(group, error);
    prepare_rebalance(group);
}

// To all who wait for it. Their sessions begin anew: while they waited, nobody looked.
void Coordinator::give_assignments(ClassicGroup& group, ErrorCode error) {
    for (auto& [id, member] : group.members()) {
        if (error != ErrorCode::none) group.take_assignment(member);
        if (!member.awaiting_sync) continue;
        auto reply = std::exchange(member.awaiting_sync, nullptr);
        if (error == ErrorCode::none)
            answer(std::move(reply), Result<wire::SyncGroupResponse>(assignment_of(group, member)));
        else
            answer_sync_error(std::move(reply), error);
        extend_session(member);
    }
}

// Those who never asked for their assignment are gone.
void Coordinator::sync_expired(const std::string& group_id) {
    ClassicGroup* group = find(group_id);
    if (group == nullptr || group->have_all_synced()) return;
    if (!group->is_in(ClassicState::completing_rebalance) && !group->is_in(ClassicState::stable)) return;
    std::vector<std::string> missing;
    for (const auto& [id, member] : group->members())
        if (member.is_sync_pending) missing.push_back(id);
    for (const std::string& id : missing) group->remove(id);
    log_info("members without sync removed", {{"group", group_id}, {"count", missing.size()}});
    prepare_rebalance(*group);
}

void Coordinator::heartbeat(const wire::HeartbeatRequest& request, const Reply<wire::HeartbeatResponse>& reply) {
    wire::HeartbeatResponse response;
    ClassicGroup* group = find(request.group_id);
    response.error_code = group == nullptr ? ErrorCode::unknown_member_id
                                           : group->check_member(request.member_id, request.group_instance_id);
    if (response.error_code == ErrorCode::none && request.generation_id != group->generation())
        response.error_code = ErrorCode::illegal_generation;
    if (response.error_code == ErrorCode::none) {
        extend_session(*group->find(request.member_id));
        if (group->is_in(ClassicState::preparing_rebalance)) response.error_code = ErrorCode::rebalance_in_progress;
    }
    answer(reply, Result<wire::HeartbeatResponse>(response));
}

// --- leaving ---------------------------------------------------------------------------------------------------------

void Coordinator::leave_group(const wire::LeaveGroupRequest& request, const Reply<wire::LeaveGroupResponse>& reply) {
    wire::LeaveGroupResponse response;
    ClassicGroup* group = find(request.group_id);
    bool has_left = false;
    for (const auto& member : request.members) {
        auto& answered = response.members.emplace_back();
        answered.member_id = std::string(member.member_id);
        if (member.group_instance_id) answered.group_instance_id = std::string(*member.group_instance_id);
        answered.error_code = group == nullptr ? ErrorCode::unknown_member_id : leave(*group, member);
        has_left |= answered.error_code == ErrorCode::none;
    }
    if (has_left && !group->is_in(ClassicState::empty)) rebalance_or_complete(*group);
    forget_if_unused(request.group_id);
    answer(reply, Result<wire::LeaveGroupResponse>(std::move(response)));
}

ErrorCode Coordinator::leave(ClassicGroup& group, const wire::LeaveGroupRequest::Member& leaving) {
    std::string member_id(leaving.member_id);
    if (member_id.empty()) {
        // An administrator removes a static member.
        const std::string* known =
            leaving.group_instance_id ? group.static_member(*leaving.group_instance_id) : nullptr;
        if (known == nullptr) return ErrorCode::unknown_member_id;
        member_id = *known;
    } else if (group.pending_joins.erase(member_id) > 0) {
        return ErrorCode::none;
    } else {
        const ErrorCode error = group.check_member(member_id, leaving.group_instance_id);
        if (error != ErrorCode::none) return error;
    }
    log_info("member left",
             {{"group", group.id()}, {"member", member_id}, {"reason", plain(leaving.reason).value_or("")}});
    remove_member(group, member_id);
    return ErrorCode::none;
}

void Coordinator::remove_member(ClassicGroup& group, const std::string& member_id) {
    Member removed = group.remove(member_id);
    if (removed.awaiting_join) answer_join_error(std::move(removed.awaiting_join), "", ErrorCode::unknown_member_id);
    if (removed.awaiting_sync) answer_sync_error(std::move(removed.awaiting_sync), ErrorCode::unknown_member_id);
}

// --- sessions --------------------------------------------------------------------------------------------------------

void Coordinator::start_session(const ClassicGroup& group, Member& member) {
    member.session = Deadline(
        deadlines_, [this, group_id = group.id(), member_id = member.id] { session_expired(group_id, member_id); });
}

void Coordinator::session_expired(const std::string& group_id, const std::string& member_id) {
    ClassicGroup* group = find(group_id);
    Member* member = group == nullptr ? nullptr : group->find(member_id);
    if (member == nullptr || member->is_excused()) return;
    log_info("member expired", {{"group", group_id}, {"member", member_id}});
    ++environment_.counts->members_expired;
    remove_member(*group, member_id);
    if (group->is_in(ClassicState::preparing_rebalance))
        complete_join_if_all_are_there(*group);
    else
        rebalance_or_complete(*group);
}

// --- members that have an id, and nothing else yet
// --------------------------------------------------------------------

void Coordinator::await_return(const JoinRequest& request, ClassicGroup& group, const std::string& member_id) {
    Deadline deadline(deadlines_,
                      [this, group_id = group.id(), member_id] { forget_pending_join(group_id, member_id); });
    deadline.set(clock().now() + Milliseconds(request.session_timeout_ms));
    group.pending_joins.try_emplace(member_id, pending_joins_.add({group.id(), member_id}), std::move(deadline));
    while (pending_joins_.are_too_many()) {
        const PendingJoins::Id oldest = pending_joins_.oldest();
        forget_pending_join(oldest.group_id, oldest.member_id);
    }
}

void Coordinator::forget_pending_join(const std::string& group_id, const std::string& member_id) {
    ClassicGroup* group = find(group_id);
    if (group == nullptr || group->pending_joins.erase(member_id) == 0) return;
    complete_join_if_all_are_there(*group);
    forget_if_unused(group_id);
}

// A group that nobody was ever in leaves no trace.
void Coordinator::forget_if_unused(std::string_view group_id) {
    const auto at = groups_.find(group_id);
    if (at != groups_.end() && at->second->is_provisional && at->second->pending_joins.empty()) groups_.erase(at);
}

}  // namespace milena::group
