// Groups of the classic protocol, in which the clients compute the assignment, and what concerns groups of every kind:
// finding their coordinator, listing and deleting them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "wire/schema.h"

namespace milena::wire {

// FindCoordinator (10): which broker coordinates a group (key type 0), a transactional id (1) or a share partition
// (2). From version 4 several keys at once.
struct FindCoordinatorRequest {
    static constexpr Api api{.key = 10, .max = 6, .flexible = 3};

    Until<3, std::string_view> key;
    Since<1, int8_t> key_type = 0;
    Since<4, std::vector<std::string_view>> coordinator_keys;
};

struct FindCoordinatorResponse {
    static constexpr Api api = FindCoordinatorRequest::api;

    struct Coordinator {
        std::string key;
        int32_t node_id = 0;
        std::string host;
        int32_t port = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    Since<1, int32_t> throttle_time_ms = 0;
    Until<3, ErrorCode> error_code = ErrorCode::none;
    Between<1, 3, std::optional<std::string>> error_message;
    Until<3, int32_t> node_id = 0;
    Until<3, std::string> host;
    Until<3, int32_t> port = 0;
    Since<4, std::vector<Coordinator>> coordinators;
};

// JoinGroup (11): become a member, say which assignors one knows; answered when the rebalance has gathered everyone.
struct JoinGroupRequest {
    static constexpr Api api{.key = 11, .max = 9, .flexible = 6};

    struct Protocol {
        std::string_view name;
        Bytes metadata;
    };

    std::string_view group_id;
    int32_t session_timeout_ms = 0;
    Since<1, int32_t> rebalance_timeout_ms = -1;
    std::string_view member_id;                                   // empty: not yet known
    Since<5, std::optional<std::string_view>> group_instance_id;  // static membership (KIP-345)
    std::string_view protocol_type;
    std::vector<Protocol> protocols;
    Since<8, std::optional<std::string_view>> reason;
};

// Only the leader is told the other members: it computes the assignment.
struct JoinGroupResponse {
    static constexpr Api api = JoinGroupRequest::api;

    struct Member {
        std::string member_id;
        Since<5, std::optional<std::string>> group_instance_id;
        Bytes metadata;
    };

    Since<2, int32_t> throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    int32_t generation_id = -1;
    Since<7, std::optional<std::string>> protocol_type;
    NullableSince<7, std::string> protocol_name;
    std::string leader;
    Since<9, bool> skip_assignment = false;
    std::string member_id;
    std::vector<Member> members;
};

// SyncGroup (14): the leader hands in the assignment, every member gets its part.
struct SyncGroupRequest {
    static constexpr Api api{.key = 14, .max = 5, .flexible = 4};

    struct Assignment {
        std::string_view member_id;
        Bytes assignment;
    };

    std::string_view group_id;
    int32_t generation_id = 0;
    std::string_view member_id;
    Since<3, std::optional<std::string_view>> group_instance_id;
    Since<5, std::optional<std::string_view>> protocol_type;
    Since<5, std::optional<std::string_view>> protocol_name;
    std::vector<Assignment> assignments;
};

struct SyncGroupResponse {
    static constexpr Api api = SyncGroupRequest::api;

    Since<1, int32_t> throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    Since<5, std::optional<std::string>> protocol_type;
    Since<5, std::optional<std::string>> protocol_name;
    Bytes assignment;
};

// Heartbeat (12): a member is alive; the answer tells whether a rebalance is on.
struct HeartbeatRequest {
    static constexpr Api api{.key = 12, .max = 4, .flexible = 4};

    std::string_view group_id;
    int32_t generation_id = 0;
    std::string_view member_id;
    Since<3, std::optional<std::string_view>> group_instance_id;  // static membership (KIP-345)
};

struct HeartbeatResponse {
    static constexpr Api api = HeartbeatRequest::api;

    Since<1, int32_t> throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
};

// LeaveGroup (13): members leave, from version 3 several at once.
struct LeaveGroupRequest {
    static constexpr Api api{.key = 13, .max = 5, .flexible = 4};

    struct Member {
        std::string_view member_id;
        std::optional<std::string_view> group_instance_id;
        Since<5, std::optional<std::string_view>> reason;
    };

    std::string_view group_id;
    Until<2, std::string_view> member_id;
    Since<3, std::vector<Member>> members;
};

struct LeaveGroupResponse {
    static constexpr Api api = LeaveGroupRequest::api;

    struct Member {
        std::string member_id;
        std::optional<std::string> group_instance_id;
        ErrorCode error_code = ErrorCode::none;
    };

    Since<1, int32_t> throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    Since<3, std::vector<Member>> members;
};

// DescribeGroups (15): state and members of classic groups.
struct DescribeGroupsRequest {
    static constexpr Api api{.key = 15, .max = 6, .flexible = 5};

    std::vector<std::string_view> groups;
    Since<3, bool> include_authorized_operations = false;
};

struct DescribeGroupsResponse {
    static constexpr Api api = DescribeGroupsRequest::api;

    struct Member {
        std::string member_id;
        Since<4, std::optional<std::string>> group_instance_id;
        std::string client_id;
        std::string client_host;
        Bytes member_metadata;
        Bytes member_assignment;
    };

    struct Group {
        ErrorCode error_code = ErrorCode::none;
        Since<6, std::optional<std::string>> error_message;
        std::string group_id;
        std::string group_state;
        std::string protocol_type;
        std::string protocol_data;
        std::vector<Member> members;
        Since<3, int32_t> authorized_operations = INT32_MIN;
    };

    Since<1, int32_t> throttle_time_ms = 0;
    std::vector<Group> groups;
};

// ListGroups (16): the groups that this broker coordinates, filtered by state from version 4 and by type from 5.
struct ListGroupsRequest {
    static constexpr Api api{.key = 16, .max = 5, .flexible = 3};

    Since<4, std::vector<std::string_view>> states_filter;
    Since<5, std::vector<std::string_view>> types_filter;
};

struct ListGroupsResponse {
    static constexpr Api api = ListGroupsRequest::api;

    struct Group {
        std::string group_id;
        std::string protocol_type;
        Since<4, std::string> group_state;
        Since<5, std::string> group_type;
    };

    Since<1, int32_t> throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::vector<Group> groups;
};

// DeleteGroups (42): delete empty groups with their offsets.
struct DeleteGroupsRequest {
    static constexpr Api api{.key = 42, .max = 2, .flexible = 2};

    std::vector<std::string_view> groups_names;
};

struct DeleteGroupsResponse {
    static constexpr Api api = DeleteGroupsRequest::api;

    struct Result {
        std::string group_id;
        ErrorCode error_code = ErrorCode::none;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Result> results;
};

}  // namespace milena::wire
