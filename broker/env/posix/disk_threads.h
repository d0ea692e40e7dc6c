// The threads that wait for the device, so that no shard does: one flusher for each device, and a few readers of cold
// data. Shared by the disks of all shards; thread-safe. Threads start with the first job. Completions go back through
// the `Post` of the disk that asked, one message for all that were finished at about the same time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "env/disk.h"
#include "env/posix/descriptor.h"

namespace milena::env {

// Hands a function to the loop of one shard. Must stay callable until the DiskThreads are destroyed.
using Post = std::function<void(std::function<void()>)>;

struct SyncJob {
    std::shared_ptr<Descriptor> descriptor;
    bool is_directory = false;
    Urgency urgency = Urgency::awaited;
    std::shared_ptr<const Post> post;
    DiskDone<void> done;
};

struct WritebackJob {
    std::shared_ptr<Descriptor> descriptor;
    uint64_t position = 0;
    uint64_t bytes = 0;  // 0: to the end of the file
};

// Group commit: everything that somebody waits for and that was asked for while the last round was under way is flushed
// in one round, each file once. What nobody waits for is done file by file in between, so that the thousands of a
// checkpoint don't stand before an acknowledgement. What comes in bulk is done by one sync of the file system, because
// each file would cost a flush of the device's cache.
class Flusher {
  public:
    Flusher() = default;
    ~Flusher();  // finishes what was asked for

    void sync(SyncJob job);
    void start_writeback(WritebackJob job);

  private:
    void start_locked();
    void run();
    bool has_work() const {
        return !awaited_.empty() || !background_.empty() || !bulk_.empty() || !writebacks_.empty();
    }
    static void flush(std::vector<SyncJob> jobs);
    static void flush_bulk(std::vector<SyncJob> jobs);

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<SyncJob> awaited_;
    std::deque<SyncJob> background_;
    std::vector<SyncJob> bulk_;
    std::vector<WritebackJob> writebacks_;
    bool is_stopping_ = false;
    std::thread thread_;
};

class ReaderPool {
  public:
    explicit ReaderPool(size_t threads_max) : threads_max_(threads_max) {}
    ~ReaderPool() { stop(); }

    // What `job` reads is read on one of the pool's threads, where it is also destroyed.
    void run(std::function<void()> job);
    void stop();

  private:
    void work();

    const size_t threads_max_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    size_t idle_count_ = 0;
    bool is_stopping_ = false;
    std::vector<std::thread> threads_;
};

class DiskThreads {
  public:
    static constexpr size_t readers_max = 2;

    // The flusher of the device on which the file of `descriptor` lies; lives as long as this.
    Flusher& flusher_of(const Descriptor& descriptor);
    ReaderPool& readers() { return readers_; }

    // Finishes what was asked for, and waits for the threads; nothing may be asked for afterwards. To be called before
    // the shards go, since completions are posted to them.
    void stop();

  private:
    std::mutex mutex_;
    std::map<uint64_t, std::unique_ptr<Flusher>> flushers_;  // by device number
    ReaderPool readers_{readers_max};
};

}  // namespace milena::env
