// Decoder: reads the primitives of Kafka's protocol out of one frame. The frame is hostile: every length is checked
// against the bytes that are left before anything is allocated, and the first fault sticks: from then on every read
// gives zero and the message is refused as a whole. Strings and records point into the frame; records share its owner.
// A value on the stack of whoever decodes. It knows no message; read(), defined in codec.h, does.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/big_endian.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/uuid.h"
#include "wire/schema.h"

namespace milena::wire {

// Why a frame was refused, and at which byte of what was given to decode.
struct DecodeError {
    const char* reason = "";
    size_t offset = 0;
};

class Decoder {
  public:
    // Elements of arrays take more memory than bytes on the wire, an empty topic with all its members ten times and
    // more. A frame made of nothing else must not get the broker to allocate a multiple of it: no honest message comes
    // near these limits, which is a million partitions.
    static constexpr size_t memory_bytes_free = 64 * 1024;
    static constexpr size_t memory_per_byte_max = 16;
    static constexpr size_t memory_bytes_max = 64 * 1024 * 1024;

    explicit Decoder(const Bytes& frame)
        : frame_(frame),
          at_(frame.data()),
          end_(frame.data() + frame.size()),
          memory_left_(std::min(memory_bytes_free + memory_per_byte_max * frame.size(), memory_bytes_max)),
          fault_{nullptr, 0} {}

    // The version decides how lengths are written and which members are there.
    void begin(Version version, bool flexible) {
        version_ = version;
        flexible_ = flexible;
    }
    Version version() const { return version_; }
    bool is_flexible() const { return flexible_; }

    bool has_failed() const { return fault_.reason != nullptr; }
    const DecodeError& fault() const { return fault_; }
    size_t offset() const { return static_cast<size_t>(at_ - frame_.data()); }
    size_t left() const { return static_cast<size_t>(end_ - at_); }
    void fail(const char* reason);

    template <std::integral T>
    T fixed() {
        if (left() < sizeof(T)) {
            fail("truncated number");
            return 0;
        }
        const T value = load_big_endian<T>(at_);
        at_ += sizeof(T);
        return value;
    }
    double float64() { return std::bit_cast<double>(fixed<uint64_t>()); }
    Uuid uuid();
    uint32_t unsigned_varint();

    std::string_view string();
    std::optional<std::string_view> nullable_string();
    Bytes bytes();
    std::optional<Bytes> nullable_bytes();
    // How many elements follow, each of at least element_bytes_min here and element_memory once decoded; -1 is null.
    int32_t array_count(size_t element_bytes_min, size_t element_memory);
    // Whether a nullable struct is there.
    bool is_present() { return fixed<int8_t>() >= 0; }
    void refuse_null() { fail("null where a value is required"); }

    // Tagged fields of a struct without any that are known: read over.
    void skip_tags();
    // Calls take(tag), which reads the field or returns false to have it skipped, for each tagged field in its bounds.
    template <class F>
    void tags(F&& take);

  private:
    // -1 is null. The length is known to fit into what is left.
    int32_t string_length();
    int32_t bytes_length();
    int32_t checked_length(int64_t length);
    std::span<const std::byte> take(int32_t length);

    Bytes frame_;
    const std::byte* at_;
    const std::byte* end_;  // of the frame, or of the tagged field that is being read
    Version version_ = 0;
    bool flexible_ = false;
    size_t memory_left_;  // what the elements of further arrays may take
    DecodeError fault_;   // reason is null while all is well
};

template <class F>
void Decoder::tags(F&& take_field) {
    const uint32_t count = unsigned_varint();
    int64_t previous = -1;
    for (uint32_t i = 0; i < count && !has_failed(); ++i) {
        const uint32_t tag = unsigned_varint();
        const uint32_t size = unsigned_varint();
        if (tag <= previous) return fail("tagged fields out of order");
        if (size > left()) return fail("tagged field longer than the frame");
        previous = tag;
        const std::byte* outer_end = std::exchange(end_, at_ + size);
        if (!take_field(tag)) at_ = end_;
        if (has_failed()) return;
        if (at_ != end_) return fail("tagged field with bytes left over");
        end_ = outer_end;
    }
}

// Reads the members of a message that are on the wire in this version. Instantiated in messages/*.cc, records/*.cc and,
// for what only a client reads, client/*.cc.
template <class M>
void read(Decoder& from, M& message);

// A whole message out of `body`, which must hold nothing else. The message may point into the memory of `body`.
template <class M>
Result<M, DecodeError> decode(const Bytes& body, Version version) {
    Decoder from(body);
    M message;
    if (!M::api.has(version)) return unexpected(DecodeError{"unsupported version", 0});
    from.begin(version, M::api.is_flexible(version));
    read(from, message);
    if (!from.has_failed() && from.left() != 0) from.fail("bytes left over");
    if (from.has_failed()) return unexpected(from.fault());
    return message;
}

}  // namespace milena::wire
