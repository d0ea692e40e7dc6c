#include "replica/load_meter.h"

#include <chrono>
#include <utility>

namespace milena::replica {
namespace {

uint64_t rate_of(uint64_t bytes, Duration elapsed) {
    const double seconds = std::chrono::duration<double>(elapsed).count();
    return seconds <= 0 ? 0 : static_cast<uint64_t>(static_cast<double>(bytes) / seconds);
}

}  // namespace

void LoadMeter::look_at(const Replica& replica, Instant now) {
    const storage::PartitionLog& log = replica.log();
    const uint64_t bytes = log.bytes();
    load_.logs_bytes += bytes;
    now_[replica.key()] = {log.log_end_offset(), now};
    if (!replica.is_leader()) return;
    const auto before = before_.find(replica.key());
    const uint64_t rate =
        before == before_.end() ? 0 : rate_of(log.bytes_from(before->second.offset), now - before->second.at);
    load_.led.push_back({replica.key(), bytes, rate});
}

TableLoad LoadMeter::finish_pass() {
    before_ = std::exchange(now_, {});
    return std::exchange(load_, {});
}

}  // namespace milena::replica
