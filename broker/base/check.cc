#include "base/check.h"

#include <cstdio>

namespace milena {

void check_failed(const char* expression, const char* file, int line) noexcept {
    std::fprintf(stderr, "FATAL check failed: expression=\"%s\" at=%s:%d\n", expression, file, line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace milena
