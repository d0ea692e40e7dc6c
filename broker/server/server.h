// Server: one shard's side of the Kafka listeners. Keeps its connections, closes those that are silent for too long,
// and under memory pressure those that hold memory without making progress. Its shard's thread only.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/connection.h"
#include "server/connection_limiter.h"
#include "server/context.h"
#include "server/listener.h"
#include "server/relayed_stream.h"

namespace milena::group {
class CoordinatorHost;
}

namespace milena::server {

class Server {
  public:
    struct Options {
        size_t memory_bytes_max = 0;
        ConnectionLimits limits;
        Milliseconds idle_max{};
    };

    Server(const Context& context, ConnectionLimiter& limiter, const Options& options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // A request that came to another broker: it is dispatched, charged and answered like one of a connection here,
    // which it has for itself. `client` is whom it came from.
    void relay(const Bytes& frame, const ClientInfo& client, Relayed done);

    // Accepts on the descriptor, whose listener is called `name`.
    void listen(int descriptor, int backlog, const std::string& name);
    void stop_listening();
    // Lets every connection send the answers that are under way, for a short while; then calls `done`.
    void drain(std::function<void()> done);
    void close_connections();

    const RequestMetrics& metrics() const { return metrics_; }
    size_t connection_count() const { return connections_.size(); }
    const ClientQuotas& quotas() const { return context_.quotas; }
    // Null before the shard serves.
    const group::CoordinatorHost* coordinators() const;
    const Budget& budget() const { return budget_; }

  private:
    void accepted(std::unique_ptr<Stream> stream, const std::string& ip, uint16_t port, const std::string& listener);
    void close_later(std::unique_ptr<Stream> stream, Duration delay);
    void closed(const Connection& connection);
    void drain_over();
    void tick();
    void close_silent(Instant now);
    void relieve_pressure(Instant now);

    Context context_;
    ConnectionLimiter& limiter_;
    const Options options_;
    Budget budget_;
    RequestMetrics metrics_;
    std::vector<std::byte> scratch_;
    ConnectionHost host_;
    struct Kept {
        std::shared_ptr<Connection> connection;
        std::string ip;  // empty: of a relayed request, which is not a connection to be limited
    };
    std::unordered_map<const Connection*, Kept> connections_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::shared_ptr<size_t> held_back_ = std::make_shared<size_t>(0);
    shard::TimerId ticking_;
    shard::TimerId draining_;
    std::function<void()> drained_;  // set while it drains
    Instant silence_checked_;
};

}  // namespace milena::server
