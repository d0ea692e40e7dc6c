// PartitionTable: the replicas that one shard owns. It is told of every new metadata image and opens, configures,
// promotes and removes replicas so that they agree with it. Used by its shard's thread only; never asks for an image.
//
// A directory that fails takes its replicas offline: they lead and follow nothing and answer KAFKA_STORAGE_ERROR until
// the process restarts, while those in other directories go on.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "env/clock.h"
#include "env/random.h"
#include "metadata/delta.h"
#include "replica/cleaner.h"
#include "replica/log_move.h"
#include "replica/replica.h"
#include "settings/broker_config.h"
#include "storage/checkpoints.h"
#include "storage/log_directory.h"
#include "storage/tail_cache.h"

namespace milena::replica {

// What lay in one log directory when the process started. Read once, shared by all shards.
struct DirectoryInventory {
    struct Entry {
        Offset recovery_point{0};
        Offset log_start_offset{0};
        Offset high_watermark{0};
        std::optional<Offset> cleaned_to;
    };

    Uuid directory_id;
    bool was_closed_cleanly = false;
    int64_t closed_by = -1;  // broker epoch of the process that has closed it so, if that is known
    std::map<std::pair<std::string, PartitionIndex>, Entry> partitions;
    std::vector<storage::PartitionDirectory> futures;  // copies that were on their way here
    std::vector<std::string> deleted;                  // names of directories that were to be removed
};

// Reads the names and checkpoints of a directory; a checkpoint that can't be trusted counts as none, which costs time.
env::DiskResult<DirectoryInventory> take_inventory(env::Disk& disk, const std::string& path);

using Inventories = std::vector<std::shared_ptr<const DirectoryInventory>>;
// The broker epoch of the process that has closed all of these cleanly; -1 where one of them doesn't say so, or says
// something else than another (KIP-966).
int64_t closed_by(const Inventories& inventories);

struct TableDirectory {
    Uuid id;
    storage::LogDirectory* log_directory = nullptr;
};

struct TableEnvironment {
    NodeId node;
    uint32_t shard = 0;
    uint32_t shard_count = 1;
    std::vector<TableDirectory> directories;
    Inventories inventories;  // as `directories`
    storage::TailCache& cache;
    env::Clock& clock;
    env::Random& random;
    wire::Codecs& codecs;
    uint64_t writeback_bytes = 0;  // as storage::LogEnvironment
    // Others of this broker's directories couldn't be opened: replicas that were assigned to an unknown one may be
    // there.
    bool are_directories_offline = false;
    std::function<void()> opened = nullptr;  // told of each log that was opened, or couldn't be
};

// The offsets that the checkpoint files of one directory remember of this shard's partitions.
struct DirectoryOffsets {
    std::vector<storage::PartitionOffset> recovery_points;
    std::vector<storage::PartitionOffset> log_starts;
    std::vector<storage::PartitionOffset> high_watermarks;
    std::vector<storage::PartitionOffset> cleaned;
};

// Replaces the checkpoint files of a directory; `offsets` are those of all shards together. The first blocks on the
// device. The second leaves out the log start offsets, which have an interval of their own and the third; of each of
// these two only one may be under way for a directory.
env::DiskResult<void> write_offsets(env::Disk& disk, const std::string& path, const DirectoryOffsets& offsets);
void write_offsets_async(env::Disk& disk, const std::string& path, const DirectoryOffsets& offsets,
                         env::DiskDone<void> done);
void write_log_starts_async(env::Disk& disk, const std::string& path, const DirectoryOffsets& offsets,
                            env::DiskDone<void> done);

// A partition that is followed from now on, or by another epoch, or (leader none) no longer.
struct FollowChange {
    PartitionKey key;
    NodeId leader = no_node;
    LeaderEpoch leader_epoch = no_leader_epoch;
    NodeId leader_before = no_node;

    bool operator==(const FollowChange&) const = default;
};

// Where a replica lies.
struct Placement {
    PartitionKey key;
    Uuid directory;

    bool operator==(const Placement&) const = default;
};

// Kafka's numbers of what a shard leads.
struct ReplicationMetrics {
    size_t leaders = 0;
    size_t under_replicated = 0;
    size_t under_min_isr = 0;
    size_t at_min_isr = 0;
    uint64_t isr_shrinks = 0;
    uint64_t isr_expands = 0;
    uint64_t isr_changes_failed = 0;
    int64_t lag_records_max = 0;  // of the followers: to the log end, and since they were last there
    uint64_t lag_bytes_max = 0;   // likewise
    uint64_t lag_bytes = 0;       // of all of them
    Duration lag_max{};

    void add(const Replica& replica, Instant now);
};

class PartitionTable {
  public:
    explicit PartitionTable(TableEnvironment environment);
    ~PartitionTable();
    PartitionTable(const PartitionTable&) = delete;
    PartitionTable& operator=(const PartitionTable&) = delete;

    // Makes the replicas agree with the delta's newer image. Recovers logs of an earlier run, which takes time at
    // start.
    void apply(const metadata::Delta& delta, std::shared_ptr<const settings::BrokerConfig> config);

    // Null if this shard has no such replica.
    Replica* find(const PartitionKey& key);

    struct Found {
        Replica* replica = nullptr;
        ErrorCode error = ErrorCode::none;  // why there is none: offline, or not of this node
    };
    // For requests: a replica that can be used, or the error that the client gets.
    Found use(const PartitionKey& key);

    // --- replication (partition_table_replication.cc)
    // ----------------------------------------------------------------------------------------------------------

    // To be set before the first image, where there are other brokers.
    void when_isr_changes(ProposeIsr propose) { context_.propose = std::move(propose); }
    void when_truncated(SaveOffsets save) { context_.save_offsets = std::move(save); }
    // Called at the end of apply() with all that it has changed.
    void when_following(std::function<void(std::vector<FollowChange>)> following) { following_ = std::move(following); }
    // The controller has answered what this broker said at `asked_at`.
    void heard_by_controller(Instant asked_at) { context_.heard_by_controller = asked_at; }
    bool may_be_fenced() const { return context_.may_be_fenced(); }
    // Lets leaders look after their followers, up to `count_max` at a time; true when it has come round.
    bool look_after_replicas(size_t count_max);
    // Of all partitions; and only what isn't the sum of theirs.
    ReplicationMetrics replication_metrics();
    ReplicationMetrics replication_counts() const;

    // --- maintenance: each call does a bounded piece of work and goes on from there at the next one
    // -------------------

    // Applies retention to up to `count_max` replicas; true when it has come round.
    bool delete_old_segments(size_t count_max);
    // Both queue the logs that need it; a few at a time are then made durable, so that neither descriptors nor the
    // device's queue run full.
    void checkpoint();
    void flush_due();
    // Lets the kernel write what was appended to many logs, a little to each.
    void write_back();
    void expire_producers();
    // Whether full ones have room again; and removes files whose delay is over, at most `count_max` of each directory:
    // true when none of these is left.
    bool look_after_directories(size_t count_max);

    // Compaction: a slice of looking for a dirty log or of compacting one; how long nothing more needs to be done.
    Duration clean_logs(size_t count_max);
    CleanerMetrics cleaner_metrics() const { return cleaner_.metrics(); }

    // --- moves between directories (partition_table_moves.cc)
    // ---------------------------------------------------------------------------------------------------------------

    // Begins to move the replica's log there, or ends a move if it is there. REPLICA_NOT_AVAILABLE: there is no such
    // replica. LOG_DIR_NOT_FOUND, KAFKA_STORAGE_ERROR: of the directory, or of the one where the log is.
    ErrorCode move_to(const PartitionKey& key, const Uuid& directory);
    // A slice of one move; how long nothing more should be done.
    Duration move_logs();
    // Called with what the cluster is to be asked to assign: directories where new logs were made, or where a copy is
    // ready to take a log's place. To be set before the first image.
    using Assign = std::function<void(std::vector<Placement>)>;
    void when_placed(Assign assign) { assign_ = std::move(assign); }
    // visit(replica, copy) for those that move into the directory.
    template <class F>
    void each_move_to(const Uuid& directory_id, F&& visit) const {
        for (const auto& [key, move] : moves_) {
            const Slot& slot = replicas_.at(key);
            if (move->copy() == nullptr || !slot.replica) continue;
            if (environment_.directories[move->target()].id == directory_id)
                visit(static_cast<const Replica&>(*slot.replica),
                      static_cast<const storage::PartitionLog&>(*move->copy()));
        }
    }

    DirectoryOffsets offsets_in(const Uuid& directory_id) const;
    bool has_failed(const Uuid& directory_id) const;
    // Whoever has found it out: its replicas end what they do.
    void fail_directory(const Uuid& directory_id);
    // Whether it gets no new replicas, by the settings in force and a metadata.version that knows of it.
    bool is_cordoned(const Uuid& directory_id) const;
    // Ends the leaderships and makes every log durable; then close_all() has little to wait for.
    void flush_all(std::function<void()> done);
    // Makes every log durable and closes it, for a clean shutdown; false if a directory can't be marked clean.
    bool close_all();

    template <class F>
    void each(F&& visit) {
        for (const PartitionKey& key : order_)
            if (const Found found = use(key); found.replica != nullptr) visit(*found.replica);
    }
    // For whoever has other work in between: looks at up to `count_max` (at least 1) of them, by key, behind `last`;
    // the last one looked at, or nothing if there are no more. What comes or goes meanwhile is met or isn't.
    template <class F>
    std::optional<PartitionKey> each_after(const std::optional<PartitionKey>& last, size_t count_max, F&& visit) {
        auto at = last ? std::upper_bound(order_.begin(), order_.end(), *last) : order_.begin();
        const auto end = at + std::min<ptrdiff_t>(order_.end() - at, static_cast<ptrdiff_t>(count_max));
        for (; at != end; ++at)
            if (const Found found = use(*at); found.replica != nullptr) visit(*found.replica);
        return end == order_.end() ? std::nullopt : std::optional(*(end - 1));
    }
    // Those whose files are in the directory, by key.
    template <class F>
    void each_in(const Uuid& directory_id, F&& visit) const {
        for (const PartitionKey& key : order_) {
            const Slot& slot = replicas_.at(key);
            if (slot.replica && environment_.directories[slot.directory].id == directory_id)
                visit(static_cast<const Replica&>(*slot.replica));
        }
    }
    size_t size() const { return replicas_.size(); }

  private:
    struct Slot {
        std::unique_ptr<Replica> replica;  // null: its log could not be opened
        size_t directory = 0;              // index in environment_.directories
        Replica::Flush wanted = Replica::Flush::none;
    };

    void reconfigure(const metadata::Delta& delta, bool defaults_changed);
    void apply_topic(const metadata::TopicChange& change);
    void apply_partition(const metadata::TopicImage& topic, PartitionIndex index,
                         const metadata::PartitionImage& partition);
    void open(const PartitionKey& key, const metadata::TopicImage& topic, const metadata::PartitionImage& partition);
    const DirectoryInventory::Entry* left_behind(size_t directory, const std::string& topic,
                                                 PartitionIndex index) const;
    std::optional<size_t> choose_directory(const metadata::TopicImage& topic, PartitionIndex index,
                                           const metadata::PartitionImage& partition) const;
    void renew_brokers();
    void take_role(Replica& replica, const metadata::PartitionImage& partition);
    void no_longer_followed(const Replica& replica);
    void tell_following();
    bool is_offline(const Slot& slot) const {
        return !slot.replica || environment_.directories[slot.directory].log_directory->has_failed();
    }
    void set_aside(storage::LogDirectory& directory, const std::string& topic, PartitionIndex partition);
    void set_strays_aside();
    void remove_deleted();
    void remove(const PartitionKey& key);
    std::shared_ptr<const TopicPolicy> policy_for(const metadata::TopicImage& topic);
    bool owns(const PartitionKey& key) const { return shard_of(key, environment_.shard_count) == environment_.shard; }
    env::Urgency urgency_of(const Replica& replica) const;
    ErrorCode begin_move(const PartitionKey& key, size_t target);
    Duration move_on(const PartitionKey& key, LogMove& move);
    void charge_move(size_t bytes);
    bool is_assigned(const PartitionKey& key, const LogMove& move) const;
    void ask_for_assignment(const PartitionKey& key, LogMove& move);
    bool try_place(const PartitionKey& key, LogMove& move, Replica& replica);
    void end_move(PartitionKey key, std::string_view how);
    void resume_moves();
    void remove_left_behind(const PartitionKey& key, const std::string& topic);
    void queue_flush(const PartitionKey& key, Replica::Flush what);
    void flush_next();

    TableEnvironment environment_;
    ReplicaContext context_;                                 // of all replicas
    std::vector<storage::LogEnvironment> log_environments_;  // as the directories; the logs refer to them
    std::shared_ptr<const settings::BrokerConfig> config_;
    std::shared_ptr<const metadata::Image> image_;
    std::unordered_map<PartitionKey, Slot> replicas_;
    std::vector<PartitionKey> order_;  // keys of replicas_, sorted: what walks over them is the same in every run
    std::unordered_map<Uuid, std::shared_ptr<const TopicPolicy>> policies_;  // by topic
    std::vector<size_t> directory_load_;                                     // replicas by directory
    bool uses_inventory_ = false;                                            // only while the first image is applied
    std::optional<PartitionKey> retention_last_;  // the rounds of retention and compaction have come so far
    std::optional<PartitionKey> cleaner_last_;
    std::optional<PartitionKey> looked_after_last_;
    std::function<void(std::vector<FollowChange>)> following_;
    std::vector<FollowChange> follow_changes_;  // of the image that is being applied; so the next
    std::vector<Placement> placements_;
    Cleaner cleaner_;
    std::map<PartitionKey, std::unique_ptr<LogMove>> moves_;
    PartitionKey moved_last_;  // whose slice was the last one
    Instant move_next_at_;     // until then what was copied is paid for
    Assign assign_;
    std::deque<PartitionKey> to_flush_;  // those whose slot says what is wanted
    size_t flushing_count_ = 0;
    bool is_starting_flushes_ = false;
    bool is_closing_ = false;
    std::function<void()> flushed_all_;      // who waits for the last of them
    std::shared_ptr<PartitionTable*> self_;  // dies with the table
};

}  // namespace milena::replica
