/* Preloaded into a broker: writes or syncs of files below a directory fail with EIO, as with a device that has died, or
   take their time, while a control file says so. What was open stays readable.

   FAILING_BELOW is the directory. The file that FAILING_CONTROL names has in it what fails: "write"; "fsync"; "all",
   which is both and whatever else changes the disk; or "slow", for syncs that take 200 ms. Every call asks it anew, so
   that the device fails, and is repaired, in the middle of a run. Nothing fails while it isn't there. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define SLOW_MICROSECONDS 200000

static void ask(char* told, size_t size) {
    const int number = errno;
    const char* const control = getenv("FAILING_CONTROL");
    const int fd = control == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC);
    const ssize_t length = fd < 0 ? 0 : syscall(SYS_read, fd, told, size - 1);
    told[length > 0 ? length : 0] = '\0';
    if (fd >= 0) syscall(SYS_close, fd);
    errno = number;
}

static int is_below(const char* path) {
    const char* const below = getenv("FAILING_BELOW");
    if (below == NULL) return 0;
    const size_t length = strlen(below);
    return strncmp(path, below, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static int is_open_below(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = '\0';
    return is_below(path);
}

static int fails(const char* what, int fd) {
    char told[16];
    ask(told, sizeof told);
    if (strcmp(told, "slow") == 0 && strcmp(what, "fsync") == 0 && is_open_below(fd)) usleep(SLOW_MICROSECONDS);
    if ((strcmp(told, what) != 0 && strcmp(told, "all") != 0) || !is_open_below(fd)) return 0;
    errno = EIO;
    return 1;
}

static int fails_to_create(const char* path) {
    char told[16];
    ask(told, sizeof told);
    if (strcmp(told, "all") != 0 || !is_below(path)) return 0;
    errno = EIO;
    return 1;
}

ssize_t write(int fd, const void* bytes, size_t size) {
    return fails("write", fd) ? -1 : syscall(SYS_write, fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
    return fails("write", fd) ? -1 : syscall(SYS_writev, fd, parts, count);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
    return fails("write", fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, size, offset);
}

ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t offset) {
    return fails("write", fd) ? -1 : syscall(SYS_pwritev, fd, parts, count, offset, 0L);
}

int fsync(int fd) { return fails("fsync", fd) ? -1 : (int)syscall(SYS_fsync, fd); }

int fdatasync(int fd) { return fails("fsync", fd) ? -1 : (int)syscall(SYS_fdatasync, fd); }

int ftruncate(int fd, off_t bytes) { return fails("all", fd) ? -1 : (int)syscall(SYS_ftruncate, fd, bytes); }

int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return (flags & O_CREAT) != 0 && fails_to_create(path) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* As programs that were compiled for large files call them; offsets have one size here. */
ssize_t pwrite64(int, const void*, size_t, off64_t) __attribute__((alias("pwrite")));
ssize_t pwritev64(int, const struct iovec*, int, off64_t) __attribute__((alias("pwritev")));
int ftruncate64(int, off64_t) __attribute__((alias("ftruncate")));
int open64(const char*, int, ...) __attribute__((alias("open")));
