#include "wire/decoder.h"

#include "base/varint.h"

namespace milena::wire {
namespace {

// Even a number is looked up and answered by more than that.
constexpr size_t element_memory_min = 64;

}  // namespace

void Decoder::fail(const char* reason) {
    if (!has_failed()) fault_ = {reason, offset()};
    at_ = end_;
}

Uuid Decoder::uuid() {
    Uuid id;
    id.high = fixed<uint64_t>();
    id.low = fixed<uint64_t>();
    return id;
}

uint32_t Decoder::unsigned_varint() {
    const auto [value, size] = read_unsigned_varint({at_, left()});
    if (size == 0) {
        fail("truncated or overlong varint");
        return 0;
    }
    at_ += size;
    return value;
}

int32_t Decoder::checked_length(int64_t length) {
    if (length < -1) {
        fail("negative length");
        return 0;
    }
    if (length > static_cast<int64_t>(left())) {
        fail("length beyond the end of the frame");
        return 0;
    }
    return static_cast<int32_t>(length);
}

int32_t Decoder::string_length() {
    const int64_t length = flexible_ ? int64_t{unsigned_varint()} - 1 : fixed<int16_t>();
    if (length > INT16_MAX) {
        fail("string too long");
        return 0;
    }
    return has_failed() ? 0 : checked_length(length);
}

int32_t Decoder::bytes_length() {
    const int64_t length = flexible_ ? int64_t{unsigned_varint()} - 1 : fixed<int32_t>();
    return has_failed() ? 0 : checked_length(length);
}

int32_t Decoder::array_count(size_t element_bytes_min, size_t element_memory) {
    const int64_t count = flexible_ ? int64_t{unsigned_varint()} - 1 : fixed<int32_t>();
    if (has_failed()) return 0;
    if (count < -1) {
        fail("negative count");
        return 0;
    }
    if (count > static_cast<int64_t>(left() / element_bytes_min)) {
        fail("more elements than the frame can hold");
        return 0;
    }
    if (count <= 0) return static_cast<int32_t>(count);
    const size_t memory = static_cast<size_t>(count) * std::max(element_memory, element_memory_min);
    if (memory > memory_left_) {
        fail("more elements than a message may have");
        return 0;
    }
    memory_left_ -= memory;
    return static_cast<int32_t>(count);
}

std::span<const std::byte> Decoder::take(int32_t length) {
    const std::span<const std::byte> taken(at_, static_cast<size_t>(length));
    at_ += length;
    return taken;
}

std::string_view Decoder::string() {
    const auto text = nullable_string();
    if (!text) refuse_null();
    return text.value_or(std::string_view());
}

std::optional<std::string_view> Decoder::nullable_string() {
    const int32_t length = string_length();
    if (length < 0) return std::nullopt;
    const auto text = take(length);
    return std::string_view(reinterpret_cast<const char*>(text.data()), text.size());
}

Bytes Decoder::bytes() {
    auto content = nullable_bytes();
    if (!content) refuse_null();
    return std::move(content).value_or(Bytes());
}

std::optional<Bytes> Decoder::nullable_bytes() {
    const int32_t length = bytes_length();
    if (length < 0) return std::nullopt;
    return Bytes(frame_.owner(), take(length));
}

void Decoder::skip_tags() {
    tags([](uint32_t) { return false; });
}

}  // namespace milena::wire
