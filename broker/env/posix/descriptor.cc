#include "env/posix/descriptor.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/sendfile.h>
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
    // Sent to where everything is dropped, the pages are brought as for any reader who goes through a file, in large
    // pieces and ahead; readahead(2) brings them page by page, and sending those costs several times as much.
    static const int sink = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    auto at = static_cast<off_t>(position);
    const auto end = static_cast<off_t>(position + bytes);
    while (at < end) {
        const ssize_t n = ::sendfile(sink, descriptor.fd(), &at, static_cast<size_t>(end - at));
        if (n == 0) return unexpected(DiskError::failed);
        if (n < 0 && errno != EINTR)
            return unexpected(disk_error("read", "fd " + std::to_string(descriptor.fd()), errno));
    }
    return {};
}

}  // namespace milena::env
