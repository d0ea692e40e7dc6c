// What a request to the Kubernetes API came to, if not to an answer: Kubernetes' own reasons, and those of the way
// there. Plain values, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace milena::kube {

enum class Reason : uint8_t {
    unknown,
    bad_request,
    unauthorized,
    forbidden,
    namespace_terminating,  // it is being deleted, and takes nothing new
    not_found,
    already_exists,
    conflict,
    gone,  // 410: also Expired, of a resource version or of a continue token
    invalid,
    too_large,
    too_many_requests,
    internal_error,
    service_unavailable,
    server_timeout,
    method_not_allowed,
    no_answer,  // refused, cut or unreadable on the way: whether it was done is unknown
    timed_out,  // our own deadline: whether it was done is unknown
    canceled,   // by us
    not_leader  // not sent: this process may not write now
};

// "AlreadyExists", as Kubernetes writes them.
std::string_view reason_name(Reason reason);

struct Error {
    Reason reason = Reason::unknown;
    int http_status = 0;  // 0: there was no answer
    std::string message;
    std::optional<Milliseconds> retry_after = std::nullopt;

    // It may go well if nothing but time has changed.
    bool is_transient() const;
    // "Conflict (409): …"
    std::string to_string() const;
};

template <class T>
using Outcome = Result<T, Error>;

// The error of an answer with a status of 400 and more: the reason that its Status object names, else the HTTP
// status's.
Error error_of_answer(int http_status, std::string_view body, std::optional<Milliseconds> retry_after = std::nullopt);

}  // namespace milena::kube
