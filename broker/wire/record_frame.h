// The one reader of a record's structure, over bytes that are all there or that arrive in pieces. Included by the
// units that walk records, and by nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "wire/compression.h"

namespace milena::wire {

// Where the parts of a record begin is counted from the first byte behind its length.
struct RecordFrame {
    uint32_t body_bytes = 0;
    int8_t attributes = 0;
    int64_t timestamp_delta = 0;
    int32_t offset_delta = 0;
    int32_t key_bytes = -1;    // -1: null
    int32_t value_bytes = -1;  // -1: null
    int32_t headers_count = 0;
    uint32_t key_at = 0;
    uint32_t value_at = 0;
    uint32_t headers_at = 0;
};

// Bytes that are all there.
class WholeSource {
  public:
    explicit WholeSource(std::span<const std::byte> bytes)
        : at_(bytes.data()), begin_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    // Of all bytes so far.
    uint64_t position() const { return static_cast<uint64_t>(at_ - begin_); }
    // What can be looked at now, and taken off its front.
    std::span<const std::byte> window() const { return {at_, end_}; }
    void advance(size_t count) { at_ += count; }
    bool is_at_end() { return at_ == end_; }

    bool read_byte(uint8_t& byte) {
        if (at_ == end_) return false;
        byte = static_cast<uint8_t>(*at_++);
        return true;
    }
    bool skip(uint64_t count) {
        if (count > static_cast<uint64_t>(end_ - at_)) return false;
        at_ += count;
        return true;
    }

  private:
    const std::byte* at_;
    const std::byte* begin_;
    const std::byte* end_;
};

// The output of a decompressor. Only one piece of it is ever there.
class PieceSource {
  public:
    explicit PieceSource(Decompressor& decompressor) : decompressor_(decompressor) {}

    uint64_t position() const { return behind_ + at_; }
    std::span<const std::byte> window() const { return piece_.subspan(at_); }
    void advance(size_t count) { at_ += count; }
    bool is_at_end() { return at_ == piece_.size() && !refill(); }
    // Why there are no more bytes: none, if the input has properly ended.
    ErrorCode failure() const { return failure_; }

    bool read_byte(uint8_t& byte) {
        if (is_at_end()) return false;
        byte = static_cast<uint8_t>(piece_[at_++]);
        return true;
    }
    bool skip(uint64_t count) {
        while (count > piece_.size() - at_) {
            count -= piece_.size() - at_;
            at_ = piece_.size();
            if (!refill()) return false;
        }
        at_ += static_cast<size_t>(count);
        return true;
    }

  private:
    bool refill() {
        behind_ += piece_.size();
        at_ = 0;
        const auto next = decompressor_.next();
        piece_ = next.value_or({});
        if (!next) failure_ = next.error();
        return !piece_.empty();
    }

    Decompressor& decompressor_;
    std::span<const std::byte> piece_;
    size_t at_ = 0;        // in the piece
    uint64_t behind_ = 0;  // bytes of all earlier pieces
    ErrorCode failure_ = ErrorCode::none;
};

template <class Raw, class Source>
[[gnu::noinline]] bool read_long_varint(Source& source, Raw& raw) {
    constexpr unsigned bits = std::numeric_limits<Raw>::digits;
    raw = 0;
    uint8_t byte = 0x80;
    for (unsigned shift = 0; (byte & 0x80U) != 0; shift += 7) {
        if (shift >= bits || !source.read_byte(byte)) return false;
        const unsigned room = bits - shift;
        if (room < 7 && (byte >> room) != 0) return false;
        raw |= static_cast<Raw>(static_cast<Raw>(byte & 0x7fU) << shift);
    }
    return true;
}

// Nearly all varints of real records have one byte or two: only those are read in line.
template <class Value, class Source>
[[gnu::always_inline]] inline bool read_zigzag(Source& source, Value& value) {
    using Raw = std::make_unsigned_t<Value>;
    Raw raw = 0;
    const std::span<const std::byte> window = source.window();
    if (window.size() >= 2 && (window[0] & std::byte{0x80}) == std::byte{0}) {
        raw = static_cast<Raw>(window[0]);
        source.advance(1);
    } else if (window.size() >= 2 && (window[1] & std::byte{0x80}) == std::byte{0}) {
        raw = static_cast<Raw>((static_cast<Raw>(window[0]) & 0x7fU) | (static_cast<Raw>(window[1]) << 7));
        source.advance(2);
    } else if (!read_long_varint(source, raw)) {
        return false;
    }
    value = static_cast<Value>((raw >> 1) ^ (Raw{0} - (raw & 1U)));
    return true;
}

// Skips a key, a value or a header's value, which may be null.
template <class Source>
[[gnu::always_inline]] inline bool skip_nullable(Source& source, int32_t& length) {
    if (!read_zigzag(source, length) || length < -1) return false;
    return length <= 0 || source.skip(static_cast<uint64_t>(length));
}

template <class Source>
bool skip_headers(Source& source, int32_t count) {
    int32_t length = 0;
    for (; count > 0; --count) {
        if (!skip_nullable(source, length) || length < 0) return false;
        if (!skip_nullable(source, length)) return false;
    }
    return true;
}

// Reads the next record and leaves the source behind it. False: malformed, or the bytes end within.
template <class Source>
[[gnu::always_inline]] inline bool read_record_frame(Source& source, RecordFrame& frame) {
    int32_t length = 0;
    if (!read_zigzag(source, length) || length < 0) return false;
    const uint64_t begin = source.position();
    const uint64_t end = begin + static_cast<uint32_t>(length);
    uint8_t attributes = 0;
    if (!source.read_byte(attributes)) return false;
    if (!read_zigzag(source, frame.timestamp_delta) || !read_zigzag(source, frame.offset_delta)) return false;
    if (!skip_nullable(source, frame.key_bytes)) return false;
    const uint64_t key_end = source.position();
    if (!skip_nullable(source, frame.value_bytes)) return false;
    const uint64_t value_end = source.position();
    if (!read_zigzag(source, frame.headers_count)) return false;
    const uint64_t headers_begin = source.position();
    // A header takes two bytes at least: a count that lies is noticed before the loop.
    if (headers_begin > end || frame.headers_count < 0) return false;
    if (static_cast<uint64_t>(frame.headers_count) > (end - headers_begin) / 2) return false;
    if (frame.headers_count > 0 && !skip_headers(source, frame.headers_count)) return false;
    if (source.position() != end) return false;
    frame.body_bytes = static_cast<uint32_t>(length);
    frame.attributes = static_cast<int8_t>(attributes);
    frame.key_at =
        static_cast<uint32_t>(key_end - begin) - static_cast<uint32_t>(frame.key_bytes > 0 ? frame.key_bytes : 0);
    frame.value_at =
        static_cast<uint32_t>(value_end - begin) - static_cast<uint32_t>(frame.value_bytes > 0 ? frame.value_bytes : 0);
    frame.headers_at = static_cast<uint32_t>(headers_begin - begin);
    return true;
}

}  // namespace milena::wire
