#include "sim/consumer.h"

#include "base/big_endian.h"
#include "wire/record.h"

namespace milena::sim {
namespace {

constexpr Duration poll_interval = std::chrono::milliseconds(40);
constexpr uint64_t polls_until_repeated = 10;

}  // namespace

void Consumer::start_over() {
    position_ = Offset{0};
    log_start_ = Offset{0};
    values_.clear();
    keeps_values_ = true;
    is_at_end_ = false;
    is_waiting_ = false;
    has_met_damage_ = false;
}

void Consumer::poll() {
    SimBroker* broker = network_.broker();
    // An answer that was lost with its process is asked for again.
    if (is_waiting_ && ++asked_ > polls_until_repeated) is_waiting_ = false;
    if (broker != nullptr && broker->is_ready() && !is_waiting_ && !has_met_damage_) {
        is_waiting_ = true;
        asked_ = 0;
        replica::FetchRequest request;
        request.from = position_;
        request.bytes_max = 4096;
        request.at_least_one = true;
        broker->fetch(partition_, request, [this, from = position_](const replica::FetchOutcome& outcome) {
            if (from != position_) return;
            is_waiting_ = false;
            got(outcome);
        });
    }
    network_.world.after(poll_interval, [this] { poll(); });
}

void Consumer::got(const replica::FetchOutcome& outcome) {
    if (outcome.error == ErrorCode::offset_out_of_range) return out_of_range();
    if (outcome.error != ErrorCode::none) return;
    for (const Piece& part : outcome.records)
        if (!has_met_damage_) take(part.memory());
    is_at_end_ = position_ == outcome.high_watermark;
}

// What lies there was deleted: goes on at the log start.
void Consumer::out_of_range() {
    SimBroker* broker = network_.broker();
    const auto start = broker == nullptr ? std::nullopt : broker->log_start(partition_);
    if (!start) return;
    if (position_ > *start && !may_lose_) checker_.complain("the log ended before what a consumer had read");
    position_ = log_start_ = *start;
    values_.clear();
}

void Consumer::damaged(const char* how) {
    has_met_damage_ = true;
    if (!expects_damage_) checker_.complain(how);
}

void Consumer::take(const Bytes& part) {
    wire::BatchCursor cursor(part.span());
    for (;;) {
        const auto batch = cursor.next();
        if (!batch.has_value()) return damaged("a consumer got a malformed batch");
        if (!*batch) return;
        if (!wire::crc_matches((*batch)->bytes)) return damaged("a consumer got a corrupt batch");
        // No checksum covers the offset that a batch says it has.
        if (expects_damage_ && (*batch)->header.base_offset != position_) return damaged("offsets don't add up");
        if ((*batch)->header.next_offset() <= position_) continue;
        if ((*batch)->header.base_offset > position_ && !checker_.allows_compaction())
            return damaged("offsets have a gap");
        wire::RecordCursor records((*batch)->header, wire::records_section((*batch)->bytes));
        for (;;) {
            const auto record = records.next();
            if (!record.has_value()) return damaged("a consumer got a malformed record");
            if (!*record) break;
            if ((*record)->offset < position_) continue;
            const auto value = load_big_endian<Value>((*record)->value->data());
            checker_.read(partition_, (*record)->offset, value);
            if (keeps_values_) values_.emplace((*record)->offset, value);
        }
        position_ = (*batch)->header.next_offset();
    }
}

}  // namespace milena::sim
