// Times as Kubernetes writes them (RFC 3339, UTC). Pure: what time it is, is always handed in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/time_text.h"

namespace milena::api {

using milena::time_text;
// "2026-11-30T02:00:00.125000Z": of leases and events.
std::string micro_time_text(Timestamp time);
// Also with a fraction of a second; nothing if it isn't such a text, or not in UTC.
std::optional<Timestamp> parse_time(std::string_view text);

// The moment's place in its week in UTC: minutes since Monday 00:00.
int64_t minute_of_week(Timestamp time);

}  // namespace milena::api
