// Preloaded into a broker, gives it a time of day of its own: so many seconds off as the file says that FAULTS_CLOCK
// names. What measures intervals is left alone. The file is read anew at most every 50 ms, so that the clock can be
// stepped in the middle of a run.
//
// The kernel's clock is not moved: who waits until a time of day, as gRPC's threads do by futex, is told it in the
// kernel's terms. Else a clock that is ahead would make waits of milliseconds last an hour, which no real clock does.
//
// libfaketime would do, but for an allocator that asks for the time before that library is ready: it waits for itself.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define READ_AGAIN_AFTER_NS 50000000LL

static _Atomic long long offset_seconds;
static _Atomic long long read_at_ns = -READ_AGAIN_AFTER_NS;

// The function syscall() is replaced below, and nothing may be looked up as early as this is needed.
static long ask_kernel(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = e;
    register long sixth __asm__("r9") = f;
    long told;
    __asm__ volatile("syscall"
                     : "=a"(told)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return told;
#else
#error "say here how the kernel is asked"
#endif
}

static long long monotonic_ns(void) {
    struct timespec now;
    ask_kernel(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long offset_now(void) {
    const long long now = monotonic_ns();
    if (now - atomic_load(&read_at_ns) < READ_AGAIN_AFTER_NS) return atomic_load(&offset_seconds);
    atomic_store(&read_at_ns, now);
    const char* const name = getenv("FAULTS_CLOCK");
    char text[32] = "";
    const long fd = name == NULL ? -1 : ask_kernel(SYS_openat, AT_FDCWD, (long)name, O_RDONLY | O_CLOEXEC, 0, 0, 0);
    if (fd < 0) return atomic_load(&offset_seconds);
    if (ask_kernel(SYS_read, fd, (long)text, sizeof text - 1, 0, 0, 0) > 0)
        atomic_store(&offset_seconds, strtoll(text, NULL, 10));
    ask_kernel(SYS_close, fd, 0, 0, 0, 0, 0);
    return atomic_load(&offset_seconds);
}

int clock_gettime(clockid_t clock, struct timespec* now) {
    const long told = ask_kernel(SYS_clock_gettime, clock, (long)now, 0, 0, 0, 0);
    if (told < 0) errno = (int)-told;
    const int failed = told < 0 ? -1 : 0;
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

long syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    long given[6];
    for (int i = 0; i < 6; ++i) given[i] = va_arg(list, long);
    va_end(list);
    struct timespec until;
    if (number == SYS_futex && (given[1] & FUTEX_CLOCK_REALTIME) != 0 && given[3] != 0) {
        until = *(const struct timespec*)given[3];
        until.tv_sec -= offset_now();
        given[3] = (long)&until;
    }
    const long told = ask_kernel(number, given[0], given[1], given[2], given[3], given[4], given[5]);
    if (told >= -4095 && told < 0) {
        errno = (int)-told;
        return -1;
    }
    return told;
}
