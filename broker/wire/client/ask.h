// ask(): one request of a client of ours and the response to it, over whatever takes a frame and gives one back; and
// what its errors are called.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error_code.h"
#include "base/result.h"
#include "wire/header.h"

namespace milena::wire {

// `connection` has Result<Bytes, std::string> exchange(const Bytes& request), which see BrokerConnection. The error is
// a sentence.
template <class Response, class Request, class Connection>
Result<Response, std::string> ask(const Connection& connection, const Request& request, Version version,
                                  std::string_view client_id) {
    RequestHeader header;
    header.api_version = version;
    header.client_id = client_id;
    const auto frame = connection.exchange(encode_request(request, header).joined());
    if (!frame) return unexpected(frame.error());
    const auto head = decode_response_header(*frame, Response::api, version);
    if (!head.has_value()) return unexpected(std::string("the answer is malformed"));
    auto response = decode<Response>(frame->slice(head->size), version);
    if (!response.has_value()) return unexpected(std::string("the answer is malformed"));
    return std::move(*response);
}

// Kafka's name of an error in a response, and what was said besides.
inline std::string error_text(ErrorCode error, const std::optional<std::string>& message = std::nullopt) {
    return std::string(error_name(error)) + (message ? ": " + *message : std::string());
}

}  // namespace milena::wire
