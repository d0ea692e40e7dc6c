// From a frame to the handler of its API. What is advertised by ApiVersions is exactly what has a handler here: adding
// one is
//
//   1. a function in handlers/, declared in handlers/handlers.h, of one of two shapes:
//          Response name(const Request&, const Caller&)                           answers at once, from the image
//          void name(std::shared_ptr<Call<Request, Response>>)                    answers by call->respond(), now or
//          later
//   2. one line in the table of dispatch.cc: serves<handlers::name>()
//
// A request that isn't in the table closes the connection, as in Kafka; only ApiVersions of an unknown version is
// answered. Any shard's thread.
#pragma once

#include <span>

#include "server/call.h"
#include "server/connection.h"
#include "server/context.h"
#include "wire/api_info.h"

namespace milena::server {

struct ServedApi {
    const wire::ApiInfo* info = nullptr;
    wire::Version min = 0;
    wire::Version max = 0;
};

// Ascending by key.
std::span<const ServedApi> served_apis();

// False: the connection must be closed; why has been logged.
bool dispatch(Context& context, Connection& connection, SlotId slot, const Bytes& frame);

}  // namespace milena::server
