// Headers of requests and responses, and whole frames with their length in front. Pure functions.
//
//     request   int32 length │ int16 api_key │ int16 api_version │ int32 correlation_id │ client_id │ [tags] │ body
//     response  int32 length │ int32 correlation_id │ [tags] │ body
//
// client_id is a plain nullable string even where everything else is flexible, so that a broker can read the header of
// a version that it doesn't know. The tags are there in flexible versions: header v2 of requests, v1 of responses. Only
// the ApiVersions response keeps header v0 for ever, since its reader can't know yet what the broker speaks (KIP-511).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/schema.h"

namespace milena::wire {

inline constexpr int16_t api_versions_key = 18;

struct RequestHeader {
    int16_t api_key = 0;
    Version api_version = 0;
    int32_t correlation_id = 0;
    std::optional<std::string_view> client_id;  // points into the frame
    size_t size = 0;                            // bytes of the header: the body begins there
};

// `frame` is everything after the length. Of an API that doesn't exist the header is read without tags: the caller
// refuses it by its key.
Result<RequestHeader, DecodeError> decode_request_header(const Bytes& frame);

constexpr Version request_header_version(const Api& api, Version version) { return api.is_flexible(version) ? 2 : 1; }
constexpr Version response_header_version(const Api& api, Version version) {
    return api.is_flexible(version) && api.key != api_versions_key ? 1 : 0;
}

// The length that stands in front is filled in by finish_frame.
void begin_response(Encoder& to, const Api& api, Version version, int32_t correlation_id);
void begin_request(Encoder& to, const Api& api, const RequestHeader& header);
EncodedFrame finish_frame(Encoder&& from);

// A response, ready to be sent.
template <class Response>
EncodedFrame encode_response(const Response& response, Version version, int32_t correlation_id) {
    Encoder to;
    begin_response(to, Response::api, version, correlation_id);
    write(to, response);
    return finish_frame(std::move(to));
}

// A request, ready to be sent; of the header, only api_version, correlation_id and client_id are looked at.
template <class Request>
EncodedFrame encode_request(const Request& request, const RequestHeader& header) {
    Encoder to;
    begin_request(to, Request::api, header);
    write(to, request);
    return finish_frame(std::move(to));
}

struct ResponseHeader {
    int32_t correlation_id = 0;
    size_t size = 0;  // bytes of the header: the body begins there
};

// `frame` is everything after the length, in answer to a request of this API and version.
Result<ResponseHeader, DecodeError> decode_response_header(const Bytes& frame, const Api& api, Version version);

}  // namespace milena::wire
