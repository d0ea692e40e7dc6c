#include "base/log.h"

#include <atomic>
#include <cctype>
#include <cstdio>
#include <ctime>
#include <mutex>

namespace milena {
namespace {

std::atomic<LogLevel> level_min{LogLevel::info};
std::mutex sink_mutex;
std::function<void(LogLevel, std::string_view)> custom_sink;

constexpr std::string_view level_name(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return "DEBUG";
        case LogLevel::info: return "INFO";
        case LogLevel::warn: return "WARN";
        case LogLevel::error: return "ERROR";
    }
    return "?";
}

bool needs_quotes(std::string_view value) {
    if (value.empty()) return true;
    for (const char c : value)
        if (c == ' ' || c == '"' || c == '\\' || c == '=' || std::iscntrl(static_cast<unsigned char>(c)) != 0)
            return true;
    return false;
}

void append_value(std::string& line, std::string_view value) {
    constexpr size_t value_bytes_max = 512;
    if (value.size() > value_bytes_max) value = value.substr(0, value_bytes_max);
    if (!needs_quotes(value)) {
        line += value;
        return;
    }
    line += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (std::iscntrl(static_cast<unsigned char>(c)) != 0) {
            char escaped[5];
            std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
            line += escaped;
        } else {
            line += c;
        }
    }
    line += '"';
}

void write_to_stderr(LogLevel level, std::string_view line) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    tm parts{};
    gmtime_r(&now.tv_sec, &parts);
    char stamp[40];
    const size_t n = std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(stamp + n, sizeof stamp - n, ".%03dZ ", static_cast<int>(now.tv_nsec / 1'000'000));
    std::string whole = stamp;
    whole += level_name(level);
    whole += ' ';
    whole += line;
    whole += '\n';
    std::fwrite(whole.data(), 1, whole.size(), stderr);
}

void write(LogLevel level, std::string_view event, LogFields fields) {
    if (level < level_min.load(std::memory_order_relaxed)) return;
    std::string line(event);
    const char* separator = ": ";
    for (const LogField& field : fields) {
        line += separator;
        separator = " ";
        line += field.key;
        line += '=';
        append_value(line, field.value);
    }
    const std::lock_guard lock(sink_mutex);
    if (custom_sink)
        custom_sink(level, line);
    else
        write_to_stderr(level, line);
}

}  // namespace

void log_debug(std::string_view event, LogFields fields) { write(LogLevel::debug, event, fields); }
void log_info(std::string_view event, LogFields fields) { write(LogLevel::info, event, fields); }
void log_warn(std::string_view event, LogFields fields) { write(LogLevel::warn, event, fields); }
void log_error(std::string_view event, LogFields fields) { write(LogLevel::error, event, fields); }

void set_log_level(LogLevel level) { level_min.store(level, std::memory_order_relaxed); }

void set_log_sink(std::function<void(LogLevel, std::string_view)> sink) {
    const std::lock_guard lock(sink_mutex);
    custom_sink = std::move(sink);
}

}  // namespace milena
