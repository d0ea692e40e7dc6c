#include "wire/encoder.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace milena::wire {

size_t EncodedFrame::memory_bytes() const {
    size_t bytes = size;
    for (const Piece& part : parts) bytes -= part.is_file() ? part.size() : 0;
    return bytes;
}

Bytes EncodedFrame::joined() const {
    if (parts.size() == 1) return parts.front().memory();
    std::vector<std::byte> whole;
    whole.reserve(size);
    for (const Piece& part : parts) whole.insert(whole.end(), part.memory().data(), part.memory().data() + part.size());
    return Bytes::from(std::move(whole));
}

EncodedFrame framed(const Bytes& content) {
    std::vector<std::byte> length(sizeof(int32_t));
    store_big_endian(length.data(), static_cast<int32_t>(content.size()));
    EncodedFrame frame;
    frame.parts.emplace_back(Bytes::from(std::move(length)));
    frame.parts.emplace_back(content);
    frame.size = sizeof(int32_t) + content.size();
    return frame;
}

void Encoder::grow(size_t size) {
    const size_t before = used();
    const size_t capacity = std::max(2 * static_cast<size_t>(end_ - memory_.get()), before + size);
    auto larger = std::make_shared_for_overwrite<std::byte[]>(capacity);
    if (before > 0) std::memcpy(larger.get(), memory_.get(), before);
    memory_ = std::move(larger);
    at_ = memory_.get() + before;
    end_ = memory_.get() + capacity;
}

void Encoder::raw(const void* from, size_t size) {
    if (size == 0) return;
    std::memcpy(room(size), from, size);
    at_ += size;
}

void Encoder::string(std::string_view text) {
    text = text.substr(0, INT16_MAX);
    if (flexible_) {
        unsigned_varint(static_cast<uint32_t>(text.size()) + 1);
    } else {
        fixed(static_cast<int16_t>(text.size()));
    }
    raw(text.data(), text.size());
}

void Encoder::null_string() {
    if (flexible_) {
        unsigned_varint(0);
    } else {
        fixed<int16_t>(-1);
    }
}

void Encoder::bytes(const Bytes& content) {
    array_count(content.size());
    piece(content);
}

void Encoder::bytes(const Slices& content) {
    array_count(content.size());
    for (const Piece& part : content.parts()) piece(part);
}

void Encoder::piece(const Piece& content) {
    if (!content.is_file() && content.size() < splice_bytes_min) return raw(content.memory().data(), content.size());
    splices_.push_back({used(), content});
    spliced_ += content.size();
}

void Encoder::array_count(size_t count) {
    if (flexible_) {
        unsigned_varint(static_cast<uint32_t>(count) + 1);
    } else {
        fixed(static_cast<int32_t>(count));
    }
}

void Encoder::null_array() {
    if (flexible_) {
        unsigned_varint(0);
    } else {
        fixed<int32_t>(-1);
    }
}

Encoder::TagMark Encoder::begin_tag(int number) {
    unsigned_varint(static_cast<uint32_t>(number));
    fixed<uint8_t>(0);
    return {used(), splices_.size(), spliced_};
}

// Sizes below 128, nearly all of them, fit into the byte that begin_tag left; others push the content back.
void Encoder::end_tag(const TagMark& mark) {
    const size_t content = used() - mark.start;
    const size_t size = content + spliced_ - mark.spliced;
    const size_t more = unsigned_varint_size(size) - 1;
    room(more);
    std::byte* start = memory_.get() + mark.start;
    if (more > 0) std::memmove(start + more, start, content);
    at_ += more;
    write_unsigned_varint(start - 1, size);
    for (size_t i = mark.splices; i < splices_.size(); ++i) splices_[i].offset += more;
}

EncodedFrame Encoder::finish() && {
    EncodedFrame frame;
    frame.size = size();
    frame.parts.reserve(2 * splices_.size() + 1);
    const Bytes buffer(memory_, {memory_.get(), used()});
    size_t from = 0;
    for (Splice& splice : splices_) {
        if (splice.offset > from) frame.parts.push_back(buffer.slice(from, splice.offset - from));
        from = splice.offset;
        frame.parts.push_back(std::move(splice.content));
    }
    if (buffer.size() > from || frame.parts.empty()) frame.parts.push_back(buffer.slice(from));
    return frame;
}

}  // namespace milena::wire
