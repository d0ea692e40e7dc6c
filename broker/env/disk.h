// Files as the core sees them. A Disk and its Files belong to one shard and are used by its thread only; completions
// are called from that shard's loop, never from inside the call that asked for them. What blocks on the device is for
// the time before a shard serves and after; while it serves it uses what takes a `done`.
//
// Durability: what write_at() wrote is in the page cache: it survives the death of the process, not that of the
// machine. It is durable once a sync() that was asked for afterwards has succeeded. A created, renamed or removed name
// is durable once sync_directory() of its directory has succeeded. A failed sync is final: the kernel may have dropped
// the pages it could not write, so nobody may ask again and believe the answer (fsyncgate, 2018).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/piece.h"
#include "base/result.h"
#include "base/time.h"

namespace milena::env {

enum class DiskError : uint8_t {
    not_found,
    already_exists,
    full,    // no space or quota: reads go on, appends are refused until there is space again
    failed,  // anything else: the directory can't be trusted any more
};

std::string_view disk_error_name(DiskError error);

// Who waits for a sync: an acknowledgement goes before what only saves a later recovery some work. Bulk is for the end
// of a broker: many files, and nothing else to be held up, so that one sync of the whole file system may stand for all.
enum class Urgency : uint8_t { awaited, background, bulk };

template <class T>
using DiskResult = Result<T, DiskError>;

template <class T>
using DiskDone = std::function<void(DiskResult<T>)>;

// A logical handle: the operating system's descriptor behind it may be closed and opened again when many are in use.
struct File {
    virtual ~File() = default;

    virtual uint64_t size() const = 0;
    // When it was last written to, by the wall clock.
    virtual DiskResult<Timestamp> modified() = 0;

    // Writes all parts one after the other at `position` (<= size()), or fails; after a failure the bytes from
    // `position` on are undefined up to where the write would have ended, and size() says how far the file reaches.
    virtual DiskResult<void> write_at(uint64_t position, std::span<const Bytes> parts) = 0;

    // Reads up to `into.size()` bytes; fewer only at the end of the file. May block on the device.
    virtual DiskResult<size_t> read_at(uint64_t position, std::span<std::byte> into) = 0;

    // As read_at, but only what needs no waiting for the device: returns 0 where that is nothing.
    virtual DiskResult<size_t> read_cached(uint64_t position, std::span<std::byte> into) = 0;

    // A reference to bytes of the file that are all in memory now, for whoever sends them unread; nothing where that
    // isn't so or can't be known, or too many such references are about. It may outlive the File.
    virtual std::optional<FileRange> cached_range(uint64_t position, size_t bytes) = 0;

    // As read_at, off the shard's thread; the File may be destroyed meanwhile.
    virtual void read_async(uint64_t position, size_t bytes, DiskDone<Bytes> done) = 0;

    // Brings these bytes to where read_cached() and cached_range() find them, as long as the system has room. Off the
    // shard's thread; the File may be destroyed meanwhile.
    virtual void load_async(uint64_t position, size_t bytes, DiskDone<void> done) = 0;

    virtual DiskResult<void> truncate(uint64_t bytes) = 0;

    // Makes durable what has been written so far. Many files asked for at about the same time share the device's flush.
    virtual void sync(Urgency urgency, DiskDone<void> done) = 0;
    virtual DiskResult<void> sync_now() = 0;  // blocks on the device

    // Lets the kernel begin to write [position, position + bytes) to the device; promises nothing.
    virtual void start_writeback(uint64_t position, uint64_t bytes) = 0;
};

struct DirectoryEntry {
    std::string name;
    bool is_directory = false;
    uint64_t bytes = 0;
};

struct DiskSpace {
    uint64_t total_bytes = 0;
    uint64_t usable_bytes = 0;
    uint64_t filesystem_id = 0;  // the same of all directories that share the room
};

enum class OpenMode : uint8_t {
    read_only,        // not_found where it doesn't exist
    read_write,       // not_found where it doesn't exist
    create,           // read_write, made empty if it doesn't exist
    create_truncate,  // read_write, and empty
};

struct Disk {
    virtual ~Disk() = default;

    virtual DiskResult<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
    virtual DiskResult<std::vector<DirectoryEntry>> list(const std::string& directory) = 0;  // sorted by name
    virtual DiskResult<void> create_directories(const std::string& path) = 0;
    virtual DiskResult<void> remove(const std::string& path) = 0;  // a file or an empty directory
    virtual DiskResult<void> rename(const std::string& from, const std::string& to) = 0;  // replaces `to`
    virtual DiskResult<void> sync_directory(const std::string& path) = 0;                 // blocks on the device
    virtual void sync_directory_async(const std::string& path, Urgency urgency, DiskDone<void> done) = 0;
    virtual DiskResult<DiskSpace> space(const std::string& path) = 0;
    // Whether File::cached_range() can give anything at present.
    virtual bool may_refer() const = 0;
};

// The whole content of a small file (at most `bytes_max`, else `failed`).
DiskResult<Bytes> read_file(Disk& disk, const std::string& path, size_t bytes_max);

// Replaces `path` by `content` so that a crash leaves the old or the new content, never a mixture: writes
// `path`.tmp, syncs it, renames it, syncs the directory. The first blocks on the device; of the second only one may be
// under way for a file.
DiskResult<void> replace_file(Disk& disk, const std::string& path, std::string_view content);
void replace_file_async(Disk& disk, const std::string& path, std::string_view content, DiskDone<void> done);

// Removes a directory with all that is in it; a missing one is fine.
DiskResult<void> remove_tree(Disk& disk, const std::string& path);

}  // namespace milena::env
