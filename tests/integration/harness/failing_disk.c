/* Preloaded into a broker: once the file FAIL_WHEN exists, nothing can be written below the directory FAIL_BELOW any
   more: every call that would do so ends with EIO, as with a device that has died. What was open stays readable. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int has_failed(void) {
    const char* when = getenv("FAIL_WHEN");
    const int number = errno;
    const int is_there = when != NULL && access(when, F_OK) == 0;
    errno = number;
    return is_there;
}

static int is_below(const char* path) {
    const char* below = getenv("FAIL_BELOW");
    if (below == NULL) return 0;
    const size_t length = strlen(below);
    return strncmp(path, below, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static int fails(int fd) {
    char link[64], path[4096];
    if (!has_failed()) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = '\0';
    return is_below(path);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL_IF(condition)                                                                                             \
    if (condition) {                                                                                                   \
        errno = EIO;                                                                                                   \
        return -1;                                                                                                     \
    }

ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t at) {
    FAIL_IF(fails(fd))
    return NEXT(pwritev)(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec* parts, int count, off64_t at) {
    FAIL_IF(fails(fd))
    return NEXT(pwritev64)(fd, parts, count, at);
}

int fdatasync(int fd) {
    FAIL_IF(fails(fd))
    return NEXT(fdatasync)(fd);
}

int fsync(int fd) {
    FAIL_IF(fails(fd))
    return NEXT(fsync)(fd);
}

int ftruncate64(int fd, off64_t bytes) {
    FAIL_IF(fails(fd))
    return NEXT(ftruncate64)(fd, bytes);
}

static mode_t mode_of(int flags, va_list more) { return (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0; }

int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = mode_of(flags, more);
    va_end(more);
    FAIL_IF((flags & O_CREAT) != 0 && is_below(path) && has_failed())
    return NEXT(open)(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = mode_of(flags, more);
    va_end(more);
    FAIL_IF((flags & O_CREAT) != 0 && is_below(path) && has_failed())
    return NEXT(open64)(path, flags, mode);
}
