#include "sim/cluster/node_replication.h"

#include <algorithm>
#include <utility>

#include "sim/cluster/sim_node.h"

namespace milena::sim::cluster {
namespace {

// Small, so that windows fill and frames are many.
constexpr size_t frame_bytes_max = 8 * 1024;
constexpr uint64_t window_bytes = 32 * 1024;
constexpr Duration backoff_min = std::chrono::milliseconds(20);
constexpr Duration backoff_max = std::chrono::seconds(1);

replica::FindReplica find_in(replica::PartitionTable& table) {
    return [&table](const replica::PartitionKey& key) { return table.use(key); };
}

const replica::PartitionKey& key_of(const replica::FollowStart& start) { return start.key; }
const replica::PartitionKey& key_of(const replica::FollowedFrame& followed) { return followed.frame.key; }

}  // namespace

// --- feeds -----------------------------------------------------------------------------------------------------------

Feed::Feed(const ReplicationParts& parts, const Hello& hello, std::shared_ptr<Stream> stream)
    : parts_(parts),
      stream_(std::move(stream)),
      follower_({hello.node, hello.broker_epoch}, find_in(*parts.tables[hello.leader_shard]), parts.machine.clock(),
                replica::FollowerStreamLimits{.partition_bytes_max = frame_bytes_max / 2}, [this] { pump_soon(); }) {}

Feed::~Feed() { stream_->close(Stream::leader); }

void Feed::start() {
    const std::weak_ptr<Feed> weak = weak_from_this();
    stream_->listen(Stream::leader, {.received =
                                         [weak](Frame frame) {
                                             const auto self = weak.lock();
                                             if (self == nullptr) return;
                                             self->follower_.receive(std::get<replica::FollowerFrame>(frame));
                                             self->pump();
                                         },
                                     .writable =
                                         [weak] {
                                             if (const auto self = weak.lock()) self->pump();
                                         },
                                     .ended =
                                         [weak] {
                                             if (const auto self = weak.lock()) self->has_ended_ = true;
                                         }});
    pump();
}

void Feed::pump() {
    while (!has_ended_ && stream_->is_writable(Stream::leader)) {
        std::optional<replica::LeaderFrame> frame = follower_.next_frame(frame_bytes_max);
        if (!frame) return;
        stream_->write(Stream::leader, std::move(*frame));
    }
}

void Feed::pump_soon() {
    if (std::exchange(is_pump_posted_, true)) return;
    parts_.machine.post([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->is_pump_posted_ = false;
        self->pump();
    });
}

// --- links -----------------------------------------------------------------------------------------------------------

Link::Link(const ReplicationParts& parts, NodeId leader, Hello hello)
    : parts_(parts),
      leader_id_(leader),
      hello_(hello),
      leader_(*this, parts.machine.clock(), replica::LeaderStreamLimits{.window_bytes = window_bytes},
              [this] { pump_soon(); }),
      home_(parts.machine) {}

Link::~Link() { disconnect(); }

void Link::disconnect() {
    if (stream_) std::exchange(stream_, nullptr)->close(Stream::follower);
}

void Link::connect() {
    if (stream_ != nullptr) return;
    const std::weak_ptr<Link> weak = weak_from_this();
    stream_ = parts_.network.open_stream(parts_.machine, leader_id_, hello_);
    stream_->listen(Stream::follower, {.received =
                                           [weak](Frame frame) {
                                               const auto self = weak.lock();
                                               if (self) self->received(std::get<replica::LeaderFrame>(frame));
                                           },
                                       .writable =
                                           [weak] {
                                               if (const auto self = weak.lock()) self->opened();
                                           },
                                       .ended =
                                           [weak] {
                                               if (const auto self = weak.lock()) self->ended();
                                           }});
}

void Link::opened() {
    if (!std::exchange(is_open_, true)) leader_.opened();
    pump();
}

void Link::received(replica::LeaderFrame frame) {
    backoff_ = {};
    leader_.receive(std::move(frame));
    pump();
}

void Link::ended() {
    parts_.watcher.coverage().mark("stream broken");
    stream_.reset();
    if (std::exchange(is_open_, false)) leader_.closed();
    parts_.machine.after(backoff_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->connect();
    });
    backoff_ = std::clamp(backoff_ * 2, backoff_min, backoff_max);
    arm();
}

void Link::follow(std::span<const replica::LeaderStream::Wanted> wanted) {
    leader_.follow(wanted);
    pump_soon();
}

void Link::use_broker_epoch(int64_t broker_epoch) {
    if (std::exchange(hello_.broker_epoch, broker_epoch) == broker_epoch || stream_ == nullptr) return;
    disconnect();
    if (std::exchange(is_open_, false)) leader_.closed();
    connect();
}

void Link::pump() {
    while (stream_ != nullptr && is_open_ && stream_->is_writable(Stream::follower)) {
        std::optional<replica::FollowerFrame> frame = leader_.next_frame();
        if (!frame) break;
        stream_->write(Stream::follower, std::move(*frame));
    }
    arm();
}

void Link::pump_soon() {
    if (std::exchange(is_pump_posted_, true)) return;
    parts_.machine.post([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->is_pump_posted_ = false;
        self->pump();
    });
}

void Link::arm() {
    const uint64_t armed = ++timer_;
    const std::optional<Instant> due = leader_.next_due();
    if (!due) return;
    const Duration delay = std::max(*due - parts_.machine.clock().now(), Duration{}) + std::chrono::microseconds(1);
    parts_.machine.after(delay, [weak = weak_from_this(), armed] {
        const auto self = weak.lock();
        if (self == nullptr || self->timer_ != armed) return;
        self->leader_.tick();
        self->pump();
    });
}

template <class Part>
std::map<uint32_t, std::vector<Part>> Link::by_owner(std::vector<Part> parts) {
    std::map<uint32_t, std::vector<Part>> result;
    for (Part& part : parts) {
        const uint32_t owner = replica::shard_of(key_of(part), shard_count);
        result[owner].push_back(std::move(part));
    }
    return result;
}

// Each comes back through the mailbox of this link.
replica::SendReports Link::reports() {
    return [weak = weak_from_this()](std::vector<replica::FollowReport> reports) {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->home_.post([weak, reports = std::move(reports)] {
            const auto link = weak.lock();
            if (link == nullptr) return;
            link->leader_.report(reports);
            link->pump();
        });
    };
}

void Link::begin(std::vector<replica::FollowStart> starts) {
    for (auto& [owner, parts] : by_owner(std::move(starts)))
        parts_.mailboxes[owner]->post([&table = *parts_.tables[owner], part = std::move(parts), send = reports()] {
            replica::begin_following(find_in(table), part, send);
        });
}

void Link::receive(std::vector<replica::FollowedFrame> frames) {
    for (auto& [owner, parts] : by_owner(std::move(frames)))
        parts_.mailboxes[owner]->post([&table = *parts_.tables[owner], part = std::move(parts), send = reports()] {
            replica::follow(find_in(table), part, send);
        });
}

// --- all of them -----------------------------------------------------------------------------------------------------

NodeReplication::NodeReplication(ReplicationParts parts, ControllerWay& way, replica::SaveOffsets save_offsets)
    : parts_(parts), way_(way), home_(parts.machine) {
    for (uint32_t shard = 0; shard < shard_count; ++shard) watch(shard, save_offsets);
}

NodeReplication::~NodeReplication() { close(); }

void NodeReplication::watch(uint32_t shard, const replica::SaveOffsets& save_offsets) {
    replica::PartitionTable& table = *parts_.tables[shard];
    table.when_isr_changes([this, shard](const replica::IsrChange& change, std::function<void(ErrorCode)> done) {
        parts_.watcher.asked(change);
        home_.post([this, shard, change, done = std::move(done)] {
            changes_.push_back({change, shard, done});
            send_changes();
        });
    });
    table.when_truncated(save_offsets);
    table.when_following([this](std::vector<replica::FollowChange> changes) {
        home_.post([this, changes = std::move(changes)] { following(changes); });
    });
}

void NodeReplication::accept(const Hello& hello, std::shared_ptr<Stream> stream) {
    if (is_closed_ || hello.leader_shard >= shard_count) return stream->close(Stream::leader);
    auto feed = std::make_shared<Feed>(parts_, hello, std::move(stream));
    feeds_[{hello.node, hello.leader_shard}] = feed;
    feed->start();
}

void NodeReplication::following(const std::vector<replica::FollowChange>& changes) {
    for (const replica::FollowChange& change : changes) {
        if (change.leader_before != no_node && change.leader_before != change.leader) {
            leaders_[change.leader_before].wanted.erase(change.key);
            tell(change.leader_before, {change.key, no_leader_epoch});
        }
        if (change.leader == no_node) continue;
        leaders_[change.leader].wanted[change.key] = change.leader_epoch;
        tell(change.leader, {change.key, change.leader_epoch});
    }
}

void NodeReplication::tell(NodeId id, const replica::LeaderStream::Wanted& wanted) {
    if (broker_epoch_ < 0 || is_closed_) return;
    Leader& leader = leaders_[id];
    if (leader.links.empty()) return add_links(id, leader);
    leader.links[replica::shard_of(wanted.key, shard_count)]->follow(std::span(&wanted, 1));
}

void NodeReplication::add_links(NodeId id, Leader& leader) {
    for (uint32_t shard = 0; shard < shard_count; ++shard) {
        leader.links.push_back(std::make_shared<Link>(parts_, id, Hello{parts_.machine.id(), broker_epoch_, shard}));
        std::vector<replica::LeaderStream::Wanted> wanted;
        for (const auto& [key, epoch] : leader.wanted)
            if (replica::shard_of(key, shard_count) == shard) wanted.push_back({key, epoch});
        leader.links.back()->follow(wanted);
        leader.links.back()->connect();
    }
}

void NodeReplication::registered(int64_t broker_epoch) {
    const bool is_first = std::exchange(broker_epoch_, broker_epoch) < 0;
    for (auto& [id, leader] : leaders_) {
        if (is_first && !leader.wanted.empty() && leader.links.empty()) add_links(id, leader);
        for (const auto& link : leader.links) link->use_broker_epoch(broker_epoch);
    }
}

void NodeReplication::tick() {
    std::erase_if(feeds_, [](const auto& entry) { return entry.second->has_ended(); });
    for (const auto& [key, feed] : feeds_) feed->tick();
}

void NodeReplication::close() {
    is_closed_ = true;
    leaders_.clear();
    feeds_.clear();
}

void NodeReplication::send_changes() {
    if (is_sending_ || changes_.empty()) return;
    is_sending_ = true;
    const auto sent = std::make_shared<std::vector<PendingChange>>();
    controller::AlterPartition request;
    request.broker = parts_.machine.id();
    request.broker_epoch = broker_epoch_;
    for (; !changes_.empty(); changes_.pop_front()) {
        request.changes.push_back(changes_.front().change);
        sent->push_back(std::move(changes_.front()));
    }
    way_.ask<controller::AlterPartition, controller::AlterPartitionAnswer>(
        request, [this, request, sent](const Result<controller::AlterPartitionAnswer>& answer) {
            is_sending_ = false;
            if (answer.has_value()) parts_.watcher.altered(request, *answer);
            for (size_t i = 0; i < sent->size(); ++i) {
                const ErrorCode outcome = !answer.has_value()           ? answer.error()
                                          : i < answer->outcomes.size() ? answer->outcomes[i]
                                                                        : ErrorCode::unknown_server_error;
                parts_.mailboxes[(*sent)[i].shard]->post([done = (*sent)[i].done, outcome] { done(outcome); });
            }
            send_changes();
        });
}

}  // namespace milena::sim::cluster
