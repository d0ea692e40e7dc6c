// How a member comes, stays and goes: JoinGroup, SyncGroup, Heartbeat, LeaveGroup.
#include "server/handlers/ask_groups.h"

namespace milena::server::handlers {
namespace {

constexpr wire::Version null_protocol_since = 7;
constexpr wire::Version leaves_batched_since = 3;

group::Config limits(const settings::BrokerConfig& config) {
    return {.session_timeout_min = Milliseconds(config.group_min_session_timeout_ms),
            .session_timeout_max = Milliseconds(config.group_max_session_timeout_ms)};
}

template <class Response>
Response error_response(ErrorCode error) {
    Response response;
    response.error_code = error;
    return response;
}

}  // namespace

void join_group(CallPtr<wire::JoinGroupRequest, wire::JoinGroupResponse> call) {
    using Response = wire::JoinGroupResponse;
    const auto respond = [call](Response response) {
        if (!response.protocol_name && call->version() < null_protocol_since) response.protocol_name = "";
        call->respond(response);
    };
    const ErrorCode refused = group::reason_refused(call->request, limits(call->context().config()));
    if (refused != ErrorCode::none) {
        Response response = error_response<Response>(refused);
        response.member_id = std::string(call->request.member_id);
        return respond(std::move(response));
    }
    ask_group<Response>(
        call, call->request.group_id,
        [call, host = java_host(call->caller())](group::Coordinator& coordinator, group::Reply<Response> reply) {
            coordinator.join_group(call->request, {call->caller().client_id(), host, call->version()},
                                   std::move(reply));
        },
        [respond](Result<Response> joined) {
            respond(joined.has_value() ? std::move(*joined) : error_response<Response>(joined.error()));
        });
}

void sync_group(CallPtr<wire::SyncGroupRequest, wire::SyncGroupResponse> call) {
    using Response = wire::SyncGroupResponse;
    const wire::SyncGroupRequest& request = call->request;
    // From version 5 a member says which protocol it believes in.
    constexpr wire::Version protocol_since = 5;
    const bool has_protocol = plain(request.protocol_type).has_value() && plain(request.protocol_name).has_value();
    if (call->version() >= protocol_since && !has_protocol)
        return call->respond(error_response<Response>(ErrorCode::inconsistent_group_protocol));
    if (request.group_id.empty()) return call->respond(error_response<Response>(ErrorCode::invalid_group_id));
    ask_group<Response>(
        call, request.group_id,
        [call](group::Coordinator& coordinator, group::Reply<Response> reply) {
            coordinator.sync_group(call->request, std::move(reply));
        },
        [call](const Result<Response>& synced) {
            call->respond(synced.has_value() ? *synced : error_response<Response>(synced.error()));
        });
}

void heartbeat(CallPtr<wire::HeartbeatRequest, wire::HeartbeatResponse> call) {
    using Response = wire::HeartbeatResponse;
    if (call->request.group_id.empty()) return call->respond(error_response<Response>(ErrorCode::invalid_group_id));
    ask_group<Response>(
        call, call->request.group_id,
        [call](group::Coordinator& coordinator, const group::Reply<Response>& reply) {
            coordinator.heartbeat(call->request, reply);
        },
        [call](const Result<Response>& alive) {
            if (alive.has_value()) return call->respond(*alive);
            // Whoever is a member will be found to be one when the group is loaded.
            const bool is_loading = alive.error() == ErrorCode::coordinator_load_in_progress;
            call->respond(error_response<Response>(is_loading ? ErrorCode::none : alive.error()));
        });
}

void leave_group(CallPtr<wire::LeaveGroupRequest, wire::LeaveGroupResponse> call) {
    using Response = wire::LeaveGroupResponse;
    if (call->request.group_id.empty()) return call->respond(error_response<Response>(ErrorCode::invalid_group_id));
    auto request = std::make_shared<wire::LeaveGroupRequest>(call->request);
    if (call->version() < leaves_batched_since) request->members.push_back({.member_id = request->member_id});
    ask_group<Response>(
        call, call->request.group_id,
        [call, request](group::Coordinator& coordinator, const group::Reply<Response>& reply) {
            coordinator.leave_group(*request, reply);
        },
        [call](const Result<Response>& left) {
            if (!left.has_value()) return call->respond(error_response<Response>(left.error()));
            Response response = *left;
            if (call->version() < leaves_batched_since) response.error_code = response.members.front().error_code;
            call->respond(response);
        });
}

}  // namespace milena::server::handlers
