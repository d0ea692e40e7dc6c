#include "env/posix/disk_threads.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

namespace milena::env {
namespace {

DiskResult<void> sync_job(const SyncJob& job) {
    const int fd = job.descriptor->fd();
    // Never repeated after a failure: the kernel has forgotten the pages it could not write.
    if ((job.is_directory ? ::fsync(fd) : ::fdatasync(fd)) == 0) return {};
    return unexpected(disk_error("fsync", "fd " + std::to_string(fd), errno));
}

// One message for each shard.
void complete(std::vector<SyncJob> jobs, const std::vector<DiskResult<void>>& outcomes) {
    using Finished = std::vector<std::pair<DiskDone<void>, DiskResult<void>>>;
    std::map<std::shared_ptr<const Post>, Finished> finished;
    for (size_t i = 0; i < jobs.size(); ++i) finished[jobs[i].post].emplace_back(std::move(jobs[i].done), outcomes[i]);
    jobs.clear();
    for (auto& [post, completions] : finished)
        (*post)([all = std::move(completions)] {
            for (const auto& [done, result] : all) done(result);
        });
}

}  // namespace

Flusher::~Flusher() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Flusher::start_locked() {
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void Flusher::sync(SyncJob job) {
    {
        const std::lock_guard lock(mutex_);
        start_locked();
        if (job.urgency == Urgency::awaited) {
            awaited_.push_back(std::move(job));
        } else if (job.urgency == Urgency::bulk) {
            bulk_.push_back(std::move(job));
        } else {
            // The device begins while the job stands in the row.
            if (!job.is_directory) writebacks_.push_back({.descriptor = job.descriptor});
            background_.push_back(std::move(job));
        }
    }
    wake_.notify_one();
}

void Flusher::start_writeback(WritebackJob job) {
    {
        const std::lock_guard lock(mutex_);
        start_locked();
        writebacks_.push_back(std::move(job));
    }
    wake_.notify_one();
}

void Flusher::run() {
    ::pthread_setname_np(::pthread_self(), "flusher");
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return is_stopping_ || has_work(); });
        if (!has_work()) return;
        std::vector<SyncJob> awaited = std::exchange(awaited_, {});
        std::vector<SyncJob> background;
        if (!background_.empty()) {
            background.push_back(std::move(background_.front()));
            background_.pop_front();
        }
        std::vector<SyncJob> bulk = std::exchange(bulk_, {});
        std::vector<WritebackJob> writebacks = std::exchange(writebacks_, {});
        lock.unlock();
        for (const WritebackJob& job : writebacks)
            ::sync_file_range(job.descriptor->fd(), static_cast<off64_t>(job.position), static_cast<off64_t>(job.bytes),
                              SYNC_FILE_RANGE_WRITE);
        writebacks.clear();
        if (!awaited.empty()) flush(std::move(awaited));
        if (!background.empty()) flush(std::move(background));
        if (!bulk.empty()) flush_bulk(std::move(bulk));
        lock.lock();
    }
}

// Starts the device on all files before it waits for the first: the waits then overlap, and a journal commits once.
void Flusher::flush(std::vector<SyncJob> jobs) {
    std::stable_sort(jobs.begin(), jobs.end(), [](const SyncJob& a, const SyncJob& b) {
        return std::less<const Descriptor*>()(a.descriptor.get(), b.descriptor.get());
    });
    if (jobs.front().descriptor != jobs.back().descriptor)
        for (const SyncJob& job : jobs)
            if (!job.is_directory) ::sync_file_range(job.descriptor->fd(), 0, 0, SYNC_FILE_RANGE_WRITE);

    const Descriptor* last = nullptr;
    std::vector<DiskResult<void>> outcomes;
    outcomes.reserve(jobs.size());
    for (const SyncJob& job : jobs) {
        outcomes.push_back(job.descriptor.get() == last ? outcomes.back() : sync_job(job));
        last = job.descriptor.get();
    }
    complete(std::move(jobs), outcomes);
}

// All are files of one device, so one of them names it.
void Flusher::flush_bulk(std::vector<SyncJob> jobs) {
    DiskResult<void> outcome;
    if (::syncfs(jobs.front().descriptor->fd()) != 0)
        outcome = unexpected(disk_error("syncfs", "fd " + std::to_string(jobs.front().descriptor->fd()), errno));
    const std::vector<DiskResult<void>> outcomes(jobs.size(), outcome);
    complete(std::move(jobs), outcomes);
}

void ReaderPool::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void ReaderPool::run(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
        if (idle_count_ < jobs_.size() && threads_.size() < threads_max_) threads_.emplace_back([this] { work(); });
    }
    wake_.notify_one();
}

void ReaderPool::work() {
    ::pthread_setname_np(::pthread_self(), "cold-reader");
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_count_;
        wake_.wait(lock, [this] { return is_stopping_ || !jobs_.empty(); });
        --idle_count_;
        if (jobs_.empty()) return;
        std::function<void()> job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        job = nullptr;
        lock.lock();
    }
}

void DiskThreads::stop() {
    flushers_.clear();
    readers_.stop();
}

Flusher& DiskThreads::flusher_of(const Descriptor& descriptor) {
    struct stat status{};
    ::fstat(descriptor.fd(), &status);
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Flusher>& flusher = flushers_[static_cast<uint64_t>(status.st_dev)];
    if (!flusher) flusher = std::make_unique<Flusher>();
    return *flusher;
}

}  // namespace milena::env
