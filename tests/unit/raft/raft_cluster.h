// What the tests of several replicas share: machines with a disk each, and a network between them that delays, loses,
// cuts, and tells who asks when a machine isn't there. Time is virtual, and everything follows from the seed.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "unit/raft/raft_fixture.h"

namespace milena::raft {

inline constexpr Duration soon = std::chrono::seconds(1);
inline constexpr Duration long_enough = std::chrono::seconds(20);

class RaftCluster {
  public:
    struct Node final : Transport {
        Node(RaftCluster& cluster_in, NodeId id_in)
            : cluster(cluster_in),
              id(id_in),
              disk(cluster.world.random, cluster.world.clock, [this](Duration delay, std::function<void()> event) {
                  cluster.world.after(delay, std::move(event));
              }) {
            EXPECT_TRUE(disk.create_directories("/data").has_value());
            EXPECT_TRUE(disk.sync_directory("/").has_value());
        }
        void send(NodeId to, const Request& request, Milliseconds timeout, Done done) override {
            cluster.carry(*this, to, request, timeout, std::move(done));
        }
        void use_address(NodeId node, const std::string& node_host, uint16_t) override { addresses[node] = node_host; }

        RaftCluster& cluster;
        const NodeId id;
        std::string host = "host" + std::to_string(id.value);  // where it is
        std::map<NodeId, std::string> addresses;               // where it takes the others to be
        sim::SimDisk disk;
        std::unique_ptr<Journal> journal;
        std::unique_ptr<Raft> raft;
        uint64_t life = 0;    // of how many lives this is: nothing comes back from one to another
        uint64_t volume = 0;  // of how many this is: each is a directory of its own

        Uuid directory_id() const { return {static_cast<uint64_t>(id.value), 500 + volume}; }
        ReplicaKey key() const { return {id, directory_id()}; }
        Voter described() const { return {.id = id, .directory_id = directory_id(), .endpoints = {{"C", host, 9093}}}; }
    };

    // Without voters, the first of the observers begins a log alone, and the others are told of all.
    explicit RaftCluster(uint64_t seed, int32_t voters_count, int32_t observers_count = 0) : world(seed) {
        for (int32_t i = 1; i <= voters_count; ++i)
            voters.push_back({.id = NodeId(i), .directory_id = {}, .endpoints = {}});
        for (int32_t i = 1; i <= voters_count + observers_count; ++i)
            nodes.emplace(NodeId(i), std::make_unique<Node>(*this, NodeId(i)));
    }
    ~RaftCluster() {
        for (auto& [id, node] : nodes) node->raft.reset();
    }

    // Empty if it has begun; what was wrong with it otherwise.
    std::string start(NodeId id) {
        Node& node = at(id);
        ++node.life;
        node.addresses.clear();
        node.journal = std::make_unique<Journal>();
        Options options = options_;
        options.node = id;
        options.directory_id = node.directory_id();
        options.log_dir = "/data" + (node.volume == 0 ? "" : std::to_string(node.volume));
        options.transport = &node;
        options.voters = voters;
        options.endpoints = node.described().endpoints;
        if (voters.empty() && (id != NodeId(1) || node.volume > 0)) options.bootstrap_count = nodes.size();
        auto opened = Raft::open({node.disk, world.clock, world.random}, options);
        if (!opened) return opened.error();
        node.raft = std::move(opened).value();
        node.raft->start(*node.journal);
        tick(id, node.life);
        return node.journal->failure;
    }
    void start_all() {
        for (auto& [id, node] : nodes) ASSERT_EQ(start(id), "");
    }
    void kill(NodeId id) {
        Node& node = at(id);
        ++node.life;
        node.raft.reset();
        node.disk.restart();
    }
    void lose_power(NodeId id) {
        Node& node = at(id);
        ++node.life;
        node.raft.reset();
        node.disk.lose_power();
    }
    // It comes back with an empty disk.
    void lose_volume(NodeId id) {
        kill(id);
        Node& node = at(id);
        ++node.volume;
        ASSERT_TRUE(node.disk.create_directories("/data" + std::to_string(node.volume)).has_value());
        ASSERT_TRUE(node.disk.sync_directory("/").has_value());
    }
    bool is_up(NodeId id) { return at(id).raft != nullptr; }
    Node& at(NodeId id) { return *nodes.at(id); }

    void run(Duration duration) {
        world.run_until(world.clock.now() + duration, [] { return false; });
    }
    // True as soon as it holds; false if it doesn't within the time.
    bool run_until(Duration longest, const std::function<bool()>& holds) {
        bool has_held = holds();
        if (!has_held) world.run_until(world.clock.now() + longest, [&] { return has_held = holds(); });
        return has_held;
    }
    // The one that answers proposals in the latest epoch, or null.
    Node* leader() {
        Node* found = nullptr;
        for (auto& [id, node] : nodes) {
            if (node->raft == nullptr || !node->journal->is_leading) continue;
            if (found == nullptr || node->raft->epoch() > found->raft->epoch()) found = node.get();
        }
        return found;
    }
    bool has_leader_among(const std::set<NodeId>& ids) {
        Node* node = leader();
        return node != nullptr && ids.contains(node->id);
    }
    bool propose(Node& node, const std::string& text) { return node.raft->propose({Bytes::copy_of(text)}).has_value(); }
    bool all_have(size_t values_count) {
        for (auto& [id, node] : nodes)
            if (node->raft != nullptr && node->journal->values.size() != values_count) return false;
        return true;
    }

    // For the report of a failure.
    std::string describe() {
        std::string text;
        for (auto& [id, node] : nodes) {
            text += "node " + std::to_string(id.value) + ": ";
            if (node->raft == nullptr) {
                text += "down\n";
                continue;
            }
            const Raft& raft = *node->raft;
            text += std::string(role_names[static_cast<size_t>(raft.role())]) + " epoch " +
                    std::to_string(raft.epoch().value) + " leader " + std::to_string(raft.leader().value) + " log [" +
                    std::to_string(raft.log_start_offset().value) + ", " + std::to_string(raft.next_offset().value) +
                    ") high watermark " + std::to_string(raft.high_watermark().value) + " values " +
                    std::to_string(node->journal->values.size()) + " " + node->journal->failure + "\n";
        }
        return text;
    }

    void cut(NodeId from, NodeId to) { cuts.insert({from, to}); }
    void cut_both(NodeId a, NodeId b) {
        cut(a, b);
        cut(b, a);
    }
    void mend() { cuts.clear(); }

    sim::World world;
    std::map<NodeId, std::unique_ptr<Node>> nodes;
    std::vector<Voter> voters;
    std::set<std::pair<NodeId, NodeId>> cuts;  // nothing gets through, and nobody is told
    uint64_t lost_one_in = 0;                  // messages; 0: none
    Duration delay_max = std::chrono::milliseconds(1);
    std::function<void(Node& from, const Request& request)> on_the_way;  // sees whatever is sent
    Options options_{.cluster_id = "c", .log_dir = "/data"};

  private:
    void tick(NodeId id, uint64_t life) {
        Node& node = at(id);
        if (node.life != life || node.raft == nullptr) return;
        node.raft->tick();
        world.after(node.raft->tick_interval(), [this, id, life] { tick(id, life); });
    }
    Duration delay() { return world.random.up_to(delay_max) + std::chrono::microseconds(10); }
    bool gets_through(NodeId from, NodeId to) {
        return !cuts.contains({from, to}) && (lost_one_in == 0 || !world.random.one_in(lost_one_in));
    }
    void carry(Node& from, NodeId to, const Request& request, Milliseconds timeout, Transport::Done done) {
        struct Exchange {
            Transport::Done done;
            bool is_over = false;
        };
        if (on_the_way) on_the_way(from, request);
        auto exchange = std::make_shared<Exchange>(Exchange{std::move(done)});
        const auto end = [exchange, &from, life = from.life](Result<Response, SendError> outcome) {
            if (std::exchange(exchange->is_over, true) || from.life != life) return;
            exchange->done(std::move(outcome));
        };
        world.after(Duration(timeout), [end] { end(unexpected(SendError::timed_out)); });
        const auto known = from.addresses.find(to);
        if (to < NodeId(0))
            to = NodeId(-1 - to.value);  // controller.quorum.bootstrap.servers names all
        else if (voters.empty() && (known == from.addresses.end() || known->second != at(to).host))
            return;
        if (!gets_through(from.id, to)) return;
        world.after(delay(), [this, end, from_id = from.id, to, request] {
            Node& target = at(to);
            if (target.raft == nullptr) {
                if (gets_through(to, from_id)) world.after(delay(), [end] { end(unexpected(SendError::unreachable)); });
                return;
            }
            // Whoever waits for a process that is killed learns it from its connection.
            const auto waits = std::make_shared<bool>(true);
            const std::shared_ptr<void> broken(nullptr, [this, end, from_id, to, waits](void*) {
                if (*waits && gets_through(to, from_id))
                    world.after(delay(), [end] { end(unexpected(SendError::unreachable)); });
            });
            target.raft->receive(request, [this, end, from_id, to, waits, broken](Response response) {
                *waits = false;
                if (!gets_through(to, from_id)) return;
                auto shared = std::make_shared<Response>(std::move(response));
                world.after(delay(), [end, shared] { end(*shared); });
            });
        });
    }
};

}  // namespace milena::raft
