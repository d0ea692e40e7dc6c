#include "env/posix/posix_file.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace milena::env {

PosixFile::PosixFile(PosixDisk& disk, const std::string& path, std::shared_ptr<Descriptor> descriptor, Status status)
    : disk_(disk), place_(disk.handles_.emplace(path, this)), descriptor_(std::move(descriptor)), status_(status) {
    recency_ = disk_.open_.insert(disk_.open_.end(), this);
}

PosixFile::~PosixFile() {
    release_descriptor();
    disk_.handles_.erase(place_);
}

void PosixFile::release_descriptor() {
    if (!descriptor_) return;
    disk_.open_.erase(recency_);
    descriptor_.reset();
}

DiskResult<std::shared_ptr<Descriptor>> PosixFile::descriptor() {
    if (descriptor_) {
        disk_.open_.splice(disk_.open_.end(), disk_.open_, recency_);
        return descriptor_;
    }
    disk_.make_room();
    ASSIGN_OR_RETURN(descriptor_, open_descriptor(path(), status_.is_writable ? O_RDWR : O_RDONLY));
    recency_ = disk_.open_.insert(disk_.open_.end(), this);
    return descriptor_;
}

DiskResult<Timestamp> PosixFile::modified() {
    ASSIGN_OR_RETURN(const std::shared_ptr<Descriptor> target, descriptor());
    struct stat status{};
    if (::fstat(target->fd(), &status) != 0) return unexpected(disk_error("fstat", path(), errno));
    const auto since_1970 = std::chrono::seconds(status.st_mtim.tv_sec) + Duration(status.st_mtim.tv_nsec);
    return Timestamp(std::chrono::duration_cast<Milliseconds>(since_1970).count());
}

DiskResult<void> PosixFile::write_at(uint64_t position, std::span<const Bytes> parts) {
    check(position <= status_.bytes);
    ASSIGN_OR_RETURN(const std::shared_ptr<Descriptor> target, descriptor());
    constexpr size_t parts_max = 64;
    while (!parts.empty()) {
        const auto some = parts.first(std::min(parts.size(), parts_max));
        RETURN_IF_ERROR(write_some(*target, position, some));
        for (const Bytes& part : some) position += part.size();
        parts = parts.subspan(some.size());
    }
    return {};
}

// Writes at most 64 parts; a write cut short is continued, because only the next attempt says why.
DiskResult<void> PosixFile::write_some(const Descriptor& target, uint64_t position, std::span<const Bytes> parts) {
    std::array<iovec, 64> vectors;
    size_t count = 0;
    for (const Bytes& part : parts)
        if (!part.empty()) vectors[count++] = {const_cast<std::byte*>(part.data()), part.size()};
    for (size_t first = 0; first < count;) {
        const ssize_t n =
            ::pwritev(target.fd(), &vectors[first], static_cast<int>(count - first), static_cast<off_t>(position));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            const int number = errno;
            learn_size(target);
            return unexpected(disk_error("write", path(), number));
        }
        auto written = static_cast<size_t>(n);
        position += written;
        status_.bytes = std::max(status_.bytes, position);
        while (first < count && written >= vectors[first].iov_len) written -= vectors[first++].iov_len;
        if (first < count) {
            vectors[first].iov_base = static_cast<std::byte*>(vectors[first].iov_base) + written;
            vectors[first].iov_len -= written;
        }
    }
    return {};
}

void PosixFile::learn_size(const Descriptor& target) {
    struct stat status{};
    if (::fstat(target.fd(), &status) == 0) status_.bytes = static_cast<uint64_t>(status.st_size);
}

DiskResult<size_t> PosixFile::read_at(uint64_t position, std::span<std::byte> into) {
    ASSIGN_OR_RETURN(const std::shared_ptr<Descriptor> source, descriptor());
    return read_fully(*source, position, into);
}

DiskResult<size_t> PosixFile::read_cached(uint64_t position, std::span<std::byte> into) {
    ASSIGN_OR_RETURN(const std::shared_ptr<Descriptor> source, descriptor());
    if (!PosixRange::is_worth_trying(*source, position)) return size_t{0};
    size_t done = 0;
    while (done < into.size()) {
        const iovec vector{into.data() + done, into.size() - done};
        const ssize_t n = ::preadv2(source->fd(), &vector, 1, static_cast<off_t>(position + done), RWF_NOWAIT);
        if (n > 0) {
            done += static_cast<size_t>(n);
        } else if (n == 0 || errno == EAGAIN) {
            break;
        } else if (errno == EOPNOTSUPP || errno == ENOSYS) {
            // tmpfs, FUSE and some sandboxes don't know RWF_NOWAIT; there a plain read is the best there is.
            return read_fully(*source, position, into);
        } else if (errno != EINTR) {
            return unexpected(disk_error("read", path(), errno));
        }
    }
    return done;
}

std::optional<FileRange> PosixFile::cached_range(uint64_t position, size_t bytes) {
    if (!disk_.may_refer()) return std::nullopt;
    auto file = descriptor();
    if (!file.has_value()) return std::nullopt;
    FileRange range{
        std::make_shared<PosixRange>(std::move(file).value(), disk_.threads_.readers(), disk_.ranges_count_), position,
        bytes};
    if (!range.is_cached()) return std::nullopt;
    return range;
}

// `work` runs on a thread that may wait for the device; its result goes back to the shard.
template <class T>
void PosixFile::work_apart(std::function<DiskResult<T>(const Descriptor&)> work, DiskDone<T> done) {
    auto file = descriptor();
    if (!file.has_value()) {
        (*disk_.post_)([done = std::move(done), error = file.error()] { done(unexpected(error)); });
        return;
    }
    disk_.threads_.readers().run(
        [file = std::move(file).value(), post = disk_.post_, work = std::move(work), done = std::move(done)]() mutable {
            (*post)([done = std::move(done), result = work(*file)] { done(result); });
        });
}

void PosixFile::read_async(uint64_t position, size_t bytes, DiskDone<Bytes> done) {
    const auto read = [position, bytes](const Descriptor& file) -> DiskResult<Bytes> {
        auto memory = std::make_shared_for_overwrite<std::byte[]>(bytes);
        const std::span<std::byte> into(memory.get(), bytes);
        ASSIGN_OR_RETURN(const size_t length, read_fully(file, position, into));
        return Bytes(std::move(memory), into.first(length));
    };
    work_apart<Bytes>(read, std::move(done));
}

void PosixFile::load_async(uint64_t position, size_t bytes, DiskDone<void> done) {
    const auto load = [position, bytes](const Descriptor& file) { return load_pages(file, position, bytes); };
    work_apart<void>(load, std::move(done));
}

DiskResult<void> PosixFile::truncate(uint64_t bytes) {
    ASSIGN_OR_RETURN(const std::shared_ptr<Descriptor> target, descriptor());
    while (::ftruncate(target->fd(), static_cast<off_t>(bytes)) != 0)
        if (errno != EINTR) return unexpected(disk_error("truncate", path(), errno));
    status_.bytes = bytes;
    return {};
}

void PosixFile::sync(Urgency urgency, DiskDone<void> done) {
    auto target = descriptor();
    if (!target.has_value()) {
        (*disk_.post_)([done = std::move(done), error = target.error()] { done(unexpected(error)); });
        return;
    }
    Flusher& flusher = disk_.threads_.flusher_of(**target);
    flusher.sync(
        {.descriptor = std::move(target).value(), .urgency = urgency, .post = disk_.post_, .done = std::move(done)});
}

DiskResult<void> PosixFile::sync_now() {
    ASSIGN_OR_RETURN(const std::shared_ptr<Descriptor> target, descriptor());
    if (::fdatasync(target->fd()) != 0) return unexpected(disk_error("fdatasync", path(), errno));
    return {};
}

void PosixFile::start_writeback(uint64_t position, uint64_t bytes) {
    auto target = descriptor();
    if (!target.has_value()) return;  // a promise of nothing; the next write or sync will tell
    Flusher& flusher = disk_.threads_.flusher_of(**target);
    flusher.start_writeback({.descriptor = std::move(target).value(), .position = position, .bytes = bytes});
}

}  // namespace milena::env
