#include <algorithm>
#include <array>

#include "api/time_text.h"
#include "plan/pass.h"

namespace milena::plan {

namespace {

constexpr int64_t day_minutes = 24 * 60;
constexpr int64_t week_minutes = 7 * day_minutes;
constexpr std::array<std::string_view, 7> days{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                               "Friday", "Saturday", "Sunday"};

int64_t start_minute(const std::string& start) {
    return (start[0] - '0') * 600 + (start[1] - '0') * 60 + (start[3] - '0') * 10 + (start[4] - '0');
}

}  // namespace

int64_t minutes_to_window(const std::vector<api::MaintenanceWindow>& windows, Timestamp now) {
    if (windows.empty()) return 0;
    const int64_t minute = api::minute_of_week(now);
    int64_t wait = week_minutes;
    for (const api::MaintenanceWindow& window : windows) {
        for (size_t day = 0; day < days.size(); ++day) {
            if (!window.days.empty() && std::ranges::find(window.days, days[day]) == window.days.end()) continue;
            const int64_t start = static_cast<int64_t>(day) * day_minutes + start_minute(window.start);
            const int64_t since = (minute - start + week_minutes) % week_minutes;
            if (since < window.duration_minutes) return 0;
            wait = std::min(wait, week_minutes - since);
        }
    }
    return wait;
}

}  // namespace milena::plan
