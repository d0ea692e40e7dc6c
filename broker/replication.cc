#include "replication.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace milena {
namespace {

constexpr size_t changes_per_request = 1'000;
constexpr uint64_t frame_bytes_max = 1U << 20;
constexpr uint32_t leader_shards_max = 1'024;

}  // namespace

Replication::Replication(shard::Shards& shards, Options options) : shards_(shards), options_(std::move(options)) {
    std::vector<peer::Post> posts;
    links_at_home_.resize(shards.size());
    for (size_t i = 0; i < shards.size(); ++i) {
        shard::Shard& shard = shards[i];
        const peer::Post post = [&shard](shard::Task task) { shard.post(std::move(task)); };
        posts.push_back(post);
        clients_.push_back(std::make_unique<peer::ReplicationClient>(post));
        feeds_.push_back(std::make_unique<Feeds>(shard, options_.cluster_id, static_cast<uint32_t>(shards.size())));
    }
    service_ = std::make_unique<peer::ReplicationService>(
        std::move(posts), [this](const peer::Hello& hello, std::unique_ptr<peer::LeaderEnd> stream) {
            feeds_[hello.leader_shard.value]->accept(hello, std::move(stream));
        });
}

Replication::~Replication() {
    leaders_.clear();
    for (auto& feeds : feeds_) feeds->close();
}

void Replication::watch(server::ControllerGate& gate) {
    gate_ = &gate;
    for (size_t i = 0; i < shards_.size(); ++i) {
        shard::Shard& shard = shards_[i];
        run_on(shard, [this, &shard] {
            replica::PartitionTable& table = shard.partitions();
            table.when_isr_changes(
                [this, &shard](const replica::IsrChange& change, std::function<void(ErrorCode)> done) {
                    shards_.first().post(
                        [this, &shard, change, done = std::move(done)] { propose({change, &shard, done}); });
                });
            table.when_truncated(options_.save_offsets);
            table.when_following([this](std::vector<replica::FollowChange> changes) {
                auto shared = std::make_shared<std::vector<replica::FollowChange>>(std::move(changes));
                shards_.first().post([this, shared] { following(*shared); });
            });
        });
    }
}

// --- following -------------------------------------------------------------------------------------------------------

void Replication::following(const std::vector<replica::FollowChange>& changes) {
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

// The first link asks how many there have to be.
void Replication::tell(NodeId id, const replica::LeaderStream::Wanted& wanted) {
    if (broker_epoch_ < 0 || is_closed_) return;
    Leader& leader = leaders_[id];
    if (leader.links.empty()) add_link(id, leader, 0);
    if (leader.shards == 0) return;
    const uint32_t at = replica::shard_of(wanted.key, leader.shards);
    home_of(at).post([link = leader.links[at], wanted] { link->follow(std::span(&wanted, 1)); });
}

void Replication::tell_all(const Leader& leader, uint32_t leader_shard) {
    std::vector<replica::LeaderStream::Wanted> wanted;
    for (const auto& [key, epoch] : leader.wanted)
        if (replica::shard_of(key, leader.shards) == leader_shard) wanted.push_back({key, epoch});
    home_of(leader_shard).post([link = leader.links[leader_shard], wanted] { link->follow(wanted); });
}

void Replication::add_link(NodeId id, Leader& leader, uint32_t leader_shard) {
    shard::Shard& home = home_of(leader_shard);
    LeaderLink::Environment environment{
        .shards = shards_,
        .home = home,
        .client = *clients_[home.id().value],
        .address =
            [this, &home, id] {
                const auto& image = home.image();
                const metadata::BrokerImage* broker = image == nullptr ? nullptr : image->broker(id);
                const metadata::Endpoint* at = broker == nullptr ? nullptr : broker->endpoint(options_.listener);
                return at == nullptr ? LeaderLink::Address{} : LeaderLink::Address{at->host, at->port};
            },
        .greeted = [this, id](uint32_t shards) { shards_.first().post([this, id, shards] { greeted(id, shards); }); },
        .refused = [this, id] { shards_.first().post([this, id] { options_.lost(id); }); }};
    peer::Hello hello{.cluster_id = options_.cluster_id,
                      .node = options_.node,
                      .broker_epoch = broker_epoch_,
                      .leader_shard = ShardId(leader_shard),
                      .frame_bytes_max = std::min(frame_bytes_max, options_.limits.window_bytes),
                      .partition_bytes_max = options_.partition_bytes_max};
    auto link = std::make_shared<LeaderLink>(std::move(environment), std::move(hello), options_.limits);
    leader.links.push_back(link);
    home.post([this, id, link, at = home.id().value] {
        links_at_home_[at].push_back({id, link});
        link->connect();
    });
}

// A leader that has started again may have another number of shards: then its partitions are divided anew.
void Replication::greeted(NodeId id, uint32_t shards) {
    const auto at = leaders_.find(id);
    if (at == leaders_.end() || shards > leader_shards_max || at->second.shards == shards || is_closed_) return;
    Leader& leader = at->second;
    if (leader.shards != 0) {
        drop_links(leader);
        add_link(id, leader, 0);
    }
    leader.shards = shards;
    for (uint32_t i = 1; i < shards; ++i) add_link(id, leader, i);
    for (uint32_t i = 0; i < shards; ++i) tell_all(leader, i);
}

// A link goes where it lives.
void Replication::drop_links(Leader& leader) {
    for (size_t i = 0; i < leader.links.size(); ++i) home_of(i).post([link = std::move(leader.links[i])] {});
    leader.links.clear();
    leader.shards = 0;
}

void Replication::registered(int64_t broker_epoch) {
    const bool is_first = broker_epoch_ < 0;
    broker_epoch_ = broker_epoch;
    for (auto& [id, leader] : leaders_) {
        if (is_first && !leader.wanted.empty() && leader.links.empty()) add_link(id, leader, 0);
        for (size_t i = 0; i < leader.links.size() && !is_first; ++i)
            home_of(i).post([link = leader.links[i], broker_epoch] { link->use_broker_epoch(broker_epoch); });
    }
}

server::StreamMetrics Replication::stream_metrics(ShardId shard) {
    server::StreamMetrics metrics{.followers = feeds_[shard.value]->metrics(), .leaders = {}};
    std::vector<LinkAtHome>& links = links_at_home_[shard.value];
    std::erase_if(links, [](const LinkAtHome& known) { return known.link.expired(); });
    for (const LinkAtHome& known : links)
        if (const auto link = known.link.lock()) metrics.leaders[known.leader].add(link->metrics());
    return metrics;
}

void Replication::close() {
    is_closed_ = true;
    for (auto& [id, leader] : leaders_) drop_links(leader);
    for (size_t i = 0; i < shards_.size(); ++i) shards_[i].post([feeds = feeds_[i].get()] { feeds->close(); });
}

// --- changes of ISRs -------------------------------------------------------------------------------------------------

void Replication::propose(PendingChange change) {
    changes_.push_back(std::move(change));
    send_changes();
}

// One request at a time; what is asked for meanwhile goes together in the next one.
void Replication::send_changes() {
    if (is_sending_ || changes_.empty()) return;
    is_sending_ = true;
    auto sent = std::make_shared<std::vector<PendingChange>>();
    controller::AlterPartition request{.broker = options_.node, .broker_epoch = broker_epoch_, .changes = {}};
    for (; !changes_.empty() && sent->size() < changes_per_request; changes_.pop_front()) {
        request.changes.push_back(changes_.front().change);
        sent->push_back(std::move(changes_.front()));
    }
    gate_->ask<controller::AlterPartition, controller::AlterPartitionAnswer>(
        request, [this, sent](const Result<controller::AlterPartitionAnswer>& answer) {
            is_sending_ = false;
            for (size_t i = 0; i < sent->size(); ++i) {
                const bool has_outcome = answer && i < answer->outcomes.size();
                const ErrorCode outcome = has_outcome ? answer->outcomes[i]
                                          : answer    ? ErrorCode::unknown_server_error
                                                      : answer.error();
                const PendingChange& change = (*sent)[i];
                change.shard->post([done = change.done, outcome] { done(outcome); });
            }
            send_changes();
        });
}

}  // namespace milena
