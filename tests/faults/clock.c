// Preloaded into a broker, gives it a time of day of its own: so many seconds off as the file says that FAULTS_CLOCK
// names. What measures intervals is left alone. The file is read anew at most every 50 ms, so that the clock can be
// stepped in the middle of a run.
//
// libfaketime would do, but for an allocator that asks for the time before that library is ready: it waits for itself.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define READ_AGAIN_AFTER_NS 50000000LL

static _Atomic long long offset_seconds;
static _Atomic long long read_at_ns = -READ_AGAIN_AFTER_NS;

static long long monotonic_ns(void) {
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long offset_now(void) {
    const long long now = monotonic_ns();
    if (now - atomic_load(&read_at_ns) < READ_AGAIN_AFTER_NS) return atomic_load(&offset_seconds);
    atomic_store(&read_at_ns, now);
    const char* const name = getenv("FAULTS_CLOCK");
    char text[32] = "";
    const int fd = name == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return atomic_load(&offset_seconds);
    if (syscall(SYS_read, fd, text, sizeof text - 1) > 0) atomic_store(&offset_seconds, strtoll(text, NULL, 10));
    syscall(SYS_close, fd);
    return atomic_load(&offset_seconds);
}

int clock_gettime(clockid_t clock, struct timespec* now) {
    const int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += offset_now();
    return failed;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
    (void)zone;
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t* told) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (told != NULL) *told = exact.tv_sec;
    return exact.tv_sec;
}
