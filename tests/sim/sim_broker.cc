#include "sim/sim_broker.h"

#include <algorithm>
#include <utility>

#include "storage/log_directory.h"

namespace milena::sim {
namespace {

constexpr NodeId node{1};
constexpr Duration tick_interval = std::chrono::milliseconds(50);
constexpr int ticks_between_flushes = 2;
constexpr int ticks_between_checkpoints = 40;
constexpr const char* cluster_id = "c2ltdWxhdGVkLWNsdXN0ZQ";

// Small limits, so that a minute sees many segments, evictions and snapshots.
std::shared_ptr<const settings::BrokerConfig> small_config(const BrokerSetup& setup) {
    auto config = std::make_shared<settings::BrokerConfig>();
    config->topic_defaults.segment_bytes = 16 * 1024;
    config->topic_defaults.index_interval_bytes = 512;
    config->topic_defaults.file_delete_delay_ms = 1000;
    config->topic_defaults.flush_messages = setup.policy == Policy::fsync ? 1 : settings::TopicConfig::never;
    config->topic_defaults.retention_bytes = setup.retention_bytes;
    config->producer_id_expiration_ms = 86'400'000;
    config->topic_defaults.is_compacted = setup.is_compacted;
    config->topic_defaults.is_deleted = !setup.is_compacted || setup.retention_bytes >= 0;
    config->topic_defaults.min_cleanable_dirty_ratio = 0.01;
    config->log_cleaner_backoff_ms = 500;
    config->log_cleaner_io_max_bytes_per_second = 10e6;
    config->log_cleaner_dedupe_buffer_size = 2 * 24 * 40;  // for fewer keys than there are
    config->log_cleaner_io_buffer_load_factor = 0.9;
    config->log_cleaner_io_buffer_size = 16 * 1024;
    config->group_initial_rebalance_delay_ms = 1000;
    config->group_min_session_timeout_ms = 1000;
    config->group_max_session_timeout_ms = 60'000;
    config->group_max_size = 100;
    config->offset_metadata_max_bytes = 4096;
    config->offsets_retention_minutes = 7 * 24 * 60;
    config->offsets_retention_check_interval_ms = 5000;
    config->offsets_commit_timeout_ms = 5000;
    return config;
}

}  // namespace

SimBroker::SimBroker(World& world, SimDisk& disk, const BrokerSetup& setup)
    : world_(world), disk_(disk), has_groups_(setup.has_groups), config_(small_config(setup)), cache_(32 * 1024) {
    // The controller may fail at once, in the middle of it.
    if (!open()) has_failed_ = true;
    if (has_failed_) return;
    tick();
    if (!setup.is_compacted && !has_groups_) return;
    for (const auto& table : tables_) clean(*table);
}

SimBroker::~SimBroker() {
    alive_.reset();
    disk_.kill();
}

bool SimBroker::has_lost_a_directory() const {
    return std::ranges::any_of(directories_, [](const auto& directory) { return directory->has_failed(); });
}

bool SimBroker::format() {
    for (const char* path : data_directories) {
        if (!disk_.create_directories(path).has_value()) return false;
        const auto found = storage::read_meta_properties(disk_, path);
        if (!found.has_value()) return false;
        directories_.push_back(std::make_unique<storage::LogDirectory>(disk_, path));
        if (*found) {
            directory_ids_.push_back((*found)->directory_id);
            continue;
        }
        directory_ids_.push_back(Uuid::from_random(world_.random.next(), world_.random.next()));
        const storage::MetaProperties meta{cluster_id, node, directory_ids_.back()};
        if (!storage::write_meta_properties(disk_, path, meta).has_value()) return false;
        if (!disk_.sync_directory("/").has_value()) return false;
    }
    return true;
}

bool SimBroker::open_tables() {
    std::vector<replica::TableDirectory> directories;
    std::vector<std::shared_ptr<const replica::DirectoryInventory>> inventories;
    for (size_t i = 0; i < data_directories.size(); ++i) {
        auto inventory = replica::take_inventory(disk_, data_directories[i]);
        if (!inventory.has_value()) return false;
        inventory->directory_id = directory_ids_[i];
        inventories.push_back(std::make_shared<const replica::DirectoryInventory>(std::move(*inventory)));
        directories.push_back({directory_ids_[i], directories_[i].get()});
    }
    for (uint32_t shard = 0; shard < shard_count; ++shard)
        tables_.push_back(std::make_unique<replica::PartitionTable>(replica::TableEnvironment{
            node, shard, shard_count, directories, inventories, cache_, world_.clock, world_.random, codecs_}));
    return true;
}

bool SimBroker::open() {
    if (!format() || !open_tables()) return false;
    raft::Options options;
    options.node = node;
    options.directory_id = directory_ids_.front();
    options.cluster_id = cluster_id;
    options.log_dir = data_directories.front();
    options.snapshot_bytes_max = 4096;
    auto raft = raft::Raft::open({disk_, world_.clock, world_.random}, options);
    if (!raft.has_value()) {
        world_.trace("raft refused: " + raft.error());
        return false;
    }
    blocking_syncs_ = disk_.blocking_syncs();
    raft_ = std::move(*raft);
    controller_ = std::make_unique<controller::Controller>(
        controller::Controller::Environment{*raft_, world_.random}, node, settings::BrokerSettings(),
        [this](const metadata::Delta& delta, std::function<void()> published) {
            publish(delta, std::move(published));
        });
    controller_->start([this] { serve(); },
                       [this](const std::string& reason) {
                           world_.trace("controller failed: " + reason);
                           has_failed_ = true;
                       });
    return true;
}

void SimBroker::serve() {
    controller::BrokerRegistration registration;
    registration.id = node;
    registration.incarnation_id = Uuid::from_random(world_.random.next(), world_.random.next());
    registration.directories = directory_ids_;
    std::ranges::sort(registration.directories);
    registration.is_local = true;
    controller_->submit(registration, [this](Result<controller::BrokerEpoch> epoch) {
        if (!epoch.has_value()) {
            has_failed_ = true;
            return;
        }
        if (!find_topics()) create_topics();
    });
}

void SimBroker::create_topics() {
    wire::CreateTopicsRequest request;
    const auto add = [&](std::string_view name, int32_t partitions) -> auto& {
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        topic.num_partitions = partitions;
        topic.replication_factor = 1;
        return topic;
    };
    if (controller_->image()->topic(topic_name) == nullptr) add(topic_name, partition_count);
    if (has_groups_ && controller_->image()->topic(group::offsets_topic) == nullptr)
        add(group::offsets_topic, offsets_partition_count).configs.push_back({"cleanup.policy", "compact"});
    controller_->submit(request, [this](wire::CreateTopicsResponse) { find_topics(); });
}

// Ready when all are there.
bool SimBroker::find_topics() {
    const metadata::TopicImage* topic = controller_->image()->topic(topic_name);
    const metadata::TopicImage* offsets = controller_->image()->topic(group::offsets_topic);
    if (topic == nullptr || (has_groups_ && offsets == nullptr)) return false;
    if (has_groups_) {
        offsets_topic_id_ = offsets->id;
        host_groups();
    }
    topic_id_ = topic->id;
    return true;
}

void SimBroker::host_groups() {
    for (const auto& table : tables_) {
        const size_t shard = hosts_.size();
        const auto run_after = [this](Duration delay, std::function<void()> work) {
            world_.after(delay, [work = std::move(work), alive = std::weak_ptr<bool>(alive_)] {
                if (!alive.expired()) work();
            });
        };
        const auto wake_at = [this, shard, run_after](Instant next) {
            if (next == group::never) return;
            run_after(std::max(next - world_.clock.now(), Duration{}), [this, shard] { hosts_[shard]->tick(); });
        };
        hosts_.push_back(nullptr);
        hosts_.back() = std::make_unique<group::CoordinatorHost>(
            group::HostEnvironment{
                .partitions = *table,
                .clock = world_.clock,
                .random = world_.random,
                .codecs = codecs_,
                .post = [run_after](std::function<void()> work) { run_after(Duration{}, std::move(work)); },
                .wake_at = wake_at},
            *controller_->image(), *config_);
    }
}

void SimBroker::publish(const metadata::Delta& delta, std::function<void()> published) {
    for (const auto& table : tables_) table->apply(delta, config_);
    for (const auto& host : hosts_) host->apply(delta, *config_);
    published();
}

void SimBroker::tick() {
    // A shard never waits for the device: not to recover, and not to serve.
    check(disk_.blocking_syncs() == blocking_syncs_);
    if (must_restart()) return;
    raft_->tick();
    for (const auto& table : tables_) {
        table->flush_due();
        table->delete_old_segments(partition_count);
        table->look_after_directories(8);
    }
    if (++ticks_ % ticks_between_flushes == 0)
        for (const auto& table : tables_) table->checkpoint();
    if (ticks_ % ticks_between_checkpoints == 0)
        for (size_t i = 0; i < directories_.size(); ++i) write_checkpoints(i);
    world_.after(tick_interval, [this, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) tick();
    });
}

void SimBroker::clean(replica::PartitionTable& table) {
    if (must_restart()) return;
    world_.after(table.clean_logs(partition_count), [this, &table, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) clean(table);
    });
}

replica::DirectoryOffsets SimBroker::offsets_in(size_t directory) const {
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

void SimBroker::write_checkpoints(size_t directory) {
    if (directories_[directory]->has_failed()) return;
    const char* path = data_directories[directory];
    auto written = [this, directory, path, alive = std::weak_ptr<bool>(alive_)](env::DiskResult<void> outcome) {
        if (alive.expired() || outcome.has_value()) return;
        (void)directories_[directory]->failed(outcome.error(), "writing checkpoints", path);
    };
    replica::write_log_starts_async(disk_, path, offsets_in(directory), written);
    replica::write_offsets_async(disk_, path, offsets_in(directory), std::move(written));
}

replica::Replica* SimBroker::find(PartitionIndex partition) {
    if (!is_ready() || must_restart()) return nullptr;
    const replica::PartitionKey key{topic_id_, partition};
    return tables_[replica::shard_of(key, shard_count)]->use(key).replica;
}

void SimBroker::produce(PartitionIndex partition, Bytes batch, Produced done) {
    replica::Replica* replica = find(partition);
    if (replica == nullptr) return;
    replica::ProduceRequest request;
    request.batch = std::move(batch);
    request.owner_bytes = request.batch.size();
    request.now = world_.clock.wall();
    request.demands_all_replicas = true;
    const replica::ProduceOutcome outcome = replica->produce(request, codecs_);
    constexpr auto all = replica::Acknowledgement::all_in_sync;
    if (outcome.error != ErrorCode::none || replica->is_acknowledged(outcome.last_offset, all)) {
        done(outcome);
        return;
    }
    replica->when_acknowledged(outcome.last_offset, all, [outcome, done = std::move(done)](ErrorCode error) {
        replica::ProduceOutcome result = outcome;
        result.error = error;
        done(result);
    });
}

void SimBroker::fetch(PartitionIndex partition, const replica::FetchRequest& request,
                      std::function<void(replica::FetchOutcome)> done) {
    if (replica::Replica* replica = find(partition)) replica->fetch(request, std::move(done));
}

Result<Offset> SimBroker::delete_records(PartitionIndex partition, Offset before) {
    replica::Replica* replica = find(partition);
    if (replica == nullptr) return unexpected(ErrorCode::not_leader_or_follower);
    return replica->delete_records(before);
}

std::optional<Offset> SimBroker::log_start(PartitionIndex partition) {
    const replica::Replica* replica = find(partition);
    return replica == nullptr ? std::nullopt : std::optional(replica->log().log_start_offset());
}

std::optional<Offset> SimBroker::high_watermark(PartitionIndex partition) {
    const replica::Replica* replica = find(partition);
    return replica == nullptr ? std::nullopt : std::optional(replica->high_watermark());
}

bool SimBroker::stop_cleanly() {
    // As the broker does: what is still being recovered is recovered again.
    if (!is_ready()) return false;
    bool clean = !must_restart();
    for (const auto& table : tables_) clean = table->close_all() && clean;
    for (size_t i = 0; clean && i < directories_.size(); ++i)
        clean = replica::write_offsets(disk_, data_directories[i], offsets_in(i)).has_value();
    clean = clean && raft_->close().has_value() && !has_lost_a_directory();
    for (const char* path : data_directories) clean = clean && storage::write_clean_marker(disk_, path).has_value();
    return clean;
}

}  // namespace milena::sim
