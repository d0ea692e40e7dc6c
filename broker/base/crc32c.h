// CRC-32C (Castagnoli), the checksum of record batches. Uses the processor's instructions where it has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace milena {

// The checksum of `data`; pass the result of an earlier part as `seed` to go on with the next part.
uint32_t crc32c(std::span<const std::byte> data, uint32_t seed = 0);

// The same by table, for machines without the instructions and as the oracle of the test.
uint32_t crc32c_portable(std::span<const std::byte> data, uint32_t seed = 0);

}  // namespace milena
