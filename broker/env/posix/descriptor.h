// An open file descriptor of the operating system, and how its errors become ours. Shared between a file's handle and
// the disk threads that still work with it; closed when the last of them lets go. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "env/disk.h"

namespace milena::env {

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int fd() const { return fd_; }

  private:
    int fd_;
};

// What `number` (an errno) means for the caller. What isn't an everyday outcome is logged, once, here.
DiskError disk_error(std::string_view action, std::string_view path, int number);

// open(2) with O_CLOEXEC, repeated when interrupted.
DiskResult<std::shared_ptr<Descriptor>> open_descriptor(const std::string& path, int flags);

// Reads until `into` is full or the file ends.
DiskResult<size_t> read_fully(const Descriptor& descriptor, uint64_t position, std::span<std::byte> into);

// Waits until these bytes of the file are in the page cache, without copying them. Fails if they can't be read or
// aren't there; promises no more: the system may need the room.
DiskResult<void> load_pages(const Descriptor& descriptor, uint64_t position, size_t bytes);

}  // namespace milena::env
