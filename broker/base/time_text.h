// A moment as people read it (RFC 3339, UTC).
#pragma once

#include <string>

#include "base/time.h"

namespace milena {

// "2026-11-30T02:00:00Z"; fractions of a second are cut.
std::string time_text(Timestamp time);

}  // namespace milena
