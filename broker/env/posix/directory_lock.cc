#include "env/posix/directory_lock.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>

namespace milena::env {

DiskResult<DirectoryLock> DirectoryLock::take(const std::string& directory) {
    ASSIGN_OR_RETURN(std::shared_ptr<Descriptor> descriptor, open_descriptor(directory + "/.lock", O_RDWR | O_CREAT));
    // The JVM locks with fcntl(2), which flock(2) doesn't see: take both, so that Kafka and we respect each other.
    struct flock whole_file{};
    whole_file.l_type = F_WRLCK;
    whole_file.l_whence = SEEK_SET;
    if (::flock(descriptor->fd(), LOCK_EX | LOCK_NB) != 0 || ::fcntl(descriptor->fd(), F_SETLK, &whole_file) != 0) {
        if (errno == EWOULDBLOCK || errno == EAGAIN || errno == EACCES) return unexpected(DiskError::already_exists);
        return unexpected(disk_error("lock", directory, errno));
    }
    return DirectoryLock(std::move(descriptor));
}

}  // namespace milena::env
