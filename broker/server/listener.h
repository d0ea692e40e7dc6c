// Listening sockets: bound once for all shards (SO_REUSEPORT: the kernel spreads the clients), accepted from by each
// shard in its own loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/stream.h"
#include "shard/loop.h"

namespace milena::server {

struct ListenAddress {
    std::string host;   // empty: every interface
    uint16_t port = 0;  // 0: one that the system chooses
    int backlog = 128;
    int send_buffer_bytes = -1;     // -1: the system's
    int receive_buffer_bytes = -1;  // -1: the system's
};

// File descriptors of sockets bound to the same address; nobody can connect before accept_on().
struct BoundSockets {
    std::vector<int> descriptors;
    uint16_t port = 0;
};

// The error is a sentence for the user.
Result<BoundSockets, std::string> bind_sockets(const ListenAddress& address, size_t count);

class Listener {
  public:
    using Accepted = std::function<void(std::unique_ptr<Stream>, const std::string& ip, uint16_t port)>;

    // Begins to accept; takes the descriptor over. The loop's thread, like everything but bind_sockets.
    Listener(shard::Loop& loop, int descriptor, int backlog, Accepted accepted);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

  private:
    struct State;  // hides Asio; outlives the listener until the last pending accept has ended
    std::shared_ptr<State> state_;
};

}  // namespace milena::server
