// A number of bytes as people read it.
#pragma once

#include <cstdint>
#include <string>

namespace milena {

// "512 B", "1.5 kB", "20.0 GB": in powers of 1000, as disks are sold.
std::string bytes_text(uint64_t bytes);

}  // namespace milena
