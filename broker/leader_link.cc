#include "leader_link.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace milena {
namespace {

// A leader says something at least every second (feeds.cc). A connection may also be dead without either end being
// told: when a host has vanished, or this process has stood still while the other end gave up.
constexpr Duration link_silence_max = std::chrono::seconds(5);
constexpr Duration watch_interval = std::chrono::seconds(1);

replica::FindReplica find_in(shard::Shard& owner) {
    return [&owner](const replica::PartitionKey& key) { return owner.partitions().use(key); };
}

}  // namespace

LeaderLink::LeaderLink(Environment environment, peer::Hello hello, const replica::LeaderStreamLimits& limits)
    : environment_(std::move(environment)),
      hello_(std::move(hello)),
      limits_(limits),
      leader_(*this, environment_.home.clock(), limits_, [this] { pump_soon(); }) {}

LeaderLink::~LeaderLink() {
    environment_.home.loop().cancel(reconnecting_);
    environment_.home.loop().cancel(ticking_);
    environment_.home.loop().cancel(watching_);
}

void LeaderLink::watch() {
    environment_.home.loop().cancel(watching_);
    watching_ = environment_.home.loop().after(watch_interval, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        const bool is_silent = self->environment_.home.clock().now() - self->heard_at_ > link_silence_max;
        if (self->stream_ != nullptr && is_silent) self->ended(peer::StreamEnd::timed_out);
        self->watch();
    });
}

void LeaderLink::connect() {
    if (stream_ != nullptr) return;
    const Address address = environment_.address();
    if (address.port == 0) return reconnect_after(limits_.backoff_max);
    const std::weak_ptr<LeaderLink> weak = weak_from_this();
    heard_at_ = environment_.home.clock().now();
    watch();
    stream_ = environment_.client.open(address.host, address.port, hello_);
    stream_->start({.received =
                        [weak](replica::LeaderFrame frame) {
                            if (const auto self = weak.lock()) self->received(std::move(frame));
                        },
                    .writable =
                        [weak] {
                            const auto self = weak.lock();
                            if (self == nullptr) return;
                            if (!std::exchange(self->is_open_, true)) self->leader_.opened();
                            self->pump();
                        },
                    .ended =
                        [weak](peer::StreamEnd why) {
                            if (const auto self = weak.lock()) self->ended(why);
                        }});
    stream_->read_next();
}

void LeaderLink::received(replica::LeaderFrame frame) {
    backoff_ = {};
    heard_at_ = environment_.home.clock().now();
    if (frame.leader_shards > 0) environment_.greeted(frame.leader_shards);
    if (!frame.partitions.empty()) leader_.receive(std::move(frame));
    if (stream_ == nullptr) return;
    stream_->read_next();
    pump();
}

void LeaderLink::ended(peer::StreamEnd why) {
    // Later: this is called from within the stream.
    environment_.home.post([ended = std::shared_ptr<peer::FollowerEnd>(std::move(stream_))] {});
    if (std::exchange(is_open_, false)) {
        log_info("leader lost", {{"shard", hello_.leader_shard}, {"reason", static_cast<int>(why)}});
        leader_.closed();
    } else if (why == peer::StreamEnd::unreachable) {
        environment_.refused();
    }
    reconnect_after(backoff_);
    backoff_ = std::clamp(backoff_ * 2, limits_.backoff_min, limits_.backoff_max);
    arm();
}

void LeaderLink::reconnect_after(Duration delay) {
    environment_.home.loop().cancel(reconnecting_);
    reconnecting_ = environment_.home.loop().after(delay, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->connect();
    });
}

void LeaderLink::follow(std::span<const replica::LeaderStream::Wanted> wanted) {
    leader_.follow(wanted);
    pump_soon();
}

void LeaderLink::use_broker_epoch(int64_t broker_epoch) {
    if (std::exchange(hello_.broker_epoch, broker_epoch) == broker_epoch || stream_ == nullptr) return;
    environment_.home.post([ended = std::shared_ptr<peer::FollowerEnd>(std::move(stream_))] {});
    if (std::exchange(is_open_, false)) leader_.closed();
    connect();
}

// --- frames ----------------------------------------------------------------------------------------------------------

void LeaderLink::pump() {
    while (stream_ != nullptr && is_open_ && stream_->is_writable()) {
        const std::optional<replica::FollowerFrame> frame = leader_.next_frame();
        if (!frame) break;
        stream_->write(*frame);
    }
    arm();
}

void LeaderLink::pump_soon() {
    if (std::exchange(is_pump_posted_, true)) return;
    environment_.home.post([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->is_pump_posted_ = false;
        self->pump();
    });
}

void LeaderLink::arm() {
    environment_.home.loop().cancel(ticking_);
    ticking_ = {};
    const std::optional<Instant> due = leader_.next_due();
    if (!due) return;
    ticking_ = environment_.home.loop().at(*due, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->leader_.tick();
        self->pump();
    });
}

// --- the owners ------------------------------------------------------------------------------------------------------

template <class Part>
std::vector<std::vector<Part>> LeaderLink::by_owner(std::vector<Part> parts,
                                                    const replica::PartitionKey& (*key)(const Part&)) {
    std::vector<std::vector<Part>> result(environment_.shards.size());
    for (Part& part : parts) {
        const auto owner = replica::shard_of(key(part), static_cast<uint32_t>(environment_.shards.size()));
        result[owner].push_back(std::move(part));
    }
    return result;
}

replica::SendReports LeaderLink::reports() {
    return [weak = weak_from_this(), &home = environment_.home](std::vector<replica::FollowReport> reports) {
        auto shared = std::make_shared<std::vector<replica::FollowReport>>(std::move(reports));
        home.post([weak, shared] {
            const auto self = weak.lock();
            if (self == nullptr) return;
            self->leader_.report(*shared);
            self->pump();
        });
    };
}

void LeaderLink::begin(std::vector<replica::FollowStart> starts) {
    auto parts =
        by_owner<replica::FollowStart>(std::move(starts), [](const auto& start) -> const auto& { return start.key; });
    for (size_t i = 0; i < parts.size(); ++i) {
        if (parts[i].empty()) continue;
        shard::Shard& owner = environment_.shards[i];
        auto shared = std::make_shared<std::vector<replica::FollowStart>>(std::move(parts[i]));
        owner.post([&owner, shared, send = reports()] { replica::begin_following(find_in(owner), *shared, send); });
    }
}

void LeaderLink::receive(std::vector<replica::FollowedFrame> frames) {
    auto parts = by_owner<replica::FollowedFrame>(
        std::move(frames), [](const auto& followed) -> const auto& { return followed.frame.key; });
    for (size_t i = 0; i < parts.size(); ++i) {
        if (parts[i].empty()) continue;
        shard::Shard& owner = environment_.shards[i];
        auto shared = std::make_shared<std::vector<replica::FollowedFrame>>(std::move(parts[i]));
        owner.post([&owner, shared, send = reports()] { replica::follow(find_in(owner), *shared, send); });
    }
}

}  // namespace milena
