// Without an authorizer everybody may do everything, and there is nothing to list or to change: Kafka says so in two
// wordings, its broker's and its controller's. What it takes for malformed closes the connection there and here.
#include <algorithm>

#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

constexpr std::string_view unknown_element = "an element of an ACL is UNKNOWN";
constexpr std::string_view no_authorizer = "No Authorizer is configured.";

bool is_any_unknown(std::initializer_list<int8_t> elements) {
    return std::ranges::find(elements, int8_t{0}) != elements.end();
}

}  // namespace

void describe_acls(CallPtr<wire::DescribeAclsRequest, wire::DescribeAclsResponse> call) {
    const wire::DescribeAclsRequest& filter = call->request;
    if (is_any_unknown(
            {filter.resource_type_filter, filter.pattern_type_filter, filter.operation, filter.permission_type}))
        return call->close_connection(unknown_element);
    wire::DescribeAclsResponse response;
    response.error_code = ErrorCode::security_disabled;
    response.error_message = "No Authorizer is configured on the broker";
    call->respond(response);
}

void create_acls(CallPtr<wire::CreateAclsRequest, wire::CreateAclsResponse> call) {
    wire::CreateAclsResponse response;
    for (const auto& acl : call->request.creations) {
        if (is_any_unknown({acl.resource_type, acl.resource_pattern_type, acl.operation, acl.permission_type}))
            return call->close_connection(unknown_element);
        auto& result = response.results.emplace_back();
        result.error_code = ErrorCode::security_disabled;
        result.error_message.emplace(no_authorizer);
    }
    call->respond(response);
}

void delete_acls(CallPtr<wire::DeleteAclsRequest, wire::DeleteAclsResponse> call) {
    wire::DeleteAclsResponse response;
    for (const auto& filter : call->request.filters) {
        if (is_any_unknown(
                {filter.resource_type_filter, filter.pattern_type_filter, filter.operation, filter.permission_type}))
            return call->close_connection(unknown_element);
        auto& result = response.filter_results.emplace_back();
        result.error_code = ErrorCode::security_disabled;
        result.error_message.emplace(no_authorizer);
    }
    call->respond(response);
}

}  // namespace milena::server::handlers
