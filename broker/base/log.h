// Structured log lines, "noun verb: key=value …", one per decision, at the place where it is made. No payloads, no
// secrets. Thread-safe; the sink may be replaced (the simulator collects lines under virtual time).
//
// A line belongs to the logger of the module that it is written in: "milena.storage" for all in broker/storage. A
// logger without a level of its own has that of "root".
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "base/ids.h"
#include "base/uuid.h"

namespace milena {

enum class LogLevel : uint8_t { trace, debug, info, warn, error, fatal };

// "DEBUG", and back.
std::string_view log_level_name(LogLevel level);
std::optional<LogLevel> parse_log_level(std::string_view name);

// One key=value. Values with spaces, quotes or control characters are quoted and escaped when they are written, so
// that a hostile client id can't forge a line.
struct LogField {
    std::string_view key;
    std::string value;

    LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
    LogField(std::string_view k, const char* v) : key(k), value(v) {}
    LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
    LogField(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    LogField(std::string_view k, T v) : key(k), value(std::to_string(v)) {}
    LogField(std::string_view k, double v) : key(k), value(std::to_string(v)) {}
    LogField(std::string_view k, ErrorCode v) : key(k), value(error_name(v)) {}
    LogField(std::string_view k, const Uuid& v) : key(k), value(v.to_string()) {}
    template <class Tag, class Rep>
    LogField(std::string_view k, Id<Tag, Rep> v) : key(k), value(std::to_string(v.value)) {}
};

using LogFields = std::initializer_list<LogField>;

using LogPlace = std::source_location;

void log_debug(std::string_view event, LogFields fields = {}, const LogPlace& place = LogPlace::current());
void log_info(std::string_view event, LogFields fields = {}, const LogPlace& place = LogPlace::current());
void log_warn(std::string_view event, LogFields fields = {}, const LogPlace& place = LogPlace::current());
void log_error(std::string_view event, LogFields fields = {}, const LogPlace& place = LogPlace::current());

// Whether such a line would be written; for those that are many.
bool is_logged(LogLevel level, const LogPlace& place = LogPlace::current());

struct LoggerLevel {
    std::string name;
    LogLevel level = LogLevel::info;
};

inline constexpr std::string_view root_logger = "root";

// All loggers, sorted by name, with the levels in force: lines below them are dropped. Default: info.
std::vector<LoggerLevel> logger_levels();
// Without a level it is root's again, which must have one. False: there is no such logger.
bool change_logger_level(std::string_view logger, std::optional<LogLevel> level);
void set_log_level(LogLevel level);  // of root

// nullptr restores the default sink: stderr, one write a line, with a wall-clock time in front.
void set_log_sink(std::function<void(LogLevel, std::string_view line)> sink);

}  // namespace milena
