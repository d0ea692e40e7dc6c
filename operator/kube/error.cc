#include "kube/error.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace milena::kube {
namespace {

constexpr size_t message_bytes_max = 2048;  // of what may be a proxy's page

constexpr std::array names = {
    std::pair{Reason::unknown, "Unknown"},
    std::pair{Reason::bad_request, "BadRequest"},
    std::pair{Reason::unauthorized, "Unauthorized"},
    std::pair{Reason::forbidden, "Forbidden"},
    std::pair{Reason::namespace_terminating, "NamespaceTerminating"},
    std::pair{Reason::not_found, "NotFound"},
    std::pair{Reason::already_exists, "AlreadyExists"},
    std::pair{Reason::conflict, "Conflict"},
    std::pair{Reason::gone, "Gone"},
    std::pair{Reason::invalid, "Invalid"},
    std::pair{Reason::too_large, "RequestEntityTooLarge"},
    std::pair{Reason::too_many_requests, "TooManyRequests"},
    std::pair{Reason::internal_error, "InternalError"},
    std::pair{Reason::service_unavailable, "ServiceUnavailable"},
    std::pair{Reason::server_timeout, "ServerTimeout"},
    std::pair{Reason::method_not_allowed, "MethodNotAllowed"},
    std::pair{Reason::no_answer, "NoAnswer"},
    std::pair{Reason::timed_out, "TimedOut"},
    std::pair{Reason::canceled, "Canceled"},
    std::pair{Reason::not_leader, "NotLeader"},
};

Reason reason_of_status(int http_status) {
    switch (http_status) {
        case 400: return Reason::bad_request;
        case 401: return Reason::unauthorized;
        case 403: return Reason::forbidden;
        case 404: return Reason::not_found;
        case 405: return Reason::method_not_allowed;
        case 409: return Reason::conflict;
        case 410: return Reason::gone;
        case 413: return Reason::too_large;
        case 415: return Reason::bad_request;
        case 422: return Reason::invalid;
        case 429: return Reason::too_many_requests;
        case 500: return Reason::internal_error;
        case 503: return Reason::service_unavailable;
        case 504: return Reason::server_timeout;
        default: return Reason::unknown;
    }
}

std::optional<Reason> reason_of_name(std::string_view name) {
    if (name == "Expired") return Reason::gone;
    if (name == "Timeout") return Reason::server_timeout;
    for (const auto& [reason, own] : names)
        if (name == own) return reason;
    return std::nullopt;
}

// Kubernetes says "Forbidden", and this only among the causes.
bool is_namespace_going(const nlohmann::json& details) {
    const auto causes = details.find("causes");
    if (causes == details.end() || !causes->is_array()) return false;
    return std::ranges::any_of(*causes, [](const nlohmann::json& cause) {
        return cause.is_object() && cause.value("reason", nlohmann::json()) == "NamespaceTerminating";
    });
}

}  // namespace

std::string_view reason_name(Reason reason) {
    for (const auto& [own, name] : names)
        if (own == reason) return name;
    return "Unknown";
}

bool Error::is_transient() const {
    switch (reason) {
        case Reason::too_many_requests:
        case Reason::internal_error:
        case Reason::service_unavailable:
        case Reason::server_timeout:
        case Reason::conflict:
        case Reason::gone:
        case Reason::no_answer:
        case Reason::timed_out: return true;
        default: return http_status >= 500;
    }
}

std::string Error::to_string() const {
    std::string text(reason_name(reason));
    if (http_status != 0) text += " (" + std::to_string(http_status) + ")";
    return message.empty() ? text : text + ": " + message;
}

Error error_of_answer(int http_status, std::string_view body, std::optional<Milliseconds> retry_after) {
    Error error{reason_of_status(http_status), http_status, std::string(body.substr(0, message_bytes_max)),
                retry_after};
    const auto status = nlohmann::json::parse(body, nullptr, false);
    if (!status.is_object() || status.value("kind", nlohmann::json()) != "Status") return error;
    if (const auto message = status.find("message"); message != status.end() && message->is_string())
        error.message = message->get<std::string>().substr(0, message_bytes_max);
    if (const auto reason = status.find("reason"); reason != status.end() && reason->is_string())
        if (const auto known = reason_of_name(reason->get_ref<const std::string&>())) error.reason = *known;
    const auto details = status.find("details");
    if (details == status.end() || !details->is_object()) return error;
    if (is_namespace_going(*details)) error.reason = Reason::namespace_terminating;
    if (!error.retry_after) {
        const auto seconds = details->find("retryAfterSeconds");
        if (seconds != details->end() && seconds->is_number_integer() && seconds->get<int64_t>() > 0)
            error.retry_after = std::chrono::seconds(std::min<int64_t>(seconds->get<int64_t>(), 3600));
    }
    return error;
}

}  // namespace milena::kube
