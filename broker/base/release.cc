#include "base/release.h"

namespace milena {

// The numbers are CMake's.
#ifdef MILENA_NEXT
constinit const Release release{.version = MILENA_NEXT_VERSION, .milena_version = 1};
#else
constinit const Release release{.version = MILENA_VERSION, .milena_version = 0};
#endif

}  // namespace milena
