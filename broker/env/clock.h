// Time as the core sees it: injected, so that a simulated world can turn the hands.
#pragma once

#include "base/time.h"

namespace milena::env {

struct Clock {
    virtual ~Clock() = default;
    virtual Instant now() = 0;     // monotonic: for distances and deadlines
    virtual Timestamp wall() = 0;  // ms since 1970: only for what records and users see; may jump
};

}  // namespace milena::env
