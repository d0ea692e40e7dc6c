// A directory of its own for one test, and a mailbox that stands in for a shard's loop.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <stdlib.h>

namespace milena {

class TestDirectory {
  public:
    TestDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "milena-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TestDirectory() { std::filesystem::remove_all(path_); }

    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

class TestMailbox {
  public:
    std::function<void(std::function<void()>)> post() {
        return [this](std::function<void()> job) {
            const std::lock_guard lock(mutex_);
            jobs_.push_back(std::move(job));
            wake_.notify_one();
        };
    }
    // Runs one message; returns how many were waiting.
    size_t run_one() {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !jobs_.empty(); });
        const size_t waiting = jobs_.size();
        const std::function<void()> job = std::move(jobs_.front());
        jobs_.erase(jobs_.begin());
        lock.unlock();
        job();
        return waiting;
    }

  private:
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<std::function<void()>> jobs_;
};

}  // namespace milena
