// A file whose ranges the system sends by itself, and how to know whether it has them in memory. Any thread.
#pragma once

#include <atomic>
#include <memory>

#include "base/piece.h"
#include "env/posix/disk_threads.h"

namespace milena::env {

// How many of them keep a descriptor open; shared with the disk, which may be gone before the last of them.
using RangeCount = std::shared_ptr<std::atomic<size_t>>;

class PosixRange final : public RangeSource {
  public:
    PosixRange(std::shared_ptr<Descriptor> file, ReaderPool& readers, RangeCount count);
    ~PosixRange() override;
    PosixRange(const PosixRange&) = delete;
    PosixRange& operator=(const PosixRange&) = delete;

    // Linux can tell since 6.5, unless a sandbox forbids it.
    static bool is_known_what_is_cached();
    // Whether reading at `position` may find something in memory. Even a read that doesn't wait has the system bring
    // what it misses: of a few bytes far ahead one page, and whoever goes through the file then begins anew with small
    // pieces.
    static bool is_worth_trying(const Descriptor& file, uint64_t position);

    int descriptor() const override { return file_->fd(); }
    // What the device is still bringing counts as cached to cachestat(2); the last byte tells of that in most cases.
    bool is_cached(uint64_t position, size_t bytes) const override;
    void load(uint64_t position, size_t bytes, std::function<void(bool)> done) const override;

  private:
    const std::shared_ptr<Descriptor> file_;
    ReaderPool& readers_;
    const RangeCount count_;
};

}  // namespace milena::env
