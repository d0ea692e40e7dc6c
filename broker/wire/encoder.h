// Encoder: writes the primitives of Kafka's protocol. Small things go into one growing buffer; records and other long
// byte strings are not copied but spliced in as they are, so that the result is a list of slices for one gathered
// write. Encoding cannot fail: what a version can't express is left out, for we are the writer and chose the version.
// A value on the stack of whoever encodes. It knows no message; write(), defined in codec.h, does.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/big_endian.h"
#include "base/bytes.h"
#include "base/piece.h"
#include "base/uuid.h"
#include "base/varint.h"
#include "wire/schema.h"
#include "wire/slices.h"

namespace milena::wire {

// What goes out, in order, and how many bytes that is.
struct EncodedFrame {
    std::vector<Piece> parts;
    size_t size = 0;

    size_t memory_bytes() const;  // of `size`, what isn't in files
    // The frame as one piece: for tests and for records that are small anyway. None of it may be in a file.
    Bytes joined() const;
};

// What was written elsewhere, with its length in front.
EncodedFrame framed(const Bytes& content);

class Encoder {
  public:
    // Byte strings shorter than this are copied: a slice of their own in a gathered write costs more.
    static constexpr size_t splice_bytes_min = 512;

    explicit Encoder(size_t capacity = 512) { grow(capacity); }

    void begin(Version version, bool flexible) {
        version_ = version;
        flexible_ = flexible;
    }
    Version version() const { return version_; }
    bool is_flexible() const { return flexible_; }
    size_t size() const { return used() + spliced_; }

    template <std::integral T>
    void fixed(T value) {
        store_big_endian(room(sizeof(T)), value);
        at_ += sizeof(T);
    }
    void float64(double value) { fixed(std::bit_cast<uint64_t>(value)); }
    void uuid(const Uuid& id) {
        fixed(id.high);
        fixed(id.low);
    }
    void unsigned_varint(uint32_t value) { at_ += write_unsigned_varint(room(varint_bytes_max), value); }

    void string(std::string_view text);  // cut at 32,767 bytes, the longest that readers accept
    void null_string();
    void bytes(const Bytes& content);
    void bytes(const Slices& content);
    void null_bytes() { null_array(); }
    void array_count(size_t count);
    void null_array();
    void presence(bool is_present) { fixed<int8_t>(is_present ? 1 : -1); }

    // A tagged field: its number, its size, which is known only at the end, and what is written in between.
    struct TagMark {
        size_t start = 0;    // offset in the buffer of the first byte of the content
        size_t splices = 0;  // how many there were before it
        size_t spliced = 0;
    };
    TagMark begin_tag(int number);
    void end_tag(const TagMark& mark);

    // Overwrites four bytes that were written before anything was spliced: the length in front of a frame.
    void patch(size_t offset, int32_t value) { store_big_endian(memory_.get() + offset, value); }

    // Everything written so far. The encoder is empty afterwards and can't be used again.
    EncodedFrame finish() &&;

  private:
    struct Splice {
        size_t offset = 0;  // in the buffer; the content goes in front of the byte there
        Piece content;
    };

    size_t used() const { return static_cast<size_t>(at_ - memory_.get()); }
    std::byte* room(size_t size) {
        if (static_cast<size_t>(end_ - at_) < size) grow(size);
        return at_;
    }
    void grow(size_t size);
    void piece(const Piece& content);
    void raw(const void* from, size_t size);

    std::shared_ptr<std::byte[]> memory_;
    std::byte* at_ = nullptr;
    std::byte* end_ = nullptr;
    std::vector<Splice> splices_;  // ascending by offset
    size_t spliced_ = 0;           // bytes in all splices
    Version version_ = 0;
    bool flexible_ = false;
};

// Writes the members of a message that are on the wire in this version. Instantiated in messages/*.cc, records/*.cc
// and, for what only a client writes, client/*.cc.
template <class M>
void write(Encoder& to, const M& message);

// The message alone, without length and header.
template <class M>
EncodedFrame encode(const M& message, Version version) {
    Encoder to;
    to.begin(version, M::api.is_flexible(version));
    write(to, message);
    return std::move(to).finish();
}

}  // namespace milena::wire
