#include <map>

#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using wire::DescribeUserScramCredentialsRequest;
using wire::DescribeUserScramCredentialsResponse;

// How often each user is asked for; all of them, if none is named.
std::map<std::string, int> asked_users(const metadata::Image& image,
                                       const DescribeUserScramCredentialsRequest& request) {
    std::map<std::string, int> users;
    if (request.users)
        for (const DescribeUserScramCredentialsRequest::User& user : *request.users) ++users[std::string(user.name)];
    if (users.empty())
        for (const auto& [key, credential] : *image.scram_credentials) users[key.second] = 1;
    return users;
}

DescribeUserScramCredentialsResponse::Result describe(const metadata::Image& image, const std::string& user,
                                                      int times) {
    DescribeUserScramCredentialsResponse::Result result{.user = user, .error_message = ""};
    if (times > 1) {
        result.error_code = ErrorCode::duplicate_resource;
        result.error_message = "Cannot describe SCRAM credentials for the same user twice in a single request: " + user;
        return result;
    }
    for (const int8_t mechanism : {int8_t{1}, int8_t{2}}) {
        const auto at = image.scram_credentials->find({mechanism, user});
        if (at != image.scram_credentials->end())
            result.credential_infos.push_back({.mechanism = mechanism, .iterations = at->second.iterations});
    }
    if (result.credential_infos.empty()) {
        result.error_code = ErrorCode::resource_not_found;
        result.error_message = "Attempt to describe a user credential that does not exist: " + user;
    }
    return result;
}

}  // namespace

DescribeUserScramCredentialsResponse describe_user_scram_credentials(const DescribeUserScramCredentialsRequest& request,
                                                                     const Caller& caller) {
    const metadata::Image& image = caller.context.image();
    DescribeUserScramCredentialsResponse response;
    response.error_message = "";
    for (const auto& [user, times] : asked_users(image, request))
        response.results.push_back(describe(image, user, times));
    return response;
}

}  // namespace milena::server::handlers
