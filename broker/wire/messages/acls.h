// Access control lists. Resource types, pattern types, operations and permissions are the numbers of the protocol.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "wire/schema.h"

namespace milena::wire {

// DescribeAcls (29): the entries that match a filter.
struct DescribeAclsRequest {
    static constexpr Api api{.key = 29, .min = 1, .max = 3, .flexible = 2};

    int8_t resource_type_filter = 0;
    std::optional<std::string_view> resource_name_filter;
    int8_t pattern_type_filter = 3;
    std::optional<std::string_view> principal_filter;
    std::optional<std::string_view> host_filter;
    int8_t operation = 0;
    int8_t permission_type = 0;
};

struct DescribeAclsResponse {
    static constexpr Api api = DescribeAclsRequest::api;

    struct Acl {
        std::string principal;
        std::string host;
        int8_t operation = 0;
        int8_t permission_type = 0;
    };

    struct Resource {
        int8_t resource_type = 0;
        std::string resource_name;
        int8_t pattern_type = 3;
        std::vector<Acl> acls;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    std::vector<Resource> resources;
};

// CreateAcls (30): add entries.
struct CreateAclsRequest {
    static constexpr Api api{.key = 30, .min = 1, .max = 3, .flexible = 2};

    struct Creation {
        int8_t resource_type = 0;
        std::string_view resource_name;
        int8_t resource_pattern_type = 3;
        std::string_view principal;
        std::string_view host;
        int8_t operation = 0;
        int8_t permission_type = 0;
    };

    std::vector<Creation> creations;
};

struct CreateAclsResponse {
    static constexpr Api api = CreateAclsRequest::api;

    struct Result {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Result> results;
};

// DeleteAcls (31): delete the entries that match a filter, and say which they were.
struct DeleteAclsRequest {
    static constexpr Api api{.key = 31, .min = 1, .max = 3, .flexible = 2};

    struct Filter {
        int8_t resource_type_filter = 0;
        std::optional<std::string_view> resource_name_filter;
        int8_t pattern_type_filter = 3;
        std::optional<std::string_view> principal_filter;
        std::optional<std::string_view> host_filter;
        int8_t operation = 0;
        int8_t permission_type = 0;
    };

    std::vector<Filter> filters;
};

struct DeleteAclsResponse {
    static constexpr Api api = DeleteAclsRequest::api;

    struct MatchingAcl {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        int8_t resource_type = 0;
        std::string resource_name;
        int8_t pattern_type = 3;
        std::string principal;
        std::string host;
        int8_t operation = 0;
        int8_t permission_type = 0;
    };

    struct FilterResult {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        std::vector<MatchingAcl> matching_acls;
    };

    int32_t throttle_time_ms = 0;
    std::vector<FilterResult> filter_results;
};

}  // namespace milena::wire
