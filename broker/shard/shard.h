// Shard: one thread with its loop, its view of the disk, and the partitions it owns. Everything here is touched by that
// thread only, except post() and id(). Told of every new metadata image; never asks for one.
// Shards: all of them, and the way from a partition to its owner.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "env/posix/posix_disk.h"
#include "env/posix/system_world.h"
#include "metadata/delta.h"
#include "metadata/image.h"
#include "replica/partition_table.h"
#include "settings/broker_config.h"
#include "shard/loop.h"
#include "shard/traffic.h"
#include "storage/log_directory.h"
#include "storage/tail_cache.h"
#include "wire/compression.h"

namespace milena::shard {

// One of log.dirs as it was found at start.
struct DirectoryAtStart {
    std::string path;
    Uuid id;
    std::shared_ptr<const replica::DirectoryInventory> inventory;
};

struct ShardOptions {
    ShardId id{0};
    uint32_t shard_count = 1;
    NodeId node;
    size_t descriptors_max = 1000;
    size_t tail_cache_bytes = 0;
    uint64_t writeback_bytes = 0;
    std::vector<DirectoryAtStart> directories;
    size_t directories_offline = 0;          // others, which couldn't be opened
    std::function<void()> opened = nullptr;  // told of each log that was opened, on the shard's thread
};

class Shard {
  public:
    Shard(env::DiskThreads& threads, const ShardOptions& options);
    ~Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    void start();  // its thread
    void stop();   // waits for it; what was posted and has not run is dropped

    ShardId id() const { return id_; }
    // Any thread. Messages of one sender run in order.
    void post(Task task) { loop_.post(std::move(task)); }
    bool is_current() const { return loop_.is_current(); }

    void apply(const metadata::Delta& delta, std::shared_ptr<const settings::BrokerConfig> config);

    // Null before the first apply().
    const std::shared_ptr<const metadata::Image>& image() const { return image_; }
    const std::shared_ptr<const settings::BrokerConfig>& config() const { return config_; }
    // When this shard was told that the broker, active until then, is fenced; nothing if it isn't, or was before.
    std::optional<Instant> fenced_at(NodeId broker) const;

    Loop& loop() { return loop_; }
    env::SystemClock& clock() { return clock_; }
    env::SystemRandom& random() { return random_; }
    env::PosixDisk& disk() { return disk_; }
    wire::Codecs& codecs() { return codecs_; }
    storage::TailCache& tail_cache() { return cache_; }
    replica::PartitionTable& partitions() { return partitions_; }
    const replica::PartitionTable& partitions() const { return partitions_; }

    // Of a topic whose partitions are here.
    TopicTraffic& traffic(const Uuid& topic_id) { return traffic_[topic_id]; }
    const std::unordered_map<Uuid, TopicTraffic>& traffic() const { return traffic_; }

    struct Directory {
        Uuid id;
        std::unique_ptr<storage::LogDirectory> files;
    };
    const std::vector<Directory>& directories() const { return directories_; }
    // Of all that the settings name.
    size_t directories_offline() const;
    // Told once of each directory that this shard's disk calls find to have failed, from inside of them.
    void when_directory_fails(const std::function<void(const Uuid&)>& tell);
    // Likewise of each that this shard finds to be full, and to have room again.
    void when_directory_fills(const std::function<void(const Uuid&, bool is_full)>& tell);

  private:
    replica::TableEnvironment table_environment(const ShardOptions& options);
    void note_fenced(const metadata::Delta& delta);

    const ShardId id_;
    const size_t offline_at_start_;
    env::SystemClock clock_;
    env::SystemRandom random_;
    Loop loop_;
    env::PosixDisk disk_;
    wire::Codecs codecs_;
    storage::TailCache cache_;
    std::vector<Directory> directories_;
    replica::PartitionTable partitions_;
    std::shared_ptr<const metadata::Image> image_;
    std::shared_ptr<const settings::BrokerConfig> config_;
    std::map<NodeId, Instant> fenced_at_;
    std::unordered_map<Uuid, TopicTraffic> traffic_;
    std::thread thread_;
};

class Shards {
  public:
    explicit Shards(std::vector<std::unique_ptr<Shard>> shards) : shards_(std::move(shards)) {}

    size_t size() const { return shards_.size(); }
    Shard& operator[](size_t index) const { return *shards_[index]; }
    Shard& first() const { return *shards_.front(); }
    Shard& owner_of(const replica::PartitionKey& key) const {
        return *shards_[replica::shard_of(key, static_cast<uint32_t>(shards_.size()))];
    }

    // work(shard, report) on every shard, which reports once, now or later; then all that was reported, by shard, to
    // done() on `home`: a Shard or a Loop.
    template <class T>
    using Report = std::function<void(T)>;
    template <class T, class Home>
    void gather(Home& home, std::function<void(Shard&, Report<T>)> work,
                std::function<void(std::vector<T>)> done) const;

    // The same, for work that has its result at once.
    template <class T, class Home>
    void ask_all(Home& home, std::function<T(Shard&)> work, std::function<void(std::vector<T>)> done) const;

  private:
    std::vector<std::unique_ptr<Shard>> shards_;
};

// At once if `target` (a Shard or a Loop) runs on this thread, else as a message.
template <class Target>
void run_on(Target& target, Task task) {
    if (target.is_current())
        task();
    else
        target.post(std::move(task));
}

template <class T, class Home>
void Shards::gather(Home& home, std::function<void(Shard&, Report<T>)> work,
                    std::function<void(std::vector<T>)> done) const {
    struct Gathered {
        std::vector<T> results;
        size_t missing;
        std::function<void(std::vector<T>)> done;
    };
    auto gathered = std::make_shared<Gathered>(Gathered{std::vector<T>(size()), size(), std::move(done)});
    for (size_t i = 0; i < size(); ++i) {
        run_on(*shards_[i], [this, i, work, gathered, &home] {
            work(*shards_[i], [i, gathered, &home](T reported) {
                auto result = std::make_shared<T>(std::move(reported));
                run_on(home, [i, gathered, result] {
                    gathered->results[i] = std::move(*result);
                    if (--gathered->missing == 0) gathered->done(std::move(gathered->results));
                });
            });
        });
    }
}

template <class T, class Home>
void Shards::ask_all(Home& home, std::function<T(Shard&)> work, std::function<void(std::vector<T>)> done) const {
    gather<T>(
        home, [work = std::move(work)](Shard& shard, const Report<T>& report) { report(work(shard)); },
        std::move(done));
}

}  // namespace milena::shard
