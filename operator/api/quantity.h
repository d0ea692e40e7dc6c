// Kubernetes' quantities ("500m", "10Gi") as numbers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace milena::api {

// In thousandths, so that "500m" is exact; nothing if it isn't a quantity, or one beyond 2^63 thousandths, or has
// digits below a thousandth.
std::optional<int64_t> parse_quantity(std::string_view text);

// The whole units of a quantity, rounded up: bytes of storage.
std::optional<int64_t> whole_units(std::string_view text);

}  // namespace milena::api
