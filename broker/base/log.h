// Structured log lines, "noun verb: key=value …", one per decision, at the place where it is made. No payloads, no
// secrets. Thread-safe; the sink may be replaced (the simulator collects lines under virtual time).
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/error_code.h"
#include "base/ids.h"
#include "base/uuid.h"

namespace milena {

enum class LogLevel : uint8_t { debug, info, warn, error };

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

void log_debug(std::string_view event, LogFields fields = {});
void log_info(std::string_view event, LogFields fields = {});
void log_warn(std::string_view event, LogFields fields = {});
void log_error(std::string_view event, LogFields fields = {});

// Lines below `level` are dropped. Default: info.
void set_log_level(LogLevel level);
// nullptr restores the default sink: stderr, one write a line, with a wall-clock time in front.
void set_log_sink(std::function<void(LogLevel, std::string_view line)> sink);

}  // namespace milena
