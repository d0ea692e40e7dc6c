// What a broker asks of the active controller and is answered, beyond what controller/decide.h has: refusals that know
// better where to ask, and requests of clients that are passed on. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "controller/decide.h"
#include "controller/weights.h"

namespace milena::peer {

// Why there is no answer. Of the network: network_exception, the connection was refused or broken, which is evidence
// that the node is down; request_timed_out, nothing is known, not even whether the request was carried out.
struct Refusal {
    ErrorCode error = ErrorCode::unknown_server_error;
    NodeId leader = no_node;  // with not_controller: who is, if that is known

    bool operator==(const Refusal&) const = default;
};

template <class T>
using ControllerResult = Result<T, Refusal>;

// A client's request as it came: with its header, without its length.
struct ForwardedRequest {
    Bytes frame;
    std::string client;    // its address
    std::string listener;  // where it is connected

    bool operator==(const ForwardedRequest&) const = default;
};

struct ForwardedResponse {
    Bytes frame;                         // in the same form
    Offset metadata_offset = no_offset;  // up to which the asker's shards use the metadata log before it is answered

    bool operator==(const ForwardedResponse&) const = default;
};

}  // namespace milena::peer
