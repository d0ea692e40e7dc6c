// Preloaded into a broker, makes writes or syncs of files below a directory fail with EIO, or take their time, while a
// control file says so.
//
// FAULTS_DIRECTORY is the directory; the file that FAULTS_CONTROL names has "write", "fsync" or "slow" in it, or isn't
// there.
// Every call asks the control file anew, so that the device fails, and is repaired, in the middle of a run.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define SLOW_MICROSECONDS 200000

static int is_told(const char* what) {
    char told[16] = "";
    const char* const control = getenv("FAULTS_CONTROL");
    const int fd = control == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    const ssize_t size = syscall(SYS_read, fd, told, sizeof told - 1);
    syscall(SYS_close, fd);
    return size > 0 && strncmp(told, what, strlen(what)) == 0;
}

static int is_below(int fd) {
    char link[32], path[PATH_MAX];
    const char* const directory = getenv("FAULTS_DIRECTORY");
    if (directory == NULL) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return 0;
    path[size] = '\0';
    return strncmp(path, directory, strlen(directory)) == 0;
}

static void wait_if_slow(int fd) {
    if (is_told("slow") && is_below(fd)) usleep(SLOW_MICROSECONDS);
}

static int fails(const char* what, int fd) {
    if (!is_told(what) || !is_below(fd)) return 0;
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

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) { return pwrite(fd, bytes, size, offset); }

ssize_t pwritev64(int fd, const struct iovec* parts, int count, off64_t offset) {
    return pwritev(fd, parts, count, offset);
}

int fsync(int fd) {
    wait_if_slow(fd);
    return fails("fsync", fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    wait_if_slow(fd);
    return fails("fsync", fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}
