// The disk of one shard on a POSIX file system. Owned and used by that shard's thread; what has to wait for the device
// goes to the DiskThreads. Handles are cheap: only the `descriptors_max` most recently used ones have a descriptor
// open, the others open theirs again when they are used. Renaming a file or a directory through this disk carries its
// handles along.
#pragma once

#include <list>
#include <map>

#include "env/disk.h"
#include "env/posix/disk_threads.h"
#include "env/posix/posix_range.h"

namespace milena::env {

class PosixFile;

class PosixDisk final : public Disk {
  public:
    struct Options {
        size_t descriptors_max = 1000;
        Post post;  // hands a completion to the shard's loop; called from the disk threads
    };

    PosixDisk(DiskThreads& threads, Options options);
    ~PosixDisk() override;  // all its files must be gone

    DiskResult<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
    DiskResult<std::vector<DirectoryEntry>> list(const std::string& directory) override;
    DiskResult<void> create_directories(const std::string& path) override;
    DiskResult<void> remove(const std::string& path) override;
    DiskResult<void> rename(const std::string& from, const std::string& to) override;
    DiskResult<void> sync_directory(const std::string& path) override;
    void sync_directory_async(const std::string& path, Urgency urgency, DiskDone<void> done) override;
    DiskResult<DiskSpace> space(const std::string& path) override;
    bool may_refer() const override;

    size_t descriptors_open() const { return open_.size(); }

  private:
    friend class PosixFile;
    using Handles = std::multimap<std::string, PosixFile*>;

    void make_room();
    void rename_handles(const std::string& from, const std::string& to);

    DiskThreads& threads_;
    const size_t descriptors_max_;
    // Ranges of files that are being sent keep descriptors open, whatever is used most recently.
    const size_t ranges_max_ = descriptors_max_ / 2;
    const RangeCount ranges_count_ = std::make_shared<std::atomic<size_t>>(0);
    const std::shared_ptr<const Post> post_;
    Handles handles_;             // by path
    std::list<PosixFile*> open_;  // handles with a descriptor, the least recently used first
};

}  // namespace milena::env
