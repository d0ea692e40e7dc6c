#include "feeds.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace milena {
namespace {

constexpr size_t frame_bytes_usual = 1U << 20;
constexpr Duration tick_interval = std::chrono::milliseconds(10);

// A follower that hears nothing for longer takes the connection for broken (leader_link.cc).
constexpr Duration feed_silence_max = std::chrono::seconds(1);

}  // namespace

Feeds::Feeds(shard::Shard& shard, std::string cluster_id, uint32_t shard_count)
    : shard_(shard), cluster_id_(std::move(cluster_id)), shard_count_(shard_count) {}

Feeds::~Feeds() { close(); }

void Feeds::close() {
    shard_.loop().cancel(ticking_);
    feeds_.clear();
}

std::map<NodeId, replica::FollowerStreamMetrics> Feeds::metrics() const {
    std::map<NodeId, replica::FollowerStreamMetrics> metrics;
    for (const auto& [node, feed] : feeds_) metrics[node] = feed->follower->metrics();
    return metrics;
}

void Feeds::accept(const peer::Hello& hello, std::unique_ptr<peer::LeaderEnd> stream) {
    if (hello.cluster_id != cluster_id_ || hello.node.value < 0)
        return log_warn("follower refused", {{"node", hello.node}, {"cluster_id", hello.cluster_id}});
    auto feed = std::make_shared<Feed>();
    const std::weak_ptr<Feed> weak = feed;
    feed->frame_bytes_max = std::clamp<size_t>(hello.frame_bytes_max, 1, frame_bytes_usual);
    replica::FollowerStreamLimits limits;
    limits.partition_bytes_max = std::clamp<size_t>(hello.partition_bytes_max, 1, frame_bytes_usual);
    feed->stream = std::move(stream);
    feed->follower = std::make_unique<replica::FollowerStream>(
        replica::FollowerStream::Peer{hello.node, hello.broker_epoch},
        [this](const replica::PartitionKey& key) { return shard_.partitions().use(key); }, shard_.clock(), limits,
        [this, weak] { pump_soon(weak); });
    feeds_[hello.node] = feed;
    feed->stream->start({.received =
                             [this, weak](replica::FollowerFrame frame) {
                                 const auto self = weak.lock();
                                 if (self == nullptr) return;
                                 self->follower->receive(frame);
                                 self->stream->read_next();
                                 pump(self);
                             },
                         .writable =
                             [this, weak] {
                                 if (const auto self = weak.lock()) pump(self);
                             },
                         .ended =
                             [this, weak, node = hello.node](peer::StreamEnd why) {
                                 if (const auto self = weak.lock()) end(node, self, why);
                             }});
    feed->stream->read_next();
    pump(feed);
    log_info("follower came", {{"node", hello.node}, {"broker_epoch", hello.broker_epoch}, {"shard", shard_.id()}});
    if (ticking_ == shard::TimerId{}) tick();
}

// The first frame says how many shards there are to be followed.
void Feeds::pump(const std::shared_ptr<Feed>& feed) {
    while (feed->stream->is_writable()) {
        std::optional<replica::LeaderFrame> frame;
        if (feed->was_greeted)
            frame = feed->follower->next_frame(feed->frame_bytes_max);
        else
            frame.emplace().leader_shards = shard_count_;
        if (!frame) return;
        feed->was_greeted = true;
        write(*feed, *frame);
    }
}

void Feeds::write(Feed& feed, const replica::LeaderFrame& frame) {
    feed.written_at = shard_.clock().now();
    feed.stream->write(frame);
}

// What is appended within one turn of the loop leaves together.
void Feeds::pump_soon(const std::weak_ptr<Feed>& weak) {
    const auto feed = weak.lock();
    if (feed == nullptr || std::exchange(feed->is_pump_posted, true)) return;
    shard_.post([this, weak] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->is_pump_posted = false;
        pump(self);
    });
}

void Feeds::end(NodeId node, const std::shared_ptr<Feed>& feed, peer::StreamEnd why) {
    const auto at = feeds_.find(node);
    if (at == feeds_.end() || at->second != feed) return;
    log_info("follower left", {{"node", node}, {"reason", static_cast<int>(why)}, {"shard", shard_.id()}});
    // Later: this is called from within the stream.
    shard_.post([kept = at->second] {});
    feeds_.erase(at);
}

void Feeds::tick() {
    ticking_ = {};
    const Instant now = shard_.clock().now();
    for (const auto& [node, feed] : feeds_) {
        feed->follower->tick();
        if (now - feed->written_at >= feed_silence_max && feed->stream->is_writable()) write(*feed, {});
    }
    if (!feeds_.empty()) ticking_ = shard_.loop().after(tick_interval, [this] { tick(); });
}

}  // namespace milena
