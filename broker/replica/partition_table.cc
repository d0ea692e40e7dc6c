#include "replica/partition_table.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "metadata/feature_levels.h"

namespace milena::replica {
namespace {

constexpr std::string_view metadata_topic = "__cluster_metadata";
constexpr size_t flushing_count_max = 32;
constexpr uint64_t write_back_bytes = 64U << 10;

}  // namespace

PartitionTable::PartitionTable(TableEnvironment environment)
    : environment_(std::move(environment)),
      context_{environment_.node, environment_.clock},
      directory_load_(environment_.directories.size()),
      cleaner_(environment_.clock),
      self_(std::make_shared<PartitionTable*>(this)) {
    check(!environment_.directories.empty());
    check(environment_.inventories.size() == environment_.directories.size());
    log_environments_.reserve(environment_.directories.size());
    for (const TableDirectory& directory : environment_.directories)
        log_environments_.push_back({*directory.log_directory, environment_.cache, environment_.clock,
                                     environment_.random, environment_.codecs, environment_.writeback_bytes});
}

// The logs complete what waits for them; nothing of this may be looked at then.
PartitionTable::~PartitionTable() { self_.reset(); }

void PartitionTable::apply(const metadata::Delta& delta, std::shared_ptr<const settings::BrokerConfig> config) {
    const bool is_first = image_ == nullptr;
    const bool defaults_changed = config_ == nullptr || !(*config_ == *config);
    config_ = std::move(config);
    image_ = delta.after;
    if (defaults_changed) cleaner_.configure(*config_, environment_.shard_count);
    context_.lag_time_max = Milliseconds(config_->replica_lag_time_max_ms);
    context_.session_timeout = Milliseconds(config_->broker_session_timeout_ms);
    const int64_t rate = config_->leader_replication_throttled_rate;
    context_.leader_throttle.limit(
        rate == ReplicationThrottle::unlimited ? rate : rate / static_cast<int64_t>(environment_.shard_count));
    const bool brokers_changed = is_first || !delta.brokers.empty();
    if (brokers_changed) renew_brokers();
    const size_t size_before = replicas_.size();
    if (defaults_changed || !delta.configs.empty()) reconfigure(delta, defaults_changed);
    uses_inventory_ = is_first;
    for (const metadata::TopicChange& change : delta.topics) apply_topic(change);
    uses_inventory_ = false;
    if (replicas_.size() != size_before || !delta.topics.empty()) {
        order_.clear();
        for (const auto& [key, slot] : replicas_) order_.push_back(key);
        std::sort(order_.begin(), order_.end());
    }
    // Who was fenced may have caught up already.
    if (brokers_changed && context_.propose) each([](Replica& replica) { replica.look_after(); });
    flush_next();
    tell_following();
    if (is_first) resume_moves();
    if (is_first && environment_.shard == 0) {
        set_strays_aside();
        remove_deleted();
    }
    std::vector<Placement> placements = std::exchange(placements_, {});
    if (assign_ && !placements.empty()) assign_(std::move(placements));
}

void PartitionTable::reconfigure(const metadata::Delta& delta, bool defaults_changed) {
    std::vector<Uuid> changed;
    for (const auto& [topic_id, policy] : policies_) {
        const metadata::TopicImage* topic = image_->topic(topic_id);
        if (topic == nullptr) continue;
        const metadata::ConfigResource resource{metadata::ConfigResourceType::topic, topic->name};
        if (defaults_changed || delta.configs.contains(resource)) changed.push_back(topic_id);
    }
    for (const Uuid& topic_id : changed) {
        const metadata::TopicImage& topic = *image_->topic(topic_id);
        policies_.erase(topic_id);
        for (size_t i = 0; i < topic.partitions.size(); ++i) {
            const auto at = replicas_.find({topic_id, PartitionIndex(static_cast<int32_t>(i))});
            if (at == replicas_.end() || !at->second.replica) continue;
            at->second.replica->configure(policy_for(topic));
            const auto move = moves_.find(at->first);
            if (move != moves_.end() && move->second->copy() != nullptr)
                move->second->copy()->configure(policy_for(topic)->log);
        }
    }
}

std::shared_ptr<const TopicPolicy> PartitionTable::policy_for(const metadata::TopicImage& topic) {
    auto& policy = policies_[topic.id];
    if (!policy)
        policy =
            topic_policy(settings::topic_config(config_->topic_defaults, image_->topic_config(topic.name)), *config_);
    return policy;
}

void PartitionTable::apply_topic(const metadata::TopicChange& change) {
    const metadata::TopicImage& named = change.after ? *change.after : *change.before;
    for (const PartitionIndex index : change.partitions) {
        const PartitionKey key{named.id, index};
        if (!owns(key)) continue;
        const metadata::PartitionImage* partition = change.after ? change.after->partition(index) : nullptr;
        if (partition == nullptr || !partition->has_replica(environment_.node))
            remove(key);
        else
            apply_partition(*change.after, index, *partition);
    }
    if (!change.after) policies_.erase(named.id);
}

void PartitionTable::apply_partition(const metadata::TopicImage& topic, PartitionIndex index,
                                     const metadata::PartitionImage& partition) {
    const PartitionKey key{topic.id, index};
    if (!replicas_.contains(key)) {
        open(key, topic, partition);
        if (environment_.opened) environment_.opened();
    }
    const Slot& slot = replicas_.at(key);
    if (is_offline(slot) || partition.leader_epoch < slot.replica->leader_epoch()) return;
    take_role(*slot.replica, partition);
}

// What an earlier run left of the partition. Only the first image is about that run: a topic that is created later may
// have the name of an old one, but nothing else of it.
const DirectoryInventory::Entry* PartitionTable::left_behind(size_t directory, const std::string& topic,
                                                             PartitionIndex index) const {
    if (!uses_inventory_) return nullptr;
    const auto& partitions = environment_.inventories[directory]->partitions;
    const auto at = partitions.find({topic, index});
    return at == partitions.end() ? nullptr : &at->second;
}

// Where its files are, of two logs where the metadata says; else where that says, else the directory with the fewest
// replicas of those that aren't cordoned. When all are, the replica was placed here just before: the first one, as in
// Kafka. None where the files may be in a directory that is offline.
std::optional<size_t> PartitionTable::choose_directory(const metadata::TopicImage& topic, PartitionIndex index,
                                                       const metadata::PartitionImage& partition) const {
    const Uuid assigned = partition.directory_of(environment_.node);
    std::optional<size_t> found;
    for (size_t i = 0; i < environment_.directories.size(); ++i) {
        const bool is_assigned_here = environment_.directories[i].id == assigned;
        if (left_behind(i, topic.name, index) != nullptr && (!found || is_assigned_here)) found = i;
    }
    if (found) return *found;
    for (size_t i = 0; i < environment_.directories.size(); ++i)
        if (environment_.directories[i].id == assigned) return i;
    if (environment_.are_directories_offline && !assigned.is_reserved()) return std::nullopt;
    std::optional<size_t> first_working, best;
    for (size_t i = 0; i < environment_.directories.size(); ++i) {
        if (environment_.directories[i].log_directory->has_failed()) continue;
        if (!first_working) first_working = i;
        if (is_cordoned(environment_.directories[i].id)) continue;
        if (!best || directory_load_[i] < directory_load_[*best]) best = i;
    }
    return best ? *best : first_working.value_or(0);
}

bool PartitionTable::is_cordoned(const Uuid& directory_id) const {
    if (!metadata::knows_cordoned_directories(*image_->features)) return false;
    const auto& cordoned = config_->cordoned_log_dirs;
    return std::ranges::any_of(environment_.directories, [&](const TableDirectory& directory) {
        return directory.id == directory_id &&
               std::ranges::find(cordoned, directory.log_directory->path()) != cordoned.end();
    });
}

void PartitionTable::open(const PartitionKey& key, const metadata::TopicImage& topic,
                          const metadata::PartitionImage& partition) {
    Slot& slot = replicas_[key];
    const std::optional<size_t> chosen = choose_directory(topic, key.partition, partition);
    slot.directory = chosen.value_or(0);
    ++directory_load_[slot.directory];
    if (!chosen)
        return log_error("partition offline, as its directory is",
                         {{"topic", topic.name}, {"partition", key.partition}});
    const Uuid placed_in = environment_.directories[slot.directory].id;
    if (placed_in == partition.directory_of(environment_.node))
        remove_left_behind(key, topic.name);
    else
        placements_.push_back({key, placed_in});
    storage::LogDirectory& directory = *environment_.directories[slot.directory].log_directory;
    const std::shared_ptr<const TopicPolicy> policy = policy_for(topic);

    storage::OpenOptions options;
    options.topic = topic.name;
    options.partition = key.partition;
    options.topic_id = key.topic_id;
    options.config = policy->log;
    if (const DirectoryInventory::Entry* entry = left_behind(slot.directory, topic.name, key.partition)) {
        options.was_closed_cleanly = environment_.inventories[slot.directory]->was_closed_cleanly;
        options.recovery_point = entry->recovery_point;
        options.log_start_offset = entry->log_start_offset;
        options.cleaned_to = entry->cleaned_to;
    }
    const storage::LogEnvironment& environment = log_environments_[slot.directory];
    auto log = storage::PartitionLog::open(environment, options);
    if (!log.has_value() && log.error() == ErrorCode::inconsistent_topic_id) {
        set_aside(directory, topic.name, key.partition);
        options.recovery_point = options.log_start_offset = Offset{0};
        options.cleaned_to.reset();
        log = storage::PartitionLog::open(environment, options);
    }
    if (!log.has_value()) {
        log_error("partition offline", {{"topic", topic.name},
                                        {"partition", key.partition},
                                        {"directory", directory.path()},
                                        {"error", log.error()}});
        return;
    }
    slot.replica = std::make_unique<Replica>(key, std::move(*log), policy, context_);
    if (const DirectoryInventory::Entry* entry = left_behind(slot.directory, topic.name, key.partition))
        slot.replica->remember_high_watermark(entry->high_watermark);
    // Where only durable records may be seen, what a crash left in the page cache is made durable first of all.
    const bool is_durable = slot.replica->log().durable_offset() == slot.replica->log().log_end_offset();
    if (policy->is_fsynced_before_acknowledgement() && !is_durable) queue_flush(key, Replica::Flush::checkpoint);
}

// Files of a topic that the cluster doesn't know or that was deleted and created anew meanwhile, or of a partition that
// has left this node: kept, out of the way. Should it come back, they would be taken for what is known of it then.
void PartitionTable::set_aside(storage::LogDirectory& directory, const std::string& topic, PartitionIndex partition) {
    const std::string from = storage::partition_directory_name(topic, partition);
    const Uuid unique = Uuid::from_random(environment_.random.next(), environment_.random.next());
    const std::string to = storage::stray_directory_name(topic, partition, unique);
    const auto renamed = directory.disk().rename(directory.path() + "/" + from, directory.path() + "/" + to);
    if (!renamed.has_value()) {
        (void)directory.failed(renamed.error(), "setting a stray partition aside", from);
        return;
    }
    directory.names_changed();
    log_warn("stray partition set aside", {{"directory", directory.path()}, {"from", from}, {"to", to}});
}

void PartitionTable::set_strays_aside() {
    for (size_t i = 0; i < environment_.directories.size(); ++i) {
        for (const auto& [place, entry] : environment_.inventories[i]->partitions) {
            const auto& [topic_name, partition] = place;
            if (topic_name == metadata_topic) continue;
            const metadata::TopicImage* topic = image_->topic(topic_name);
            const metadata::PartitionImage* known = topic == nullptr ? nullptr : topic->partition(partition);
            if (known == nullptr || !known->has_replica(environment_.node))
                set_aside(*environment_.directories[i].log_directory, topic_name, partition);
        }
    }
}

// What the process before had no time to remove.
void PartitionTable::remove_deleted() {
    for (size_t i = 0; i < environment_.directories.size(); ++i) {
        storage::LogDirectory& directory = *environment_.directories[i].log_directory;
        for (const std::string& name : environment_.inventories[i]->deleted)
            directory.remove_later(directory.path() + "/" + name, environment_.clock.now());
    }
}

void PartitionTable::remove(const PartitionKey& key) {
    const auto at = replicas_.find(key);
    if (at == replicas_.end()) return;
    --directory_load_[at->second.directory];
    cleaner_.forget(key);
    if (moves_.contains(key)) end_move(key, "deleted");
    // Destroyed after it has left the table: those who wait are told, and may look for it again.
    const std::unique_ptr<Replica> replica = std::move(at->second.replica);
    replicas_.erase(at);
    if (!replica) return;
    no_longer_followed(*replica);
    const Result<void> removed = replica->log().remove();
    if (!removed.has_value())
        log_error("partition not removed",
                  {{"topic", replica->log().topic()}, {"partition", key.partition}, {"error", removed.error()}});
}

Replica* PartitionTable::find(const PartitionKey& key) {
    const auto at = replicas_.find(key);
    return at == replicas_.end() ? nullptr : at->second.replica.get();
}

PartitionTable::Found PartitionTable::use(const PartitionKey& key) {
    const auto at = replicas_.find(key);
    if (at == replicas_.end()) return {.replica = nullptr, .error = ErrorCode::not_leader_or_follower};
    if (is_offline(at->second)) return {.replica = nullptr, .error = ErrorCode::kafka_storage_error};
    return {.replica = at->second.replica.get(), .error = ErrorCode::none};
}

bool PartitionTable::delete_old_segments(size_t count_max) {
    retention_last_ = each_after(retention_last_, count_max, [](Replica& replica) {
        const Result<void> result = replica.delete_old_segments();
        if (!result.has_value())
            log_warn(
                "retention failed",
                {{"topic", replica.log().topic()}, {"partition", replica.key().partition}, {"error", result.error()}});
    });
    return !retention_last_;
}

void PartitionTable::checkpoint() {
    each([this](const Replica& replica) {
        if (replica.log().needs_checkpoint()) queue_flush(replica.key(), Replica::Flush::checkpoint);
    });
    flush_next();
}

Duration PartitionTable::clean_logs(size_t count_max) {
    constexpr Duration nothing_to_do = std::chrono::seconds(1);
    if (!cleaner_.is_enabled()) return nothing_to_do;
    if (cleaner_.current().has_value()) return cleaner_.move_on(use(*cleaner_.current()).replica);
    constexpr Duration between_slices = std::chrono::milliseconds(10);
    cleaner_last_ = each_after(cleaner_last_, count_max, [this](Replica& replica) { cleaner_.consider(replica); });
    if (cleaner_last_) return between_slices;
    const auto dirtiest = cleaner_.end_round();
    return cleaner_.begin(dirtiest.has_value() ? use(*dirtiest).replica : nullptr);
}

void PartitionTable::flush_due() {
    const Instant now = environment_.clock.now();
    each([this, now](const Replica& replica) {
        if (replica.is_flush_due(now)) queue_flush(replica.key(), Replica::Flush::records);
    });
    flush_next();
}

void PartitionTable::queue_flush(const PartitionKey& key, Replica::Flush what) {
    Slot& slot = replicas_.at(key);
    if (slot.wanted == Replica::Flush::none) to_flush_.push_back(key);
    slot.wanted = std::max(slot.wanted, what);
}

// Where an acknowledgement waits for the disk, none may stand behind a long row of checkpoints.
env::Urgency PartitionTable::urgency_of(const Replica& replica) const {
    if (is_closing_) return env::Urgency::bulk;
    return replica.policy().is_fsynced_before_acknowledgement() ? env::Urgency::awaited : env::Urgency::background;
}

// A flush may have nothing to do and end at once, so this is a loop and not a chain of calls.
void PartitionTable::flush_next() {
    if (std::exchange(is_starting_flushes_, true)) return;
    while (flushing_count_ < flushing_count_max && !to_flush_.empty()) {
        const PartitionKey key = to_flush_.front();
        to_flush_.pop_front();
        const auto at = replicas_.find(key);
        if (at == replicas_.end()) continue;
        const Replica::Flush what = std::exchange(at->second.wanted, Replica::Flush::none);
        if (what == Replica::Flush::none || use(key).replica == nullptr) continue;
        ++flushing_count_;
        Replica& replica = *at->second.replica;
        replica.flush(what, urgency_of(replica), [self = std::weak_ptr(self_)] {
            const auto table = self.lock();
            if (table == nullptr) return;
            --(*table)->flushing_count_;
            (*table)->flush_next();
        });
    }
    is_starting_flushes_ = false;
    if (flushing_count_ == 0 && flushed_all_) std::exchange(flushed_all_, nullptr)();
}

void PartitionTable::write_back() {
    if (environment_.writeback_bytes == 0) return;
    each([](Replica& replica) { replica.log().write_back(write_back_bytes); });
}

// The device gets everything before the first of them is waited for.
void PartitionTable::flush_all(std::function<void()> done) {
    is_closing_ = true;
    each([this](Replica& replica) {
        replica.resign(replica.leader_epoch());
        replica.log().write_back(1);
        if (replica.log().needs_checkpoint()) queue_flush(replica.key(), Replica::Flush::checkpoint);
    });
    flushed_all_ = std::move(done);
    flush_next();
}

void PartitionTable::expire_producers() {
    each([](Replica& replica) { replica.log().expire_producers(); });
}

bool PartitionTable::look_after_directories(size_t count_max) {
    bool is_all = true;
    for (const TableDirectory& directory : environment_.directories) {
        if (directory.log_directory->has_failed()) continue;
        directory.log_directory->look_at_space();
        if (directory.log_directory->remove_due(environment_.clock.now(), count_max)) is_all = false;
    }
    return is_all;
}

DirectoryOffsets PartitionTable::offsets_in(const Uuid& directory_id) const {
    DirectoryOffsets offsets;
    each_in(directory_id, [&](const Replica& replica) {
        const storage::PartitionLog& log = replica.log();
        if (log.log_end_offset() == Offset{0}) return;
        offsets.recovery_points.push_back({log.topic(), log.partition(), log.recovery_point()});
        offsets.high_watermarks.push_back({log.topic(), log.partition(), replica.high_watermark()});
        if (log.cleaned_to().has_value()) offsets.cleaned.push_back({log.topic(), log.partition(), *log.cleaned_to()});
        if (log.log_start_offset() > Offset{0})
            offsets.log_starts.push_back({log.topic(), log.partition(), log.log_start_offset()});
    });
    return offsets;
}

bool PartitionTable::has_failed(const Uuid& directory_id) const {
    for (const TableDirectory& directory : environment_.directories)
        if (directory.id == directory_id) return directory.log_directory->has_failed();
    return true;
}

void PartitionTable::fail_directory(const Uuid& directory_id) {
    for (const TableDirectory& directory : environment_.directories)
        if (directory.id == directory_id) directory.log_directory->fail();
    for (const PartitionKey& key : order_) {
        const Slot& slot = replicas_.at(key);
        if (!slot.replica || environment_.directories[slot.directory].id != directory_id) continue;
        no_longer_followed(*slot.replica);
        slot.replica->resign(slot.replica->leader_epoch());
    }
    tell_following();
}

bool PartitionTable::close_all() {
    bool all_closed = image_ != nullptr;  // before the first one nothing that lies here was looked at
    for (const PartitionKey& key : order_) {
        Replica* replica = find(key);
        all_closed = all_closed && !is_offline(replicas_.at(key));  // what it has isn't known to be whole
        if (replica == nullptr) continue;
        replica->resign(replica->leader_epoch());
        Result<void> closed = replica->log().sync_now();
        if (closed.has_value()) closed = replica->log().close();
        all_closed = all_closed && closed.has_value();
    }
    return all_closed;
}

}  // namespace milena::replica
