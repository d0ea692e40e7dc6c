// Assertions that stay on in production: a failed check is a bug of ours, never an outcome of input.
// Thread-safe. Never used for what comes from the network, the disk or a configuration file.
#pragma once

#include <cstdlib>

namespace milena {

// Prints expression and place, then aborts; the process restarts and recovers from its logs.
[[noreturn]] void check_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace milena

#define check(condition) \
    (static_cast<bool>(condition) ? void(0) : ::milena::check_failed(#condition, __FILE__, __LINE__))
