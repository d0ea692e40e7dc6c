#include "wire/header.h"

#include "wire/api_info.h"

namespace milena::wire {

Result<RequestHeader, DecodeError> decode_request_header(const Bytes& frame) {
    Decoder from(frame);
    RequestHeader header;
    header.api_key = from.fixed<int16_t>();
    header.api_version = from.fixed<int16_t>();
    header.correlation_id = from.fixed<int32_t>();
    header.client_id = from.nullable_string();
    const ApiInfo* info = find_api(header.api_key);
    if (info != nullptr && info->api.is_flexible(header.api_version)) from.skip_tags();
    if (from.has_failed()) return unexpected(from.fault());
    header.size = from.offset();
    return header;
}

void begin_response(Encoder& to, const Api& api, Version version, int32_t correlation_id) {
    to.fixed<int32_t>(0);
    to.fixed(correlation_id);
    if (response_header_version(api, version) == 1) to.unsigned_varint(0);
    to.begin(version, api.is_flexible(version));
}

void begin_request(Encoder& to, const Api& api, const RequestHeader& header) {
    to.fixed<int32_t>(0);
    to.fixed(api.key);
    to.fixed(header.api_version);
    to.fixed(header.correlation_id);
    if (header.client_id) {
        to.string(*header.client_id);
    } else {
        to.null_string();
    }
    if (request_header_version(api, header.api_version) == 2) to.unsigned_varint(0);
    to.begin(header.api_version, api.is_flexible(header.api_version));
}

EncodedFrame finish_frame(Encoder&& from) {
    from.patch(0, static_cast<int32_t>(from.size() - sizeof(int32_t)));
    return std::move(from).finish();
}

Result<ResponseHeader, DecodeError> decode_response_header(const Bytes& frame, const Api& api, Version version) {
    Decoder from(frame);
    ResponseHeader header;
    header.correlation_id = from.fixed<int32_t>();
    if (response_header_version(api, version) == 1) from.skip_tags();
    if (from.has_failed()) return unexpected(from.fault());
    header.size = from.offset();
    return header;
}

}  // namespace milena::wire
