#include "sim/cluster/sim_node.h"

#include <algorithm>
#include <utility>

#include "storage/log_directory.h"

namespace milena::sim::cluster {
namespace {

constexpr Duration tick_interval = std::chrono::milliseconds(50);
constexpr int ticks_between_checkpoints = 20;
constexpr int ticks_between_saves = 40;
constexpr int ticks_between_looks = 10;  // at the followers, and of the controller at the brokers
constexpr Duration heartbeat_interval = std::chrono::milliseconds(500);
constexpr const char* cluster_id = "c2ltdWxhdGVkLWNsdXN0ZQ";
constexpr size_t replicas_max = 1000;

// Nothing is shared between machines.
raft::Response isolated(raft::Response response) {
    if (auto* const fetched = std::get_if<raft::FetchResponse>(&response))
        fetched->records = Bytes::copy_of(fetched->records.span());
    if (auto* const fetched = std::get_if<raft::FetchSnapshotResponse>(&response))
        fetched->bytes = Bytes::copy_of(fetched->bytes.span());
    return response;
}

}  // namespace

// Small limits, so that a minute sees many segments, evictions, snapshots and sessions.
NodeSetup small_setup(Policy policy, int32_t voters_count) {
    auto config = std::make_shared<settings::BrokerConfig>();
    config->topic_defaults.segment_bytes = 16 * 1024;
    config->topic_defaults.index_interval_bytes = 512;
    config->topic_defaults.file_delete_delay_ms = 1000;
    config->topic_defaults.flush_messages = policy == Policy::fsync ? 1 : settings::TopicConfig::never;
    config->producer_id_expiration_ms = 86'400'000;
    config->replica_lag_time_max_ms = 3000;
    config->log_cleaner_backoff_ms = 500;
    config->log_cleaner_io_max_bytes_per_second = 10e6;
    config->log_cleaner_dedupe_buffer_size = 4096;
    config->log_cleaner_io_buffer_load_factor = 0.9;
    config->log_cleaner_io_buffer_size = 16 * 1024;
    config->offset_metadata_max_bytes = 4096;
    config->offsets_retention_minutes = 7 * 24 * 60;
    config->offsets_retention_check_interval_ms = 5000;
    config->offsets_commit_timeout_ms = 5000;
    settings::Texts texts{{"broker.session.timeout.ms", "3000"},
                          {"broker.heartbeat.interval.ms", "500"},
                          {"leader.imbalance.check.interval.seconds", "10"},
                          {"min.insync.replicas", "2"}};
    return {.policy = policy,
            .voters_count = voters_count,
            .config = std::move(config),
            .settings = settings::BrokerSettings(std::move(texts))};
}

// What Raft sends, over the simulated network.
class SimNode::Transport final : public raft::Transport {
  public:
    explicit Transport(SimNode& node) : node_(node) {}

    void send(NodeId to, const raft::Request& request, Milliseconds timeout, Done done) override {
        node_.network_.call<raft::Response>(
            node_.machine_, to, timeout,
            [request](SimNode& target, ClusterNetwork::Reply<raft::Response> reply) {
                target.receive(request, std::move(reply));
            },
            [this, done = std::move(done)](Result<raft::Response, raft::SendError> outcome) {
                if (outcome.has_value()) note(*outcome);
                done(std::move(outcome));
            });
    }
    void use_address(NodeId, const std::string&, uint16_t) override {}

  private:
    void note(const raft::Response& response) {
        const auto* const part = std::get_if<raft::FetchSnapshotResponse>(&response);
        const bool is_whole = part != nullptr && part->size > 0 && part->position + part->bytes.size() == part->size;
        if (is_whole) node_.watcher_.coverage().mark("snapshot install");
    }

    SimNode& node_;
};

SimNode::SimNode(ClusterNetwork& network, Machine& machine, const NodeSetup& setup, Watcher& watcher,
                 int64_t clean_epoch)
    : network_(network),
      machine_(machine),
      world_(machine.world()),
      watcher_(watcher),
      setup_(setup),
      incarnation_(Uuid::from_random(world_.random.next(), world_.random.next())),
      images_(machine.id(), incarnation_),
      cache_(32 * 1024),
      transport_(std::make_unique<Transport>(*this)),
      previous_epoch_(clean_epoch) {
    network_.use_process(machine_.id(), this);
    if (!open()) has_failed_ = true;
    if (!has_failed_) tick();
}

SimNode::~SimNode() { kill(true); }

void SimNode::kill(bool tells) {
    if (std::exchange(is_dead_, true)) return;
    network_.use_process(machine_.id(), nullptr);
    machine_.disk().kill();
    machine_.end_life(tells);
}

bool SimNode::has_lost_a_directory() const {
    return std::ranges::any_of(directories_, [](const auto& directory) { return directory->has_failed(); });
}

// --- the way up ------------------------------------------------------------------------------------------------------

bool SimNode::format() {
    SimDisk& disk = machine_.disk();
    for (const char* path : data_directories) {
        if (!disk.create_directories(path).has_value()) return false;
        const auto found = storage::read_meta_properties(disk, path);
        if (!found.has_value()) return false;
        directories_.push_back(std::make_unique<storage::LogDirectory>(disk, path));
        if (*found) {
            directory_ids_.push_back((*found)->directory_id);
            continue;
        }
        directory_ids_.push_back(Uuid::from_random(world_.random.next(), world_.random.next()));
        const storage::MetaProperties meta{cluster_id, id(), directory_ids_.back()};
        if (!storage::write_meta_properties(disk, path, meta).has_value()) return false;
        if (!disk.sync_directory("/").has_value()) return false;
    }
    return true;
}

bool SimNode::open_tables() {
    std::vector<replica::TableDirectory> directories;
    std::vector<std::shared_ptr<const replica::DirectoryInventory>> inventories;
    for (size_t i = 0; i < data_directories.size(); ++i) {
        auto inventory = replica::take_inventory(machine_.disk(), data_directories[i]);
        if (!inventory.has_value()) return false;
        inventory->directory_id = directory_ids_[i];
        if (!inventory->was_closed_cleanly) previous_epoch_ = -1;
        inventories.push_back(std::make_shared<const replica::DirectoryInventory>(std::move(*inventory)));
        directories.push_back({directory_ids_[i], directories_[i].get()});
    }
    for (uint32_t shard = 0; shard < shard_count; ++shard) {
        tables_.push_back(std::make_unique<replica::PartitionTable>(replica::TableEnvironment{
            id(), shard, shard_count, directories, inventories, cache_, machine_.clock(), world_.random, codecs_}));
        mailboxes_.push_back(std::make_unique<Mailbox>(machine_));
        host_groups(shard);
    }
    return true;
}

// What is posted when the process ends is nobody's any more.
void SimNode::host_groups(uint32_t shard) {
    const auto run_after = [this](Duration delay, std::function<void()> work) {
        if (!is_dead_) machine_.after(delay, std::move(work));
    };
    const auto wake_at = [this, shard, run_after](Instant next) {
        if (next == group::never) return;
        const Duration delay = std::max(next - machine_.clock().now(), Duration{}) + std::chrono::microseconds(1);
        run_after(delay, [this, shard] { hosts_[shard]->tick(); });
    };
    hosts_.push_back(std::make_unique<group::CoordinatorHost>(
        group::HostEnvironment{
            .partitions = *tables_[shard],
            .clock = machine_.clock(),
            .random = world_.random,
            .codecs = codecs_,
            .post = [run_after](std::function<void()> work) { run_after(Duration{}, std::move(work)); },
            .wake_at = wake_at},
        *metadata::Image::empty(), *setup_.config));
}

std::vector<raft::VoterEndpoint> SimNode::endpoints() const {
    return {{"CONTROLLER", "node-" + std::to_string(id().value), 9093}};
}

bool SimNode::open_raft() {
    raft::Options options;
    options.node = id();
    options.directory_id = directory_ids_.front();
    options.cluster_id = cluster_id;
    options.log_dir = data_directories.front();
    options.transport = transport_.get();
    options.endpoints = endpoints();
    for (int32_t voter = 1; voter <= setup_.voters_count; ++voter)
        options.voters.push_back({.id = NodeId(voter), .directory_id = {}, .endpoints = {}});
    options.segment_bytes = 8192;
    options.snapshot_bytes_max = 4096;
    options.retention_bytes = 8192;
    auto raft = raft::Raft::open({machine_.disk(), machine_.clock(), world_.random}, options);
    if (!raft.has_value()) {
        world_.trace("raft refused: " + raft.error(), id().value);
        return false;
    }
    raft_ = std::move(*raft);
    return true;
}

bool SimNode::open() {
    if (!format() || !open_tables()) return false;
    blocking_syncs_ = machine_.disk().blocking_syncs();
    if (!open_raft()) return false;
    controller_ = std::make_unique<controller::Controller>(
        controller::Controller::Environment{
            .raft = *raft_, .random = world_.random, .clock = &machine_.clock(), .cluster_id = cluster_id},
        id(), setup_.settings, [this](const metadata::Delta& delta, std::function<void()> published) {
            publish(delta, std::move(published));
        });
    way_ = std::make_unique<ControllerWay>(network_, machine_, *controller_);
    checkpoints_ = std::make_unique<NodeCheckpoints>(machine_, directories_,
                                                     [this](size_t directory) { return offsets_in(directory); });
    assignments_ = std::make_unique<NodeAssignments>(machine_, *way_);
    for (const auto& table : tables_)
        table->when_placed([this](const std::vector<replica::Placement>& placements) {
            machine_.post([this, placements] { assignments_->ask(placements); });
        });
    replication_ = std::make_unique<NodeReplication>(
        ReplicationParts{network_, machine_, tables_, mailboxes_, watcher_}, *way_,
        [this](const replica::PartitionKey& key, std::function<void(ErrorCode)> done) {
            watcher_.coverage().mark("truncation below checkpoints");
            const uint32_t shard = replica::shard_of(key, shard_count);
            machine_.post([this, shard, done = std::move(done)] {
                checkpoints_->save([this, shard, done](bool is_saved) {
                    const ErrorCode error = is_saved ? ErrorCode::none : ErrorCode::kafka_storage_error;
                    mailboxes_[shard]->post([done, error] { done(error); });
                });
            });
        });
    controller_->start([this] { begin_lifecycle(); },
                       [this](const std::string& reason) {
                           world_.trace("controller failed: " + reason, id().value);
                           has_failed_ = true;
                       },
                       [this](bool is_active) {
                           if (is_active) watcher_.became_active(id(), raft_->epoch());
                       });
    if (!has_failed_) tick_raft();
    return true;
}

void SimNode::begin_lifecycle() {
    NodeLifecycle::Environment environment{
        .machine = machine_,
        .way = *way_,
        .controller = *controller_,
        .published = [this] { return published_; },
        .offline_directories = [this] { return directories_that(&storage::LogDirectory::has_failed); },
        .full_directories = [this] { return directories_that(&storage::LogDirectory::is_full); },
        .heartbeat_interval = heartbeat_interval};
    lifecycle_ = std::make_unique<NodeLifecycle>(
        std::move(environment),
        NodeLifecycle::Events{.describe = [this] { return registration(); },
                              .on_registered =
                                  [this](int64_t epoch) {
                                      replication_->registered(epoch);
                                      assignments_->registered(epoch);
                                  },
                              .on_heard =
                                  [this](Instant asked_at) {
                                      for (const auto& table : tables_) table->heard_by_controller(asked_at);
                                  },
                              .on_failed =
                                  [this](ErrorCode error) {
                                      watcher_.complain("a broker was refused: " + std::string(error_name(error)));
                                      has_failed_ = true;
                                  }});
    for (const auto& directory : directories_) directory->when_full([this](bool) { lifecycle_->fullness_changed(); });
    lifecycle_->start();
}

std::vector<Uuid> SimNode::directories_that(bool (storage::LogDirectory::*is_so)() const) const {
    std::vector<Uuid> ids;
    for (size_t i = 0; i < directories_.size(); ++i)
        if ((*directories_[i].*is_so)()) ids.push_back(directory_ids_[i]);
    std::ranges::sort(ids);
    return ids;
}

controller::BrokerRegistration SimNode::registration() const {
    controller::BrokerRegistration registration;
    registration.id = id();
    registration.incarnation_id = incarnation_;
    registration.cluster_id = cluster_id;
    registration.endpoints.push_back({"PLAINTEXT", "node-" + std::to_string(id().value), 9092});
    registration.directories = directory_ids_;
    std::ranges::sort(registration.directories);
    registration.previous_epoch = previous_epoch_;
    return registration;
}

// Every shard gets the image and opens, closes and promotes what is its own; the controller is told when all have.
// Before this process is registered none does.
void SimNode::publish(const metadata::Delta& delta, std::function<void()> published) {
    watcher_.published(id(), delta);
    std::optional<metadata::Delta> seen = images_.next(delta);
    if (!seen) return machine_.post(std::move(published));
    const auto shared = std::make_shared<const metadata::Delta>(*std::move(seen));
    const auto missing = std::make_shared<size_t>(shard_count);
    for (uint32_t shard = 0; shard < shard_count; ++shard) {
        mailboxes_[shard]->post([this, shard, shared, missing, published] {
            tables_[shard]->apply(*shared, setup_.config);
            hosts_[shard]->apply(*shared, *setup_.config);
            machine_.post([this, shared, missing, published] {
                if (--*missing > 0) return;
                published_ = shared->after->offset;
                watcher_.applied(*this);
                published();
                if (lifecycle_) lifecycle_->image_changed();
            });
        });
    }
}

// --- by itself -------------------------------------------------------------------------------------------------------

void SimNode::tick_raft() {
    if (must_restart()) return;
    raft_->tick();
    machine_.after(raft_->tick_interval(), [this] { tick_raft(); });
}

void SimNode::tick() {
    if (machine_.disk().blocking_syncs() != blocking_syncs_) {
        watcher_.coverage().mark("waited for the device");
        world_.trace("waited for " + machine_.disk().blocked_on(), id().value);
        blocking_syncs_ = machine_.disk().blocking_syncs();
    }
    if (must_restart() || is_stopping_) return;
    ++ticks_;
    for (const auto& table : tables_) {
        table->flush_due();
        table->delete_old_segments(replicas_max);
        table->look_after_directories(8);
        if (ticks_ % ticks_between_checkpoints == 0) table->checkpoint();
    }
    replication_->tick();
    if (ticks_ % ticks_between_saves == 0) checkpoints_->save([](bool) {});
    if (ticks_ % ticks_between_looks == 0) look_after();
    machine_.after(tick_interval, [this] { tick(); });
}

void SimNode::look_after() {
    for (const auto& table : tables_) table->look_after_replicas(replicas_max);
    controller_->tick();
}

replica::DirectoryOffsets SimNode::offsets_in(size_t directory) const {
    replica::DirectoryOffsets all;
    for (const auto& table : tables_) {
        const replica::DirectoryOffsets some = table->offsets_in(directory_ids_[directory]);
        const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
        append(all.recovery_points, some.recovery_points);
        append(all.log_starts, some.log_starts);
        append(all.high_watermarks, some.high_watermarks);
        append(all.cleaned, some.cleaned);
    }
    return all;
}

// --- what comes from others ------------------------------------------------------------------------------------------

void SimNode::receive(const raft::Request& request, raft::Raft::Answer answer) {
    if (must_restart() || raft_ == nullptr) return;
    raft_->receive(request,
                   [answer = std::move(answer)](raft::Response response) { answer(isolated(std::move(response))); });
}

void SimNode::accept(const Hello& hello, std::shared_ptr<Stream> stream) {
    if (must_restart() || replication_ == nullptr) return stream->close(Stream::leader);
    replication_->accept(hello, std::move(stream));
}

void SimNode::connection_broke(NodeId node) {
    if (controller_ && !must_restart()) controller_->connection_broke(node);
}

std::shared_ptr<const metadata::Image> SimNode::image() const { return is_serving() ? controller_->image() : nullptr; }

replica::Replica* SimNode::find(const replica::PartitionKey& key) {
    if (must_restart() || tables_.size() < shard_count) return nullptr;
    return tables_[replica::shard_of(key, shard_count)]->use(key).replica;
}

void SimNode::produce(const replica::PartitionKey& key, Bytes batch, Produced done) {
    if (!is_serving()) return;
    mailboxes_[replica::shard_of(key, shard_count)]->post([this, key, batch = std::move(batch), done] {
        replica::Replica* replica = find(key);
        replica::ProduceOutcome outcome;
        outcome.error = ErrorCode::not_leader_or_follower;
        if (replica == nullptr) return done(outcome);
        replica::ProduceRequest request;
        request.batch = batch;
        request.owner_bytes = request.batch.size();
        request.now = machine_.clock().wall();
        request.demands_all_replicas = true;
        outcome = replica->produce(request, codecs_);
        constexpr auto all = replica::Acknowledgement::all_in_sync;
        if (outcome.error != ErrorCode::none || replica->is_acknowledged(outcome.last_offset, all))
            return done(outcome);
        // A process that ends answers nobody.
        replica->when_acknowledged(outcome.last_offset, all, [this, outcome, done](ErrorCode error) {
            if (is_dead_) return;
            replica::ProduceOutcome result = outcome;
            result.error = error;
            done(result);
        });
    });
}

void SimNode::fetch(const replica::PartitionKey& key, const replica::FetchRequest& request,
                    std::function<void(replica::FetchOutcome)> done) {
    if (!is_serving()) return;
    mailboxes_[replica::shard_of(key, shard_count)]->post([this, key, request, done = std::move(done)] {
        if (replica::Replica* replica = find(key)) {
            const LeaderEpoch known = request.current_leader_epoch;
            const bool is_outdated = known != no_leader_epoch && known < replica->leader_epoch();
            return replica->fetch(request, [this, done, is_outdated](replica::FetchOutcome outcome) {
                if (is_outdated && outcome.error == ErrorCode::none)
                    watcher_.complain("fenced reader: it knows an older epoch only, and isn't told");
                if (!is_dead_) done(std::move(outcome));
            });
        }
        replica::FetchOutcome outcome;
        outcome.error = ErrorCode::not_leader_or_follower;
        done(outcome);
    });
}

void SimNode::delete_records(const replica::PartitionKey& key, Offset before,
                             std::function<void(Result<Offset>)> done) {
    if (!is_serving()) return;
    mailboxes_[replica::shard_of(key, shard_count)]->post([this, key, before, done = std::move(done)] {
        replica::Replica* replica = find(key);
        if (replica == nullptr) return done(unexpected(ErrorCode::not_leader_or_follower));
        done(replica->delete_records(before));
    });
}

void SimNode::ask_coordinator(const replica::PartitionKey& key, std::function<void(group::Coordinator&)> ask,
                              std::function<void(ErrorCode)> refused) {
    if (!is_serving()) return;
    const uint32_t shard = replica::shard_of(key, shard_count);
    mailboxes_[shard]->post([this, shard, key, ask = std::move(ask), refused = std::move(refused)] {
        const ErrorCode error = hosts_[shard]->use(key, ask);
        if (error != ErrorCode::none) refused(error);
    });
}

// --- the way down ----------------------------------------------------------------------------------------------------

void SimNode::stop_cleanly(std::function<void(bool is_clean)> done) {
    if (!lifecycle_ || must_restart() || is_stopping_) return done(false);
    lifecycle_->leave([this, done = std::move(done)] {
        raft_->step_down();
        is_stopping_ = true;
        for (const auto& host : hosts_) host->resign();
        replication_->close();
        const auto missing = std::make_shared<size_t>(tables_.size());
        for (const auto& table : tables_)
            table->flush_all([this, missing, done] {
                if (--*missing > 0) return;
                machine_.post([this, done] { close_logs(done); });
            });
    });
}

void SimNode::close_logs(const std::function<void(bool)>& done) {
    bool is_clean = !must_restart();
    for (const auto& table : tables_) is_clean = table->close_all() && is_clean;
    for (size_t i = 0; is_clean && i < directories_.size(); ++i)
        is_clean = replica::write_offsets(machine_.disk(), data_directories[i], offsets_in(i)).has_value();
    is_clean = is_clean && raft_->close().has_value() && !has_lost_a_directory();
    for (const char* path : data_directories)
        is_clean = is_clean && storage::write_clean_marker(machine_.disk(), path).has_value();
    blocking_syncs_ = machine_.disk().blocking_syncs();
    if (is_clean) watcher_.coverage().mark("controlled shutdown");
    done(is_clean);
}

}  // namespace milena::sim::cluster
