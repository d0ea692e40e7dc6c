// Hostile frames through what reads requests: the header, then the body of whichever API and version it names.
#include <cstdint>
#include <optional>

#include "wire/api_list.h"
#include "wire/decoder.h"
#include "wire/header.h"

namespace {

using namespace milena;
using namespace milena::wire;

template <class Request>
void read_request(const Bytes& body, Version version) {
    Decoder from(body);
    Request request;
    from.begin(version, Request::api.is_flexible(version));
    read(from, request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const Bytes frame = Bytes::copy_of(std::as_bytes(std::span(data, size)));
    const auto header = decode_request_header(frame);
    if (!header) return 0;
    const Bytes body = frame.slice(header->size);
    Apis::for_each([&]<class Entry>() {
        if (Entry::api.key == header->api_key && Entry::api.has(header->api_version)) {
            read_request<typename Entry::Request>(body, header->api_version);
        }
    });
    return 0;
}
