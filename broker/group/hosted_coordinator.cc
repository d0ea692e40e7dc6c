#include "group/hosted_coordinator.h"

#include <algorithm>

#include "base/log.h"
#include "replica/replica.h"
#include "wire/record.h"
#include "wire/record_batch_builder.h"
#include "wire/records/control_records.h"
#include "wire/records/coordinator_frame.h"

namespace milena::group {
namespace {

constexpr size_t slice_bytes = 1U << 20;
constexpr size_t records_a_turn = 4'000;
constexpr size_t decompressed_bytes_max = 256U << 20;
constexpr size_t compression_ratio_max = 16;  // that a batch is tried for
constexpr int16_t commit_marker = 1;          // a control record; 0 aborts

std::optional<std::span<const std::byte>> span_of(const std::optional<Bytes>& bytes) {
    return bytes ? std::optional(bytes->span()) : std::nullopt;
}

}  // namespace

HostedCoordinator::HostedCoordinator(const HostEnvironment& environment, const replica::PartitionKey& key,
                                     Options options)
    : environment_(environment),
      key_(key),
      options_(std::move(options)),
      coordinator_({*this, environment.clock, environment.random, options_.members, options_.counts}, options_.config) {
}

// --- loading ---------------------------------------------------------------------------------------------------------

void HostedCoordinator::load() {
    load_began_ = environment_.clock.now();
    next_offset_ = replica()->log().log_start_offset();
    read_slice();
}

void HostedCoordinator::read_slice() {
    replica::Replica* led = replica();
    if (led == nullptr || unavailable_ != ErrorCode::coordinator_load_in_progress) return;
    const Offset end = led->log().log_end_offset();
    if (next_offset_ >= end) return loaded();
    const storage::ReadRequest request{
        .from = next_offset_, .limit = end, .bytes_max = slice_bytes, .at_least_one = true};
    led->log().read(request, [weak = weak_from_this()](const Result<storage::ReadBatches>& slice) {
        if (const auto self = weak.lock()) self->take_slice(slice);
    });
}

void HostedCoordinator::take_slice(const Result<storage::ReadBatches>& slice) {
    if (unavailable_ != ErrorCode::coordinator_load_in_progress) return;
    if (!slice.has_value() || slice->next_offset <= next_offset_) return refuse_load();
    slice_ = slice->parts;
    slice_end_ = slice->next_offset;
    apply_some();
}

// Whole batches, as many as take a few milliseconds; then it is the turn of whoever else is on the shard.
void HostedCoordinator::apply_some() {
    if (unavailable_ != ErrorCode::coordinator_load_in_progress) return;
    const size_t enough = records_read_ + records_a_turn;
    for (; !slice_.empty() && records_read_ < enough;) {
        Bytes& part = slice_.front();
        const auto batch = wire::BatchCursor(part.span()).next();
        if (!batch.has_value() || (*batch && !apply((*batch)->header, (*batch)->bytes))) return refuse_load();
        if (*batch)
            part = part.slice((*batch)->bytes.size());
        else
            slice_.erase(slice_.begin());
    }
    environment_.post([weak = weak_from_this(), is_over = slice_.empty()] {
        const auto self = weak.lock();
        if (!self) return;
        if (!is_over) return self->apply_some();
        self->next_offset_ = self->slice_end_;
        self->read_slice();
    });
}

void HostedCoordinator::refuse_load() {
    log_error("groups not loaded", {{"partition", key_.partition}, {"offset", next_offset_}});
    unavailable_ = ErrorCode::not_coordinator;
    slice_.clear();
}

bool HostedCoordinator::apply(const wire::BatchHeader& header, std::span<const std::byte> batch) {
    if (header.next_offset() <= next_offset_) return true;
    const auto section =
        wire::uncompressed_records(batch, decompressed_bytes_max, environment_.codecs.decompressor, decompressed_);
    if (!section.has_value()) return false;
    wire::RecordCursor records(header, *section);
    for (;;) {
        const auto next = records.next();
        if (!next.has_value()) return false;
        if (!*next) return true;
        const wire::Record& read = **next;
        if (!read.key) continue;
        ++records_read_;
        // Nobody keeps the memory alive: what is applied is copied where it is kept.
        Record record{.key = Bytes(nullptr, *read.key), .value = std::nullopt};
        if (read.value) record.value = Bytes(nullptr, *read.value);
        if (header.is_control()) {
            const auto type = wire::decode_versioned<wire::ControlRecordKey>(record.key);
            if (type.has_value()) coordinator_.end_transaction(header.producer_id, type->type == commit_marker);
        } else if (header.is_transactional()) {
            coordinator_.apply_in_transaction(header.producer_id, record, read.offset);
        } else if (!coordinator_.apply(record, read.offset)) {
            ++records_skipped_;
        }
    }
}

void HostedCoordinator::loaded() {
    unavailable_ = ErrorCode::none;
    decompressed_ = {};
    // What a crash left behind may have been read before it is safe.
    last_written_ = next_offset_ - 1;
    coordinator_.loaded();
    for (const auto& [name, id] : std::exchange(deleted_topics_, {})) coordinator_.topic_deleted(name, id);
    settle();
    if (records_read_ == 0) return;
    const auto elapsed = std::chrono::duration_cast<Milliseconds>(environment_.clock.now() - load_began_);
    log_info("groups loaded", {{"partition", key_.partition},
                               {"groups", coordinator_.group_count()},
                               {"offsets", coordinator_.offsets().size()},
                               {"records", records_read_},
                               {"unreadable", records_skipped_},
                               {"after_ms", elapsed.count()}});
}

void HostedCoordinator::topic_deleted(const std::string& name, const Uuid& id) {
    if (unavailable_ == ErrorCode::coordinator_load_in_progress) deleted_topics_.emplace_back(name, id);
    if (unavailable_ == ErrorCode::none) use([&](Coordinator& coordinator) { coordinator.topic_deleted(name, id); });
}

void HostedCoordinator::resign() {
    unavailable_ = ErrorCode::not_coordinator;
    coordinator_.resign();
    for (Coordinator::Answer& answer : coordinator_.take_answers())
        held_.push_back({.last_offset = last_written_, .deadline = {}, .answer = std::move(answer)});
    fail_held(ErrorCode::not_coordinator);
}

// --- writing ---------------------------------------------------------------------------------------------------------

Result<Offset> HostedCoordinator::append(const Records& records) {
    replica::Replica* led = replica();
    if (led == nullptr) return unexpected(ErrorCode::not_leader_or_follower);
    // Kafka's coordinators begin at 0 though they have no producer id.
    wire::RecordBatchBuilder builder({.codec = options_.codec, .base_sequence = 0});
    const Timestamp now = environment_.clock.wall();
    const size_t bytes_max = batch_bytes_max();
    for (const Record& record : records) {
        if (builder.size_bytes() + size_bytes(record) > bytes_max) return unexpected(ErrorCode::message_too_large);
        builder.add({.timestamp = now, .key = record.key.span(), .value = span_of(record.value)});
    }
    Bytes batch = Bytes::from(builder.build(environment_.codecs.compressor));
    ASSIGN_OR_RETURN(last_written_, led->append(std::move(batch)));
    return last_written_ - (static_cast<int64_t>(records.size()) - 1);
}

// Before compression. What we couldn't read back isn't written either.
size_t HostedCoordinator::batch_bytes_max() const {
    const replica::Replica* led = replica();
    if (led == nullptr) return decompressed_bytes_max;
    const size_t bytes_max = led->policy().rules.bytes_max;
    if (options_.codec == wire::Codec::none) return bytes_max;
    return std::min(compression_ratio_max * bytes_max, decompressed_bytes_max);
}

// --- answering -------------------------------------------------------------------------------------------------------

void HostedCoordinator::settle() {
    std::vector<Coordinator::Answer> answers = coordinator_.take_answers();
    options_.wake_at(next_deadline());
    if (answers.empty()) return;
    replica::Replica* led = replica();
    constexpr auto wanted = replica::Acknowledgement::all_in_sync;
    const bool is_committed = led != nullptr && held_.empty() && led->is_acknowledged(last_written_, wanted);
    if (is_committed) {
        for (const auto& answer : answers) answer(ErrorCode::none);
        return;
    }
    const bool is_awaited = !held_.empty() && held_.back().last_offset == last_written_;
    const Instant deadline = environment_.clock.now() + options_.commit_timeout;
    for (auto& answer : answers)
        held_.push_back({.last_offset = last_written_, .deadline = deadline, .answer = std::move(answer)});
    if (led == nullptr) return fail_held(ErrorCode::not_coordinator);
    if (is_awaited) return;
    // Not from within: the replica that wakes us may be in the middle of an append of ours.
    led->when_acknowledged(last_written_, wanted,
                           [weak = weak_from_this(), last = last_written_, post = environment_.post](ErrorCode error) {
                               post([weak, last, error] {
                                   const auto self = weak.lock();
                                   if (!self) return;
                                   if (error == ErrorCode::none) return self->release(last);
                                   self->fail_held(coordinator_error(error));
                               });
                           });
    options_.wake_at(next_deadline());
}

void HostedCoordinator::release(Offset committed) {
    while (!held_.empty() && held_.front().last_offset <= committed) {
        const Held first = std::move(held_.front());
        held_.pop_front();
        first.answer(ErrorCode::none);
    }
}

void HostedCoordinator::fail_held(ErrorCode error) {
    for (const Held& held : std::exchange(held_, {})) held.answer(error);
}

void HostedCoordinator::tick(Instant now) {
    if (unavailable_ != ErrorCode::none) return;
    while (!held_.empty() && held_.front().deadline <= now) {
        const Held late = std::move(held_.front());
        held_.pop_front();
        late.answer(ErrorCode::coordinator_not_available);
    }
    use([now](Coordinator& coordinator) { coordinator.tick(now); });
}

Instant HostedCoordinator::next_deadline() const {
    if (unavailable_ != ErrorCode::none) return never;
    const Instant next = coordinator_.next_deadline();
    return held_.empty() ? next : std::min(next, held_.front().deadline);
}

}  // namespace milena::group
