#include "env/posix/posix_disk.h"

#include <algorithm>
#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include "env/posix/posix_file.h"

namespace milena::env {
namespace {

int open_flags(OpenMode mode) {
    switch (mode) {
        case OpenMode::read_only: return O_RDONLY;
        case OpenMode::read_write: return O_RDWR;
        case OpenMode::create: return O_RDWR | O_CREAT;
        case OpenMode::create_truncate: return O_RDWR | O_CREAT | O_TRUNC;
    }
    return O_RDONLY;
}

}  // namespace

PosixDisk::PosixDisk(DiskThreads& threads, Options options)
    : threads_(threads),
      descriptors_max_(std::max<size_t>(1, options.descriptors_max)),
      post_(std::make_shared<const Post>(std::move(options.post))) {}

PosixDisk::~PosixDisk() { check(handles_.empty()); }

DiskResult<std::unique_ptr<File>> PosixDisk::open(const std::string& path, OpenMode mode) {
    make_room();
    ASSIGN_OR_RETURN(std::shared_ptr<Descriptor> descriptor, open_descriptor(path, open_flags(mode)));
    struct stat status{};
    if (::fstat(descriptor->fd(), &status) != 0) return unexpected(disk_error("fstat", path, errno));
    const bool is_writable = mode != OpenMode::read_only;
    return std::unique_ptr<File>(
        new PosixFile(*this, path, std::move(descriptor), {static_cast<uint64_t>(status.st_size), is_writable}));
}

bool PosixDisk::may_refer() const {
    return PosixRange::is_known_what_is_cached() && ranges_count_->load() < ranges_max_;
}

void PosixDisk::make_room() {
    // A range counts even where its descriptor is among these as well: which ones are, isn't worth knowing.
    while (!open_.empty() && open_.size() + ranges_count_->load() >= descriptors_max_)
        open_.front()->release_descriptor();
}

DiskResult<std::vector<DirectoryEntry>> PosixDisk::list(const std::string& directory) {
    DIR* const stream = ::opendir(directory.c_str());
    if (stream == nullptr) return unexpected(disk_error("opendir", directory, errno));
    std::vector<DirectoryEntry> entries;
    errno = 0;
    while (const dirent* const item = ::readdir(stream)) {
        const std::string_view name = item->d_name;
        struct stat status{};
        if (name == "." || name == "..") continue;
        // Gone since readdir() is no error: another shard may remove what is its own.
        if (::fstatat(::dirfd(stream), item->d_name, &status, 0) == 0)
            entries.push_back({std::string(name), S_ISDIR(status.st_mode), static_cast<uint64_t>(status.st_size)});
        errno = 0;
    }
    const int number = errno;
    ::closedir(stream);
    if (number != 0) return unexpected(disk_error("readdir", directory, number));
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
}

DiskResult<void> PosixDisk::create_directories(const std::string& path) {
    for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const std::string prefix = path.substr(0, slash);
        if (::mkdir(prefix.c_str(), 0755) != 0 && errno != EEXIST)
            return unexpected(disk_error("mkdir", prefix, errno));
        if (slash == std::string::npos) break;
    }
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return unexpected(disk_error("stat", path, errno));
    if (!S_ISDIR(status.st_mode)) return unexpected(DiskError::already_exists);
    return {};
}

DiskResult<void> PosixDisk::remove(const std::string& path) {
    if (::unlink(path.c_str()) == 0) return {};
    if (errno == EISDIR || errno == EPERM)
        if (::rmdir(path.c_str()) == 0) return {};
    return unexpected(disk_error("remove", path, errno));
}

DiskResult<void> PosixDisk::rename(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return unexpected(disk_error("rename", from, errno));
    rename_handles(from, to);
    return {};
}

void PosixDisk::rename_handles(const std::string& from, const std::string& to) {
    std::vector<Handles::node_type> moved;
    for (auto it = handles_.lower_bound(from); it != handles_.end() && it->first.starts_with(from);) {
        const auto current = it++;
        const bool is_inside = current->first.size() == from.size() || current->first[from.size()] == '/';
        if (is_inside) moved.push_back(handles_.extract(current));
    }
    for (Handles::node_type& node : moved) {
        node.key() = to + node.key().substr(from.size());
        PosixFile& file = *node.mapped();
        file.place_ = handles_.insert(std::move(node));
    }
}

DiskResult<void> PosixDisk::sync_directory(const std::string& path) {
    ASSIGN_OR_RETURN(const std::shared_ptr<Descriptor> directory, open_descriptor(path, O_RDONLY | O_DIRECTORY));
    if (::fsync(directory->fd()) != 0) return unexpected(disk_error("fsync", path, errno));
    return {};
}

void PosixDisk::sync_directory_async(const std::string& path, Urgency urgency, DiskDone<void> done) {
    auto directory = open_descriptor(path, O_RDONLY | O_DIRECTORY);
    if (!directory.has_value()) {
        (*post_)([done = std::move(done), error = directory.error()] { done(unexpected(error)); });
        return;
    }
    Flusher& flusher = threads_.flusher_of(**directory);
    flusher.sync({.descriptor = std::move(*directory),
                  .is_directory = true,
                  .urgency = urgency,
                  .post = post_,
                  .done = std::move(done)});
}

DiskResult<DiskSpace> PosixDisk::space(const std::string& path) {
    struct statvfs status{};
    if (::statvfs(path.c_str(), &status) != 0) return unexpected(disk_error("statvfs", path, errno));
    return DiskSpace{.total_bytes = uint64_t{status.f_blocks} * status.f_frsize,
                     .usable_bytes = uint64_t{status.f_bavail} * status.f_frsize,
                     .filesystem_id = status.f_fsid};
}

}  // namespace milena::env
