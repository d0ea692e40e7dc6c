#include "env/posix/posix_range.h"

#include <cerrno>
#include <optional>

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace milena::env {
namespace {

// cachestat(2), of which Debian 12's headers don't know.
constexpr long cachestat_number = 451;

struct CachestatRange {
    uint64_t position;
    uint64_t bytes;
};
struct Cachestat {
    uint64_t cached_pages;
    uint64_t dirty_pages;
    uint64_t writeback_pages;
    uint64_t evicted_pages;
    uint64_t recently_evicted_pages;
};

// Nothing where the system can't tell.
std::optional<uint64_t> cached_pages(const Descriptor& file, uint64_t position, uint64_t bytes) {
    CachestatRange range{position, bytes};
    Cachestat found{};
    if (::syscall(cachestat_number, file.fd(), &range, &found, 0U) != 0) return std::nullopt;
    return found.cached_pages;
}

}  // namespace

PosixRange::PosixRange(std::shared_ptr<Descriptor> file, ReaderPool& readers, RangeCount count)
    : file_(std::move(file)), readers_(readers), count_(std::move(count)) {
    ++*count_;
}

PosixRange::~PosixRange() { --*count_; }

bool PosixRange::is_cached(uint64_t position, size_t bytes) const {
    static const auto page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    if (bytes == 0) return true;
    const uint64_t last = position + bytes - 1;
    if (cached_pages(*file_, position, bytes) < last / page_bytes - position / page_bytes + 1) return false;
    char byte = 0;
    const iovec vector{&byte, 1};
    return ::preadv2(file_->fd(), &vector, 1, static_cast<off_t>(last), RWF_NOWAIT) == 1 || errno == EOPNOTSUPP;
}

bool PosixRange::is_worth_trying(const Descriptor& file, uint64_t position) {
    return !is_known_what_is_cached() || cached_pages(file, position, 1).value_or(1) > 0;
}

bool PosixRange::is_known_what_is_cached() {
    static const bool is_known = [] {
        CachestatRange range{0, 1};
        Cachestat found{};
        return ::syscall(cachestat_number, -1, &range, &found, 0U) != 0 && errno == EBADF;
    }();
    return is_known;
}

void PosixRange::load(uint64_t position, size_t bytes, std::function<void(bool)> done) const {
    readers_.run([file = file_, position, bytes, done = std::move(done)] {
        done(load_pages(*file, position, bytes).has_value());
    });
}

}  // namespace milena::env
