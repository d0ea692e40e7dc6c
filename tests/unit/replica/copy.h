// One broker's copy of a partition, on a disk of its own, that can crash and start again; and the stream between two of
// them. For tests of what several replicas make of one partition.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "replica/following.h"
#include "replica/leader_stream.h"
#include "sim/sim_disk.h"
#include "sim/world.h"
#include "wire/record_batch_builder.h"

namespace milena::replica {

inline constexpr PartitionKey copied_key{Uuid{1, 2}, PartitionIndex{0}};

class Copy {
  public:
    Copy(NodeId node, sim::World& world, wire::Codecs& codecs, std::shared_ptr<const TopicPolicy> policy,
         const PartitionKey& key = copied_key)
        : context{node, world.clock}, key_(key), world_(world), codecs_(codecs), policy_(std::move(policy)) {
        check(disk_.create_directories("/data").has_value() && disk_.sync_directory("/").has_value());
        context.save_offsets = [this](const PartitionKey&, std::function<void(ErrorCode)> done) {
            write_files(std::move(done));
        };
        start();
    }

    // As after a crash: what the checkpoint files say is where recovery begins.
    void start() {
        directory_ = std::make_unique<storage::LogDirectory>(disk_, "/data");
        environment_ = std::make_unique<storage::LogEnvironment>(
            storage::LogEnvironment{*directory_, cache_, world_.clock, world_.random, codecs_});
        storage::OpenOptions options;
        options.topic = "orders";
        options.topic_id = key_.topic_id;
        options.partition = key_.partition;
        options.config = policy_->log;
        options.recovery_point = files_.recovery_point;
        options.log_start_offset = files_.log_start;
        auto log = storage::PartitionLog::open(*environment_, options);
        check(log.has_value());
        replica_ = std::make_unique<Replica>(key_, std::move(*log), policy_, context);
        replica_->remember_high_watermark(files_.high_watermark);
        life_ = std::make_shared<bool>(true);
        // As the table does where only durable records may be seen.
        if (policy_->is_fsynced_before_acknowledgement())
            replica_->flush(Replica::Flush::checkpoint, env::Urgency::awaited, [] {});
    }
    void crash(bool power_is_lost) {
        life_.reset();
        replica_.reset();
        power_is_lost ? disk_.lose_power() : disk_.restart();
    }
    bool is_up() const { return replica_ != nullptr; }

    // What a broker does every now and then.
    void checkpoint() {
        replica_->flush(Replica::Flush::checkpoint, env::Urgency::background, [this, life = std::weak_ptr(life_)] {
            if (life.lock()) write_files([](ErrorCode) {});
        });
    }

    Replica& replica() { return *replica_; }
    const Replica& replica() const { return *replica_; }
    NodeId node() const { return context.node; }
    FindReplica find() {
        return [this](const PartitionKey& key) {
            if (!is_up() || key != key_) return PartitionTable::Found{nullptr, ErrorCode::not_leader_or_follower};
            return PartitionTable::Found{replica_.get(), ErrorCode::none};
        };
    }
    sim::SimDisk& disk() { return disk_; }
    void look_at_space() { directory_->look_at_space(); }

    Bytes batch(const std::string& value) const {
        wire::RecordBatchBuilder builder({});
        wire::NewRecord record;
        record.timestamp = world_.clock.wall();
        record.value = std::as_bytes(std::span(value.data(), value.size()));
        builder.add(record);
        return Bytes::from(builder.build());
    }
    ProduceOutcome produce(const std::string& value, bool demands_all_replicas = true) {
        ProduceRequest request;
        request.batch = batch(value);
        request.now = world_.clock.wall();
        request.demands_all_replicas = demands_all_replicas;
        return replica_->produce(request, codecs_);
    }
    // The batches of the log up to `end`, as they lie there.
    std::string content(Offset end) {
        std::string bytes;
        Offset from = replica_->log().log_start_offset();
        while (from < end) {
            std::optional<Result<storage::ReadBatches>> read;
            while (!read)  // the page cache has it or hasn't, as chance will have it
                read =
                    replica_->log().read_now({.from = from, .limit = end, .bytes_max = 1 << 20, .at_least_one = true});
            if (!read->has_value() || (*read)->parts.empty()) break;
            for (const Bytes& part : (*read)->parts) bytes += part.view();
            from = (*read)->next_offset;
        }
        return bytes;
    }

    ReplicaContext context;

  private:
    struct Files {
        Offset recovery_point{0};
        Offset log_start{0};
        Offset high_watermark{0};
    };

    void write_files(std::function<void(ErrorCode)> done) {
        const Files now{replica_->log().recovery_point(), replica_->log().log_start_offset(),
                        replica_->high_watermark()};
        files_written_at_ =
            std::max(files_written_at_, world_.clock.now() + world_.random.up_to(std::chrono::milliseconds(20)));
        world_.after(files_written_at_ - world_.clock.now(),
                     [this, now, done = std::move(done), life = std::weak_ptr(life_)] {
                         if (!life.lock()) return;
                         files_ = now;
                         done(ErrorCode::none);
                     });
    }

    const PartitionKey key_;
    sim::World& world_;
    wire::Codecs& codecs_;
    std::shared_ptr<const TopicPolicy> policy_;
    sim::SimDisk disk_{world_.random, world_.clock,
                       [this](Duration delay, std::function<void()> event) { world_.after(delay, event); }};
    storage::TailCache cache_{1 << 20};
    std::unique_ptr<storage::LogDirectory> directory_;
    std::unique_ptr<storage::LogEnvironment> environment_;
    std::unique_ptr<Replica> replica_;
    std::shared_ptr<bool> life_;  // of the process: what it waited for dies with it
    Files files_;
    Instant files_written_at_;  // one after the other
};

// Both ends, and the network between them: frames arrive in order, after a while; those under way when it breaks don't.
// What was handed to the owner of the partition is done all the same, unless the follower's process dies with the link.
class Link final : public FollowerPartitions {
  public:
    Link(sim::World& world, Copy& follower, Copy& leader, LeaderStreamLimits limits = {},
         FollowerStreamLimits leader_limits = {})
        : world_(world),
          follower_(follower),
          leader_(leader),
          leader_limits_(leader_limits),
          stream_(*this, world.clock, limits, [this] { later(up_, connection_, [this] { send_up(); }); }) {}

    void follow(LeaderEpoch epoch) {
        const LeaderStream::Wanted wanted{copied_key, epoch};
        stream_.follow(std::span(&wanted, 1));
    }
    void open(int64_t broker_epoch = -1) {
        connection_ = std::make_shared<bool>(true);
        fed_ = std::make_unique<FollowerStream>(FollowerStream::Peer{follower_.node(), broker_epoch}, leader_.find(),
                                                world_.clock, leader_limits_,
                                                [this] { later(down_, connection_, [this] { send_down(); }); });
        stream_.opened();
    }
    void close() {
        connection_.reset();
        fed_.reset();
        stream_.closed();
    }
    bool is_open() const { return connection_ != nullptr; }
    void tick() {
        if (!is_open()) return;
        stream_.tick();
        fed_->tick();
    }
    const LeaderStream& stream() const { return stream_; }
    const FollowerStream& fed() const { return *fed_; }
    Duration delay_max = std::chrono::milliseconds(2);
    size_t frame_bytes_max = 1 << 20;
    std::function<void(LeaderFrame&)> on_the_way_down;  // may change what arrives

    void begin(std::vector<FollowStart> starts) override {
        later(inside_, alive_,
              [this, starts = std::move(starts)] { begin_following(follower_.find(), starts, reports()); });
    }
    void receive(std::vector<FollowedFrame> frames) override {
        later(inside_, alive_,
              [this, frames = std::move(frames)] { replica::follow(follower_.find(), frames, reports()); });
    }

  private:
    using Token = std::shared_ptr<bool>;

    // Events of one way keep their order, and die with what the token stands for.
    void later(Instant& way, const Token& token, std::function<void()> event) {
        way = std::max(way, world_.clock.now() + world_.random.up_to(delay_max));
        world_.after(way - world_.clock.now(), [event = std::move(event), weak = std::weak_ptr(token)] {
            if (weak.lock()) event();
        });
    }
    SendReports reports() {
        return [this, alive = std::weak_ptr(alive_)](std::vector<FollowReport> reports) {
            if (const Token token = alive.lock())
                later(inside_, token, [this, reports = std::move(reports)] { stream_.report(reports); });
        };
    }
    void send_up() {
        while (const auto frame = stream_.next_frame())
            later(up_, connection_, [this, frame = *frame] { fed_->receive(frame); });
    }
    void send_down() {
        while (auto frame = fed_->next_frame(frame_bytes_max)) {
            if (on_the_way_down) on_the_way_down(*frame);
            later(down_, connection_, [this, frame = std::move(*frame)] { stream_.receive(frame); });
        }
    }

    sim::World& world_;
    Copy& follower_;
    Copy& leader_;
    const FollowerStreamLimits leader_limits_;
    const Token alive_ = std::make_shared<bool>(true);
    Token connection_;
    std::unique_ptr<FollowerStream> fed_;
    Instant up_, down_, inside_;
    LeaderStream stream_;
};

// Copies on the nodes 1, 2, …, a network of links to the leader, and time that passes.
struct ReplicationFixture : testing::Test {
    sim::World world{1};
    wire::Codecs codecs;
    settings::TopicConfig topic;
    settings::BrokerConfig broker;
    std::vector<std::unique_ptr<Copy>> copies;
    std::vector<std::unique_ptr<Link>> links;
    std::vector<IsrChange> asked;                         // by all leaders
    std::vector<std::function<void(ErrorCode)>> answers;  // to these

    void open(int count) {
        const auto policy = topic_policy(topic, broker);
        for (int i = 1; i <= count; ++i) {
            copies.push_back(std::make_unique<Copy>(NodeId{i}, world, codecs, policy));
            ReplicaContext& context = copies.back()->context;
            for (int other = 1; other <= count; ++other) context.active_brokers[NodeId{other}] = other * 100;
            context.propose = [this](const IsrChange& change, std::function<void(ErrorCode)> done) {
                asked.push_back(change);
                answers.push_back(std::move(done));
            };
        }
    }
    Replica& replica(int node) { return copies[static_cast<size_t>(node - 1)]->replica(); }
    Copy& copy(int node) { return *copies[static_cast<size_t>(node - 1)]; }
    static std::vector<NodeId> nodes(std::initializer_list<int> numbers) {
        std::vector<NodeId> ids;
        for (const int number : numbers) ids.push_back(NodeId{number});
        return ids;
    }
    Leadership leadership(int epoch, int partition_epoch, std::initializer_list<int> isr) const {
        Leadership leadership;
        leadership.epoch = LeaderEpoch{epoch};
        leadership.partition_epoch = partition_epoch;
        leadership.isr = nodes(isr);
        for (const auto& one : copies) leadership.replicas.push_back(one->node());
        return leadership;
    }
    // Everybody learns of it, and follows.
    void lead(int leader, int epoch, int partition_epoch, std::initializer_list<int> isr) {
        links.clear();
        for (const auto& one : copies) {
            if (one->node() == NodeId{leader}) {
                one->replica().become_leader(leadership(epoch, partition_epoch, isr));
                continue;
            }
            one->replica().become_follower(LeaderEpoch{epoch}, NodeId{leader});
            links.push_back(std::make_unique<Link>(world, *one, copy(leader)));
            links.back()->open();
            links.back()->follow(LeaderEpoch{epoch});
        }
    }
    void run_for(Duration duration) {
        const Instant end = world.clock.now() + duration;
        while (world.clock.now() < end) {
            world.run_until(std::min(end, world.clock.now() + std::chrono::milliseconds(10)), [] { return false; });
            for (const auto& link : links) link->tick();
            for (const auto& one : copies) one->look_at_space();
        }
    }
    void settle() { run_for(std::chrono::milliseconds(300)); }
};

}  // namespace milena::replica
