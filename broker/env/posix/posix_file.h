// A file of a PosixDisk: a logical handle whose descriptor the disk may close behind its back. The disk's shard only.
#pragma once

#include "env/posix/posix_disk.h"

namespace milena::env {

class PosixFile final : public File {
  public:
    struct Status {
        uint64_t bytes = 0;
        bool is_writable = false;
    };

    PosixFile(PosixDisk& disk, const std::string& path, std::shared_ptr<Descriptor> descriptor, Status status);
    ~PosixFile() override;

    uint64_t size() const override { return status_.bytes; }
    DiskResult<Timestamp> modified() override;
    DiskResult<void> write_at(uint64_t position, std::span<const Bytes> parts) override;
    DiskResult<size_t> read_at(uint64_t position, std::span<std::byte> into) override;
    DiskResult<size_t> read_cached(uint64_t position, std::span<std::byte> into) override;
    std::optional<FileRange> cached_range(uint64_t position, size_t bytes) override;
    void read_async(uint64_t position, size_t bytes, DiskDone<Bytes> done) override;
    void load_async(uint64_t position, size_t bytes, DiskDone<void> done) override;
    DiskResult<void> truncate(uint64_t bytes) override;
    void sync(Urgency urgency, DiskDone<void> done) override;
    DiskResult<void> sync_now() override;
    void start_writeback(uint64_t position, uint64_t bytes) override;

  private:
    friend class PosixDisk;

    const std::string& path() const { return place_->first; }
    // The open descriptor, opened again if need be; the handle becomes the most recently used.
    DiskResult<std::shared_ptr<Descriptor>> descriptor();
    void release_descriptor();
    template <class T>
    void work_apart(std::function<DiskResult<T>(const Descriptor&)> work, DiskDone<T> done);
    DiskResult<void> write_some(const Descriptor& target, uint64_t position, std::span<const Bytes> parts);
    void learn_size(const Descriptor& target);

    PosixDisk& disk_;
    PosixDisk::Handles::iterator place_;
    std::list<PosixFile*>::iterator recency_;  // valid while descriptor_ is set
    std::shared_ptr<Descriptor> descriptor_;
    Status status_;
};

}  // namespace milena::env
