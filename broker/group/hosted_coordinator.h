// HostedCoordinator: one coordinator at work on its partition. Reads the log into it when the partition begins to be
// led here, a slice at a time so that nobody on the shard waits; appends what it writes as one batch; and gives its
// answers once everything written so far is committed. Owned by CoordinatorHost, used by its shard's thread only.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "group/coordinator.h"
#include "replica/partition_key.h"
#include "replica/partition_table.h"
#include "storage/partition_log.h"

namespace milena::group {

// What coordinators live on: one shard, real or simulated.
struct HostEnvironment {
    replica::PartitionTable& partitions;
    env::Clock& clock;
    env::Random& random;
    wire::Codecs& codecs;
    std::function<void(std::function<void()>)> post;  // to be run soon, on the same thread, and not from within
    std::function<void(Instant)> wake_at;             // the next tick() is due then; earlier than what was said before
    size_t shards_count = 1;                          // that share the memory of the process
};

class HostedCoordinator final : public Journal, public std::enable_shared_from_this<HostedCoordinator> {
  public:
    struct Options {
        Config config;
        wire::Codec codec = wire::Codec::none;  // offsets.topic.compression.codec
        Milliseconds commit_timeout{5'000};     // offsets.commit.timeout.ms
        std::function<void(Instant)> wake_at;   // tick() is due then, perhaps earlier than was known
        std::shared_ptr<MembersMemory> members = std::make_shared<MembersMemory>();  // of the host
        std::shared_ptr<GroupCounts> counts = std::make_shared<GroupCounts>();       // of the host, too
    };

    HostedCoordinator(const HostEnvironment& environment, const replica::PartitionKey& key, Options options);
    ~HostedCoordinator() override = default;

    // To be called once, when the replica leads.
    void load();
    // Why it can't be asked: COORDINATOR_LOAD_IN_PROGRESS, or NOT_COORDINATOR if the log could not be read.
    ErrorCode unavailable() const { return unavailable_; }
    // See Replica::is_forsaken().
    bool is_forsaken() const {
        const replica::Replica* led = replica();
        return led != nullptr && led->is_forsaken();
    }

    // Whatever is done with the coordinator is done here: what it answers goes its way afterwards.
    template <class Work>
    void use(Work&& work) {
        work(coordinator_);
        settle();
    }
    const Coordinator& coordinator() const { return coordinator_; }
    void topic_deleted(const std::string& name, const Uuid& id);
    // The partition is led here no longer. All who wait are told so.
    void resign();

    void tick(Instant now);
    Instant next_deadline() const;

    Result<Offset> append(const Records& records) override;
    size_t batch_bytes_max() const override;

  private:
    struct Held {
        Offset last_offset;  // to be committed first
        Instant deadline;
        Coordinator::Answer answer;
    };

    void read_slice();
    void take_slice(const Result<storage::ReadBatches>& slice);
    void apply_some();
    void refuse_load();
    bool apply(const wire::BatchHeader& header, std::span<const std::byte> batch);
    void loaded();
    void settle();
    void release(Offset high_watermark);
    void fail_held(ErrorCode error);
    replica::Replica* replica() const { return environment_.partitions.find(key_); }

    const HostEnvironment& environment_;
    const replica::PartitionKey key_;
    const Options options_;
    Coordinator coordinator_;
    ErrorCode unavailable_ = ErrorCode::coordinator_load_in_progress;

    // Loading
    Offset next_offset_;        // everything below it is applied
    std::vector<Bytes> slice_;  // read, and not yet applied
    Offset slice_end_;
    Instant load_began_;
    size_t records_read_ = 0;
    size_t records_skipped_ = 0;
    std::vector<std::byte> decompressed_;
    std::vector<std::pair<std::string, Uuid>> deleted_topics_;  // meanwhile

    // Serving
    Offset last_written_ = no_offset;
    std::deque<Held> held_;
};

}  // namespace milena::group
