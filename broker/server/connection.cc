#include "server/connection.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/big_endian.h"
#include "base/check.h"
#include "base/log.h"

namespace milena::server {
namespace {

// A frame larger than this is read straight into its memory; what was read of it together with its length is copied.
constexpr size_t large_frame_bytes = 32U << 10;
constexpr size_t large_frame_begin_bytes = 256;

constexpr size_t usual_frame_bytes_max = 1U << 20;

// One connection may keep the loop for so many reads in a row.
constexpr int reads_in_a_row = 16;

// A client that moves less than this in a while counts as silent, however regularly it sends a byte.
constexpr size_t progress_bytes_min = 16U << 10;

// Of a file, after which it is asked again whether the rest is in memory.
constexpr size_t sent_at_once_max = 1U << 20;

// What was in memory when the answer was made is taken to be there for so long without asking: the system would have to
// reclaim it at once, and then it is read again within the call.
constexpr Duration cached_for = std::chrono::milliseconds(20);

}  // namespace

Connection::Connection(ConnectionHost& host, std::unique_ptr<Stream> stream, ClientInfo client)
    : host_(host),
      stream_(std::move(stream)),
      client_(std::move(client)),
      begin_bytes_(host.scratch.size()),
      last_progress_(host.loop.clock().now()) {
    check(host.scratch.size() > large_frame_begin_bytes + length_bytes);
}

void Connection::start() { wait_for_data(); }

// --- reading ---------------------------------------------------------------------------------------------------------

void Connection::wait_for_data() {
    reading_ = Reading::waits_for_data;
    stream_->when_readable([self = shared_from_this()] {
        const shard::Loop::Work work(self->host_.loop);
        if (!self->is_open_ || self->is_finishing_) return;
        self->reading_ = Reading::ready;
        self->read();
    });
}

void Connection::read() {
    is_in_read_ = true;
    if (is_throttled()) reading_ = Reading::throttled;
    for (int reads = 0; is_open_ && reading_ == Reading::ready; ++reads) {
        const bool may_have_more = frame_ ? read_frame_rest() : read_frame_begins();
        const bool is_stopped = !is_open_ || reading_ != Reading::ready;
        if (!is_stopped && (!may_have_more || reads >= reads_in_a_row)) wait_for_data();
    }
    is_in_read_ = false;
    flush();
}

// False if the socket has nothing more for now.
bool Connection::read_frame_rest() {
    const std::span<std::byte> rest(frame_.get() + frame_filled_, frame_charged_ - frame_filled_);
    const auto bytes = stream_->read_some(rest);
    if (!bytes.has_value()) {
        if (bytes.error() == StreamEnd::closed) close("");
        return false;
    }
    host_.metrics.received_bytes += *bytes;
    frame_filled_ += *bytes;
    const bool is_whole = frame_filled_ == frame_bytes_;
    progressed(*bytes, is_whole);
    const bool may_have_more = *bytes == rest.size();
    if (is_whole)
        frame_complete();
    else if (frame_filled_ == frame_charged_)
        charge_more();
    return may_have_more;
}

// What a client only announces costs nobody anything: the budget is charged as the bytes arrive. A frame of usual size
// gets all its memory in one step, so that many of them can't wait for each other half-read; a larger one in doubling
// steps.
void Connection::charge_more() {
    const size_t more = std::min(frame_bytes_ - frame_charged_, std::max(frame_charged_, usual_frame_bytes_max));
    if (host_.budget.try_take(more, frame_charged_)) {
        frame_charged_ += more;
        return;
    }
    reading_ = Reading::waits_for_budget;
    host_.budget.when_room(more, frame_charged_, [weak = weak_from_this(), more] {
        const auto self = weak.lock();
        if (!self || !self->is_open_) return false;
        self->frame_charged_ += more;
        self->host_.loop.post([self] { self->resume(); });
        return true;
    });
}

bool Connection::read_frame_begins() {
    const size_t before = leftover_.size();
    std::copy(leftover_.begin(), leftover_.end(), host_.scratch.begin());
    const std::span<std::byte> into = host_.scratch.subspan(before, begin_bytes_ - before);
    const auto bytes = stream_->read_some(into);
    if (!bytes.has_value()) {
        if (bytes.error() == StreamEnd::closed) close("");
        return false;
    }
    host_.metrics.received_bytes += *bytes;
    leftover_.clear();
    progressed(*bytes, false);
    take_frames(host_.scratch.first(before + *bytes));
    return *bytes == into.size();
}

// Dispatches the whole frames in `input`; begins the one that isn't, and keeps what may not begin yet.
void Connection::take_frames(std::span<const std::byte> input) {
    while (is_open_ && input.size() >= length_bytes) {
        const auto length = load_big_endian<int32_t>(input.data());
        if (length < 0) return close("frame of negative length");
        if (!begin_frame(static_cast<size_t>(length))) break;
        input = input.subspan(length_bytes);
        frame_filled_ = std::min(frame_bytes_, input.size());
        std::memcpy(frame_.get(), input.data(), frame_filled_);
        input = input.subspan(frame_filled_);
        if (frame_filled_ < frame_bytes_) return;
        progressed(frame_bytes_, true);
        frame_complete();
    }
    if (is_open_) leftover_.assign(input.begin(), input.end());
}

// False if the frame must wait, or the connection was closed.
bool Connection::begin_frame(size_t bytes) {
    if (bytes > host_.limits.frame_bytes_max) {
        close("frame of " + std::to_string(bytes) + " bytes is larger than socket.request.max.bytes");
        return false;
    }
    if (is_throttled()) {
        reading_ = Reading::throttled;
        return false;
    }
    if (is_over_limits(bytes)) {
        reading_ = Reading::waits_for_answers;
        return false;
    }
    const size_t first = std::min(bytes, host_.scratch.size());
    if (granted_bytes_ == 0 && !take_budget(first)) {
        reading_ = Reading::waits_for_budget;
        host_.budget.when_room(first, 0, [weak = weak_from_this(), first] {
            const auto self = weak.lock();
            if (!self || !self->is_open_) return false;
            self->granted_bytes_ = first;
            self->host_.loop.post([self] { self->resume(); });
            return true;
        });
        return false;
    }
    granted_bytes_ = 0;
    frame_ = std::make_shared_for_overwrite<std::byte[]>(std::max<size_t>(bytes, 1));
    frame_bytes_ = bytes;
    frame_charged_ = first;
    frame_filled_ = 0;
    begin_bytes_ = bytes >= large_frame_bytes ? large_frame_begin_bytes : host_.scratch.size();
    return true;
}

// Others may have used up the memory: whoever asks little, and for nothing else, is served all the same.
bool Connection::take_budget(size_t bytes) {
    if (host_.budget.try_take(bytes)) return true;
    if (!slots_.empty() || bytes > host_.limits.always_bytes_max) return false;
    host_.budget.take(bytes);
    return true;
}

void Connection::frame_complete() {
    Slot& added = slots_.emplace_back();
    added.request_bytes = frame_bytes_;
    added.times.received = host_.loop.clock().now();
    requests_bytes_ += frame_bytes_;
    const SlotId id = front_ + slots_.size() - 1;
    const std::span<const std::byte> content(frame_.get(), frame_bytes_);
    const Bytes frame(std::exchange(frame_, nullptr), content);
    const bool is_accepted = host_.dispatch(*this, id, frame);
    if (!is_open_) return;
    if (!is_accepted) {
        ++host_.metrics.requests_refused;
        return close("");
    }
    slot(id).times.handled = host_.loop.clock().now();
}

// Something that the reader has waited for is there: answers were sent, or the budget has room.
void Connection::resume() {
    if (!is_open_ || is_finishing_ || is_in_read_) return;
    reading_ = Reading::ready;
    is_in_read_ = true;
    if (!frame_) take_frames(std::exchange(leftover_, {}));
    is_in_read_ = false;
    if (is_open_ && reading_ == Reading::ready) return read();
    flush();
}

bool Connection::is_throttled() const {
    return throttled_until_ != Instant{} && host_.loop.clock().now() < throttled_until_;
}

void Connection::throttle(Duration time) {
    if (!is_open_) return;
    const bool is_awaited = is_throttled();
    throttled_until_ = std::max(throttled_until_, host_.loop.clock().now() + time);
    if (!is_awaited) await_throttle_end();
}

void Connection::await_throttle_end() {
    host_.loop.at(throttled_until_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || !self->is_open_) return;
        if (self->is_throttled()) return self->await_throttle_end();
        self->throttled_until_ = {};
        if (self->reading_ == Reading::throttled) self->resume();
    });
}

bool Connection::is_over_limits(size_t bytes) const {
    const ConnectionLimits& limits = host_.limits;
    if (slots_.empty()) return false;
    return slots_.size() >= limits.requests_max || requests_bytes_ + bytes > limits.requests_bytes_max ||
           answers_bytes_ > limits.answers_bytes_max;
}

// --- answering -------------------------------------------------------------------------------------------------------

Connection::Slot& Connection::slot(SlotId id) {
    check(id >= front_ && id - front_ < slots_.size());
    return slots_[id - front_];
}

RequestTimes& Connection::times(SlotId id) { return slot(id).times; }

void Connection::on_close(SlotId id, std::function<void()> call) {
    if (!is_open_) return call();
    slot(id).on_close = std::move(call);
}

void Connection::answer(SlotId id, wire::EncodedFrame frame) {
    if (!is_open_) return;
    Slot& answered = slot(id);
    check(!answered.is_answered);
    answered.is_answered = true;
    answered.on_close = nullptr;
    answered.times.answered = host_.loop.clock().now();
    answered.answer = std::move(frame);
    answered.memory_bytes = answered.answer.memory_bytes();
    answers_bytes_ += answered.answer.size;
    answers_memory_bytes_ += answered.memory_bytes;
    host_.budget.take(answered.memory_bytes);
    if (turn_under_way_ == id) {
        turn_under_way_.reset();
        take_turns_soon();
    }
    if (!is_in_read_ && id == front_) flush_soon();
}

void Connection::in_turn(SlotId id, std::function<void()> work) {
    turns_.push_back({id, std::move(work)});
    take_turns();
}

void Connection::take_turns() {
    if (!is_open_ || turn_under_way_ || turns_.empty() || answers_bytes_ > host_.limits.answers_bytes_max) return;
    const Turn turn = std::move(turns_.front());
    turns_.pop_front();
    turn_under_way_ = turn.slot;
    turn.work();
}

void Connection::take_turns_soon() {
    if (!turns_.empty()) host_.loop.post([self = shared_from_this()] { self->take_turns(); });
}

// What other shards answer in one message, and what was read before it, goes out in one write: a write costs as much as
// all else that is done for a batch, since it wakes the client.
void Connection::flush_soon() {
    if (is_flush_posted_) return;
    is_flush_posted_ = true;
    host_.loop.post([self = shared_from_this()] {
        self->is_flush_posted_ = false;
        self->flush();
    });
}

size_t Connection::answer_bytes_room() const {
    const Budget& budget = host_.budget;
    return budget.bytes_max() - std::min(budget.bytes_max(), budget.bytes_used());
}

void Connection::flush() {
    std::array<iovec, 128> parts;
    while (is_open_ && !is_waiting_to_write_ && !is_loading_) {
        const Instant now = host_.loop.clock().now();
        const Outgoing next = gather(parts, now);
        if (next.parts_count == 0 && !next.range) {
            written(0);  // answers without bytes
            break;
        }
        if (next.range && !is_range_cached_)
            is_range_cached_ = now - next.answered < cached_for || next.range->is_cached();
        if (next.parts_count == 0 && !is_range_cached_) return load(*next.range);
        const auto bytes = next.parts_count == 0
                               ? stream_->send_some(*next.range)
                               : stream_->write_some(std::span(parts).first(next.parts_count), is_range_cached_);
        if (next.parts_count == 0 || !bytes.has_value()) is_range_cached_ = false;
        if (bytes.has_value()) {
            written(*bytes);
        } else if (bytes.error() == StreamEnd::closed) {
            close("");
        } else {
            is_waiting_to_write_ = true;
            stream_->when_writable([self = shared_from_this()] {
                const shard::Loop::Work work(self->host_.loop);
                self->is_waiting_to_write_ = false;
                self->flush();
            });
        }
    }
    if (is_finishing_ && slots_.empty()) close("");
}

// The client took so long that the system has let go of what we refer to.
void Connection::load(const FileRange& range) {
    is_loading_ = true;
    // Called on another thread, which mustn't be the one that destroys a connection.
    range.source->load(range.position, range.bytes, [&loop = host_.loop, weak = weak_from_this()](bool is_loaded) {
        loop.post([weak, is_loaded] {
            const auto self = weak.lock();
            if (!self || !self->is_open_) return;
            if (!is_loaded) return self->close("records can't be read");
            self->is_loading_ = false;
            self->is_range_cached_ = true;  // asked again, it might have gone again, for ever
            self->flush();
        });
    });
}

Connection::Outgoing Connection::gather(std::span<iovec> parts, Instant now) {
    Outgoing next;
    size_t skip = front_written_;
    for (Slot& each : slots_) {
        if (!each.is_answered) break;
        if (each.times.sending == Instant{}) each.times.sending = now;
        for (const Piece& piece : each.answer.parts) {
            if (next.parts_count == parts.size()) return next;
            const size_t skipped = std::min(skip, piece.size());
            skip -= skipped;
            if (skipped == piece.size()) continue;
            if (piece.is_file()) {
                const FileRange& range = piece.range();
                const size_t bytes = std::min(range.bytes - skipped, sent_at_once_max);
                next.range = FileRange{range.source, range.position + skipped, bytes};
                next.answered = each.times.answered;
                return next;
            }
            parts[next.parts_count++] = {const_cast<std::byte*>(piece.memory().data()) + skipped,
                                         piece.size() - skipped};
        }
    }
    return next;
}

void Connection::written(size_t bytes) {
    const Instant now = host_.loop.clock().now();
    bool is_whole = false;
    for (front_written_ += bytes; !slots_.empty() && slots_.front().is_answered;) {
        Slot& front = slots_.front();
        if (front_written_ < front.answer.size) break;
        front_written_ -= front.answer.size;
        pop_front(now);
        is_whole = true;
    }
    if (bytes > 0) progressed(bytes, is_whole);
    if (is_whole) take_turns_soon();
    if (is_whole && reading_ == Reading::waits_for_answers) {
        // Not from here: whoever gave the answer may be in the middle of something.
        reading_ = Reading::ready;
        host_.loop.post([self = shared_from_this()] { self->resume(); });
    }
}

void Connection::pop_front(Instant now) {
    const Slot& front = slots_.front();
    const size_t budget_bytes = front.request_bytes + front.memory_bytes;
    host_.metrics.sent(front.times, now, front.request_bytes, front.answer.size);
    requests_bytes_ -= front.request_bytes;
    answers_bytes_ -= front.answer.size;
    answers_memory_bytes_ -= front.memory_bytes;
    slots_.pop_front();
    ++front_;
    host_.budget.give_back(budget_bytes);
}

// --- the end ---------------------------------------------------------------------------------------------------------

void Connection::finish() {
    if (!is_open_) return;
    is_finishing_ = true;
    const bool is_owed = std::ranges::any_of(slots_, [](const Slot& each) { return !each.on_close; });
    if (!is_owed) close("");
}

void Connection::close(std::string_view reason) {
    if (!is_open_) return;
    is_open_ = false;
    const auto self = shared_from_this();
    if (!reason.empty())
        log_info("connection closed", {{"client", client_.address}, {"client_id", client_id_}, {"reason", reason}});
    stream_->close();
    size_t budget_bytes = granted_bytes_ + (frame_ ? frame_charged_ : 0);
    frame_ = nullptr;
    leftover_ = {};
    turns_.clear();
    std::deque<Slot> slots;
    slots.swap(slots_);
    for (const Slot& each : slots) {
        budget_bytes += each.request_bytes + each.memory_bytes;
        if (each.on_close) each.on_close();
    }
    ++host_.metrics.connections_closed;
    host_.closed(*this);
    host_.budget.give_back(budget_bytes);
}

void Connection::progressed(size_t bytes, bool is_whole) {
    progress_bytes_ += bytes;
    if (!is_whole && progress_bytes_ < progress_bytes_min) return;
    progress_bytes_ = 0;
    last_progress_ = host_.loop.clock().now();
}

std::optional<Instant> Connection::silent_since() const {
    const bool is_not_heard = reading_ == Reading::throttled;
    if (is_waiting_to_write_ || (frame_ && !is_not_heard)) return last_progress_;
    // Whether somebody throttled is still there can't be known; he may be gone for good.
    if (slots_.empty() && (reading_ == Reading::waits_for_data || is_not_heard)) return last_progress_;
    return {};
}

size_t Connection::bytes_held_by_client() const {
    return (frame_ && reading_ != Reading::throttled ? frame_charged_ : 0) +
           (is_waiting_to_write_ ? answers_memory_bytes_ : 0);
}

}  // namespace milena::server
