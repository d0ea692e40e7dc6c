#include "peer/ids.h"

#include <limits>
#include <memory>
#include <span>

#include <ids.pb.h>

namespace milena::peer {

void write_uuid(const Uuid& id, ids::v1::Uuid& to) {
    to.set_high(id.high);
    to.set_low(id.low);
}

Uuid read_uuid(const ids::v1::Uuid& from) { return {from.high(), from.low()}; }

std::optional<ErrorCode> read_error(int32_t number) {
    if (number < std::numeric_limits<int16_t>::min() || number > std::numeric_limits<int16_t>::max())
        return std::nullopt;
    return static_cast<ErrorCode>(number);
}

std::optional<uint16_t> read_port(uint32_t number) {
    if (number > std::numeric_limits<uint16_t>::max()) return std::nullopt;
    return static_cast<uint16_t>(number);
}

Bytes bytes_of(std::string&& text) {
    if (text.empty()) return {};
    auto owner = std::make_shared<const std::string>(std::move(text));
    const std::span<const char> content(owner->data(), owner->size());
    return Bytes(std::move(owner), std::as_bytes(content));
}

}  // namespace milena::peer
