// How what arrives on one of gRPC's threads reaches the thread that owns it: usually Loop::post of one shard.
#pragma once

#include <functional>

#include "shard/loop.h"

namespace milena::peer {

using Post = std::function<void(shard::Task)>;

}  // namespace milena::peer
