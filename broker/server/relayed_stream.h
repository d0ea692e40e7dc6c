// One request that another broker has taken for us, as if its client had connected here: a Stream whose only input is
// that request and whose output is kept until it is a whole answer. Owned by one Connection, its shard's thread only.
#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "server/stream.h"
#include "shard/loop.h"

namespace milena::server {

// `frame` is the request with its header, without length. `done` gets the answer in the same form, or
// NETWORK_EXCEPTION if the connection was closed instead; exactly once, from the loop.
using Relayed = std::function<void(Result<Bytes>)>;
std::unique_ptr<Stream> relayed_stream(shard::Loop& loop, const Bytes& frame, Relayed done);

}  // namespace milena::server
