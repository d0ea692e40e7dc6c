#include "server/server.h"

#include <algorithm>

#include "base/log.h"
#include "server/dispatch.h"
#include "server/group_gate.h"

namespace milena::server {
namespace {

constexpr size_t scratch_bytes = 64U << 10;
constexpr Duration tick_interval = std::chrono::seconds(1);

// Connections that came too fast, until they are closed.
constexpr size_t held_back_max = 1'000;

constexpr Duration drain_max = std::chrono::milliseconds(250);

// While memory is short, whoever holds some may be silent only so long.
constexpr Duration silence_under_pressure = std::chrono::seconds(5);

}  // namespace

Server::Server(const Context& context, ConnectionLimiter& limiter, const Options& options)
    : context_(context),
      limiter_(limiter),
      options_(options),
      budget_(options.memory_bytes_max),
      scratch_(scratch_bytes),
      host_{.loop = context.shard.loop(),
            .budget = budget_,
            .metrics = metrics_,
            .scratch = scratch_,
            .limits = options.limits,
            .dispatch = [this](Connection& connection, SlotId slot,
                               const Bytes& frame) { return dispatch(context_, connection, slot, frame); },
            .closed = [this](const Connection& connection) { closed(connection); }} {}

Server::~Server() {
    drained_ = nullptr;
    stop_listening();
    close_connections();
    context_.shard.loop().cancel(ticking_);
    context_.shard.loop().cancel(draining_);
}

void Server::listen(int descriptor, int backlog, const std::string& name) {
    listeners_.push_back(
        std::make_unique<Listener>(context_.shard.loop(), descriptor, backlog,
                                   [this, name](std::unique_ptr<Stream> stream, const std::string& ip, uint16_t port) {
                                       accepted(std::move(stream), ip, port, name);
                                   }));
}

const group::CoordinatorHost* Server::coordinators() const { return context_.groups.host(context_.shard); }

void Server::stop_listening() { listeners_.clear(); }

void Server::drain(std::function<void()> done) {
    stop_listening();
    drained_ = std::move(done);
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [key, kept] : connections_) all.push_back(kept.connection);
    for (const auto& connection : all) connection->finish();
    draining_ = context_.shard.loop().after(connections_.empty() ? Duration{} : drain_max, [this] { drain_over(); });
}

void Server::drain_over() {
    context_.shard.loop().cancel(draining_);
    close_connections();
    if (const auto done = std::exchange(drained_, nullptr)) done();
}

void Server::close_connections() {
    while (!connections_.empty()) connections_.begin()->second.connection->close("");
}

void Server::accepted(std::unique_ptr<Stream> stream, const std::string& ip, uint16_t port,
                      const std::string& listener) {
    const auto [is_admitted, close_after] = limiter_.admit(ip, context_.shard.loop().clock().now());
    if (!is_admitted) {
        ++metrics_.connections_refused;
        if (close_after > Duration{}) close_later(std::move(stream), close_after);
        return;
    }
    ++metrics_.connections_accepted;
    ClientInfo client{.address = ip + ":" + std::to_string(port), .listener = listener};
    auto connection = std::make_shared<Connection>(host_, std::move(stream), std::move(client));
    connections_.emplace(connection.get(), Kept{connection, ip});
    connection->start();
    if (ticking_ == shard::TimerId{}) tick();
}

void Server::relay(const Bytes& frame, const ClientInfo& client, Relayed done) {
    auto self = std::make_shared<std::weak_ptr<Connection>>();
    auto stream = relayed_stream(context_.shard.loop(), frame, [self, done = std::move(done)](Result<Bytes> answer) {
        if (const auto connection = self->lock()) connection->close("");
        done(std::move(answer));
    });
    auto connection = std::make_shared<Connection>(host_, std::move(stream), client);
    *self = connection;
    connections_.emplace(connection.get(), Kept{connection, {}});
    connection->start();
    if (ticking_ == shard::TimerId{}) tick();
}

// Whoever was told at once would come back at once.
void Server::close_later(std::unique_ptr<Stream> stream, Duration delay) {
    ++metrics_.connections_throttled;
    if (*held_back_ >= held_back_max) return;
    ++*held_back_;
    context_.shard.loop().after(delay, [held_back = held_back_, held = std::shared_ptr<Stream>(std::move(stream))] {
        held->close();
        --*held_back;
    });
}

void Server::closed(const Connection& connection) {
    const auto at = connections_.find(&connection);
    if (!at->second.ip.empty()) limiter_.leave(at->second.ip);
    connections_.erase(at);
    if (connections_.empty() && drained_) drain_over();
}

// Only while there are connections: an idle broker sleeps.
void Server::tick() {
    const Instant now = context_.shard.loop().clock().now();
    if (budget_.is_short()) relieve_pressure(now);
    if (now - silence_checked_ >= std::min<Duration>(options_.idle_max / 8, std::chrono::seconds(10))) {
        silence_checked_ = now;
        close_silent(now);
    }
    ticking_ = {};
    if (!connections_.empty()) ticking_ = context_.shard.loop().after(tick_interval, [this] { tick(); });
}

void Server::close_silent(Instant now) {
    std::vector<std::shared_ptr<Connection>> silent;
    for (const auto& [key, kept] : connections_) {
        const auto since = kept.connection->silent_since();
        if (since && now - *since > options_.idle_max) silent.push_back(kept.connection);
    }
    for (const auto& connection : silent) connection->close("");
}

// Those that hold most first, until there is room again.
void Server::relieve_pressure(Instant now) {
    std::vector<std::pair<size_t, std::shared_ptr<Connection>>> holders;
    for (const auto& [key, kept] : connections_) {
        const auto since = kept.connection->silent_since();
        const size_t bytes = kept.connection->bytes_held_by_client();
        if (since && now - *since >= silence_under_pressure && bytes > 0) holders.emplace_back(bytes, kept.connection);
    }
    std::ranges::sort(holders, std::ranges::greater(), [](const auto& holder) { return holder.first; });
    for (const auto& [bytes, connection] : holders) {
        if (!budget_.is_short()) return;
        connection->close("memory is short and the client makes no progress");
    }
}

}  // namespace milena::server
