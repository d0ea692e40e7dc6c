// Kafka's ids and what proto/ids.proto makes of them; bounds of what comes in. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/result.h"
#include "base/uuid.h"

namespace milena::ids::v1 {
class Uuid;
}

namespace milena::peer {

void write_uuid(const Uuid& id, ids::v1::Uuid& to);
Uuid read_uuid(const ids::v1::Uuid& from);

std::optional<ErrorCode> read_error(int32_t number);
std::optional<uint16_t> read_port(uint32_t number);

inline constexpr size_t name_bytes_max = 255;  // of a host, a listener, a cluster's id
inline constexpr int list_size_max = 100'000;  // of anything that a request names

// Why a message that arrived is none.
inline Unexpected<std::string> nonsense(const char* what) { return unexpected(std::string(what)); }

// Shares the text's memory, which the Bytes take over.
Bytes bytes_of(std::string&& text);

}  // namespace milena::peer
