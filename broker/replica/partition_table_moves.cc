#include <algorithm>
#include <utility>

#include "base/log.h"
#include "replica/partition_table.h"

namespace milena::replica {
namespace {

constexpr size_t slice_bytes = 1U << 20;
constexpr Duration nothing_to_do = std::chrono::milliseconds(100);
constexpr Duration between_move_slices = std::chrono::milliseconds(1);
constexpr Duration between_move_looks = std::chrono::milliseconds(10);
constexpr Duration asked_again_after = std::chrono::seconds(10);

}  // namespace

ErrorCode PartitionTable::move_to(const PartitionKey& key, const Uuid& directory) {
    const auto at = replicas_.find(key);
    if (at == replicas_.end()) return ErrorCode::replica_not_available;
    if (use(key).replica == nullptr) return ErrorCode::kafka_storage_error;
    size_t target = 0;
    while (target < environment_.directories.size() && environment_.directories[target].id != directory) ++target;
    if (target == environment_.directories.size()) return ErrorCode::log_dir_not_found;
    if (environment_.directories[target].log_directory->has_failed()) return ErrorCode::kafka_storage_error;
    if (const auto move = moves_.find(key); move != moves_.end()) {
        if (move->second->target() == target) return ErrorCode::none;
        if (move->second->is_in_place()) return ErrorCode::replica_not_available;  // ask again
        move->second->cancel();
        moves_.erase(move);
    }
    return at->second.directory == target ? ErrorCode::none : begin_move(key, target);
}

ErrorCode PartitionTable::begin_move(const PartitionKey& key, size_t target) {
    const storage::PartitionLog& log = replicas_.at(key).replica->log();
    storage::OpenOptions options;
    options.topic = log.topic();
    options.partition = key.partition;
    options.topic_id = key.topic_id;
    options.config = replicas_.at(key).replica->policy().log;
    const Uuid unique = Uuid::from_random(environment_.random.next(), environment_.random.next());
    options.directory_name = storage::future_directory_name(log.topic(), key.partition, unique);
    auto copy = storage::PartitionLog::open(log_environments_[target], options);
    if (!copy.has_value()) return copy.error();
    if (log.log_start_offset() > Offset(0)) {
        const auto begun = (*copy)->truncate_fully_and_start_at(log.log_start_offset());
        if (!begun.has_value()) return begun.error();
    }
    log_info("log moves", {{"topic", log.topic()},
                           {"partition", key.partition},
                           {"to", environment_.directories[target].log_directory->path()}});
    moves_.emplace(key, std::make_unique<LogMove>(target, std::move(*copy)));
    return ErrorCode::none;
}

// One slice of one move, of each in turn; how long nothing more should be done.
Duration PartitionTable::move_logs() {
    if (moves_.empty()) return nothing_to_do;
    const Instant now = environment_.clock.now();
    if (now < move_next_at_) return std::min<Duration>(move_next_at_ - now, nothing_to_do);
    auto at = moves_.upper_bound(moved_last_);
    if (at == moves_.end()) at = moves_.begin();
    moved_last_ = at->first;
    return move_on(at->first, *at->second);
}

Duration PartitionTable::move_on(const PartitionKey& key, LogMove& move) {
    if (move.has_failed()) {
        end_move(key, "failed");
        return between_move_slices;
    }
    Replica* replica = use(key).replica;
    if (replica == nullptr || move.is_waiting()) return between_move_looks;
    if (move.is_in_place()) return nothing_to_do;
    if (!move.has_all_of(replica->log())) {
        move.copy_some(replica->log(), slice_bytes, [this, table = std::weak_ptr(self_)](size_t bytes) {
            if (table.lock()) charge_move(bytes);
        });
        // The last records are few, and whoever waits for calm may wait for long.
        if (!move.is_waiting() && !move.has_failed()) try_place(key, move, *replica);
        return between_move_slices;
    }
    if (!move.was_synced()) {
        move.sync();
        return between_move_looks;
    }
    if (!is_assigned(key, move)) {
        ask_for_assignment(key, move);
        return between_move_looks;
    }
    if (!try_place(key, move, *replica) && !move.is_waiting() && replica->policy().demands_sync()) move.sync();
    return between_move_looks;
}

void PartitionTable::charge_move(size_t bytes) {
    const int64_t limit = config_->replica_alter_log_dirs_io_max_bytes_per_second /
                          std::max<int64_t>(1, static_cast<int64_t>(environment_.shard_count));
    const double seconds = static_cast<double>(bytes) / static_cast<double>(std::max<int64_t>(limit, 1));
    const auto pause = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::min(seconds, 3600.0)));
    move_next_at_ = std::max(move_next_at_, environment_.clock.now()) + pause;
}

bool PartitionTable::is_assigned(const PartitionKey& key, const LogMove& move) const {
    const metadata::PartitionImage* partition = image_->partition(key.topic_id, key.partition);
    return partition != nullptr &&
           partition->directory_of(environment_.node) == environment_.directories[move.target()].id;
}

void PartitionTable::ask_for_assignment(const PartitionKey& key, LogMove& move) {
    const Instant now = environment_.clock.now();
    if (!assign_ || (move.asked_at && now - *move.asked_at < asked_again_after)) return;
    move.asked_at = now;
    assign_({{key, environment_.directories[move.target()].id}});
}

// The copy becomes the log; the old one goes when all of it is durable in the new place.
bool PartitionTable::try_place(const PartitionKey& key, LogMove& move, Replica& replica) {
    if (!move.was_synced() || !is_assigned(key, move) || !move.is_ready_for(replica)) return false;
    cleaner_.forget(key);
    if (!move.put_in_place(replica)) return false;  // the next slice ends it
    Slot& slot = replicas_.at(key);
    --directory_load_[slot.directory];
    slot.directory = move.target();
    ++directory_load_[slot.directory];
    move.finish(replica, [this, key] { end_move(key, "done"); });
    return true;
}

// The key is a copy: the one in the map goes with the move.
void PartitionTable::end_move(PartitionKey key, std::string_view how) {
    const auto at = moves_.find(key);
    if (at == moves_.end()) return;
    const std::unique_ptr<LogMove> move = std::move(at->second);
    moves_.erase(at);
    // What isn't known to be durable in the new place must stay in the old one.
    if (!move->has_failed()) move->remove_old();
    move->cancel();
    const metadata::TopicImage* topic = image_->topic(key.topic_id);
    log_info("log move ended",
             {{"topic", topic == nullptr ? std::string() : topic->name}, {"partition", key.partition}, {"how", how}});
}

// What a crash left of copies is begun anew; what it left of a log that had moved on goes.
void PartitionTable::resume_moves() {
    for (size_t i = 0; i < environment_.directories.size(); ++i) {
        storage::LogDirectory& directory = *environment_.directories[i].log_directory;
        for (const storage::PartitionDirectory& future : environment_.inventories[i]->futures) {
            const metadata::TopicImage* topic = image_->topic(future.topic);
            const PartitionKey key{topic == nullptr ? Uuid{} : topic->id, future.partition};
            if (topic == nullptr ? environment_.shard != 0 : !owns(key)) continue;
            directory.remove_later(directory.path() + "/" + future.name, environment_.clock.now());
            const auto slot = replicas_.find(key);
            if (slot != replicas_.end() && slot->second.replica && slot->second.directory != i)
                (void)begin_move(key, i);
        }
    }
}

// The log that the cluster knows is another one: this copy was to be removed when the process ended.
void PartitionTable::remove_left_behind(const PartitionKey& key, const std::string& topic) {
    const size_t used = replicas_.at(key).directory;
    for (size_t i = 0; i < environment_.directories.size(); ++i) {
        if (i == used || left_behind(i, topic, key.partition) == nullptr) continue;
        storage::LogDirectory& directory = *environment_.directories[i].log_directory;
        const std::string from = directory.path() + "/" + storage::partition_directory_name(topic, key.partition);
        const Uuid unique = Uuid::from_random(environment_.random.next(), environment_.random.next());
        const std::string to = directory.path() + "/" + storage::deleted_directory_name(topic, key.partition, unique);
        if (!directory.disk().rename(from, to).has_value()) continue;
        directory.names_changed();
        directory.remove_later(to, environment_.clock.now());
        log_info("old log removed", {{"directory", from}});
    }
}

}  // namespace milena::replica
