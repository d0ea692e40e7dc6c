#include "env/posix/descriptor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

namespace milena::env {

Descriptor::~Descriptor() { ::close(fd_); }

DiskError disk_error(std::string_view action, std::string_view path, int number) {
    switch (number) {
        case ENOENT: return DiskError::not_found;
        case EEXIST:
        case ENOTEMPTY: return DiskError::already_exists;
        case ENOSPC:
        case EDQUOT: return DiskError::full;
        // Out of descriptors: passes like a full disk does, and says nothing against the disk.
        case EMFILE:
        case ENFILE: return DiskError::full;
        default: break;
    }
    char text[128];
    log_error("disk failed", {{"action", action},
                              {"path", path},
                              {"errno", number},
                              {"reason", std::string_view(::strerror_r(number, text, sizeof text))}});
    return DiskError::failed;
}

DiskResult<std::shared_ptr<Descriptor>> open_descriptor(const std::string& path, int flags) {
    for (;;) {
        const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
        if (fd >= 0) return std::make_shared<Descriptor>(fd);
        if (errno != EINTR) return unexpected(disk_error("open", path, errno));
    }
}

DiskResult<size_t> read_fully(const Descriptor& descriptor, uint64_t position, std::span<std::byte> into) {
    size_t done = 0;
    while (done < into.size()) {
        const ssize_t n =
            ::pread(descriptor.fd(), into.data() + done, into.size() - done, static_cast<off_t>(position + done));
        if (n == 0) break;
        if (n > 0)
            done += static_cast<size_t>(n);
        else if (errno != EINTR)
            return unexpected(disk_error("read", "fd " + std::to_string(descriptor.fd()), errno));
    }
    return done;
}

DiskResult<void> load_pages(const Descriptor& descriptor, uint64_t position, size_t bytes) {
    // No more than a file system reads ahead for one call; it comes as a whole, so that its last byte tells of all.
    static constexpr size_t piece_bytes = 128U << 10;
    const auto pieces_do = [position](size_t length, const auto& act) {
        for (size_t at = 0; at < length; at += piece_bytes)
            if (!act(position + at, std::min(piece_bytes, length - at))) return;
    };
    // Where there is no such thing as reading ahead (tmpfs), this fails, and nothing has to be brought.
    pieces_do(2 * bytes, [&](uint64_t at, size_t length) {
        return ::readahead(descriptor.fd(), static_cast<off64_t>(at), length) == 0;
    });
    DiskResult<void> outcome;
    pieces_do(bytes, [&](uint64_t at, size_t length) {
        std::byte last;
        const auto read = read_fully(descriptor, at + length - 1, {&last, 1});
        if (!read.has_value() || *read == 0) outcome = unexpected(DiskError::failed);
        return outcome.has_value();
    });
    return outcome;
}

}  // namespace milena::env
