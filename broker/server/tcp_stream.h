// A Stream over a TCP socket of a shard's loop.
#pragma once

#include <memory>

#include <asio/ip/tcp.hpp>

#include "server/stream.h"

namespace milena::server {

std::unique_ptr<Stream> tcp_stream(asio::ip::tcp::socket socket);

}  // namespace milena::server
