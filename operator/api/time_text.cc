#include "api/time_text.h"

#include <chrono>
#include <cstdio>

#include "base/parse_number.h"

namespace milena::api {

namespace chrono = std::chrono;

std::string micro_time_text(Timestamp time) {
    std::string text = time_text(time);
    char fraction[16];
    std::snprintf(fraction, sizeof fraction, ".%03d000Z", static_cast<int>(((time.value % 1000) + 1000) % 1000));
    text.replace(text.size() - 1, 1, fraction);
    return text;
}

std::optional<Timestamp> parse_time(std::string_view text) {
    constexpr std::string_view shape = "0000-00-00T00:00:00";
    if (text.size() <= shape.size() || !text.ends_with('Z')) return std::nullopt;
    for (size_t i = 0; i < shape.size(); ++i)
        if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i]) return std::nullopt;
    std::string_view fraction = text.substr(shape.size(), text.size() - shape.size() - 1);
    if (!fraction.empty() && (fraction[0] != '.' || fraction.size() == 1 ||
                              fraction.find_first_not_of("0123456789", 1) != std::string_view::npos))
        return std::nullopt;
    const auto number = [&](size_t at, size_t count) { return parse_number<int>(text.substr(at, count)).value_or(0); };
    const chrono::year_month_day date(chrono::year(number(0, 4)), chrono::month(static_cast<unsigned>(number(5, 2))),
                                      chrono::day(static_cast<unsigned>(number(8, 2))));
    if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 60) return std::nullopt;
    const auto at = chrono::sys_days(date) + chrono::hours(number(11, 2)) + chrono::minutes(number(14, 2)) +
                    chrono::seconds(number(17, 2));
    return Timestamp(chrono::duration_cast<chrono::milliseconds>(at.time_since_epoch()).count());
}

int64_t minute_of_week(Timestamp time) {
    constexpr int64_t minutes_of_day = 24 * 60;
    const int64_t minutes = time.value / 60'000;
    return (minutes + 3 * minutes_of_day) % (7 * minutes_of_day);  // 1970 began on a Thursday
}

}  // namespace milena::api
