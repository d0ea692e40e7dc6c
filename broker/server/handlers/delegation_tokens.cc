// A delegation token is asked for by who has authenticated; all listeners of this broker are PLAINTEXT, where nobody
// has, so Kafka's answer is the same to everybody.
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

constexpr ErrorCode not_allowed = ErrorCode::delegation_token_request_not_allowed;
constexpr int64_t no_time = -1;

}  // namespace

wire::CreateDelegationTokenResponse create_delegation_token(const wire::CreateDelegationTokenRequest& request,
                                                            const Caller&) {
    wire::CreateDelegationTokenResponse response;
    response.error_code = not_allowed;
    response.principal_type = response.token_requester_principal_type = std::string("User");
    response.principal_name = response.token_requester_principal_name = std::string(Caller::anonymous_user);
    const std::optional<std::string_view>& owner = request.owner_principal_name;
    if (owner && !owner->empty()) {
        response.principal_type = std::string(request.owner_principal_type.value_or(""));
        response.principal_name = std::string(*owner);
    }
    response.issue_timestamp_ms = response.expiry_timestamp_ms = response.max_timestamp_ms = no_time;
    return response;
}

wire::RenewDelegationTokenResponse renew_delegation_token(const wire::RenewDelegationTokenRequest&, const Caller&) {
    return {.error_code = not_allowed, .expiry_timestamp_ms = no_time};
}

wire::ExpireDelegationTokenResponse expire_delegation_token(const wire::ExpireDelegationTokenRequest&, const Caller&) {
    return {.error_code = not_allowed, .expiry_timestamp_ms = no_time};
}

wire::DescribeDelegationTokenResponse describe_delegation_token(const wire::DescribeDelegationTokenRequest&,
                                                                const Caller&) {
    return {.error_code = not_allowed};
}

}  // namespace milena::server::handlers
