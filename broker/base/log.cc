#include "base/log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cstdio>
#include <ctime>
#include <mutex>

namespace milena {
namespace {

constexpr std::array<std::string_view, 6> level_names{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

// The modules of docs/architecture.md, sorted; what lies outside of them logs as root.
constexpr std::array<std::string_view, 15> modules{"base",     "controller", "env",     "group",   "main",
                                                   "metadata", "peer",       "raft",    "replica", "server",
                                                   "settings", "shard",      "storage", "txn",     "wire"};
static_assert(std::ranges::is_sorted(modules));
constexpr size_t no_module = modules.size();
constexpr std::string_view logger_prefix = "milena.";

constexpr int8_t as_root = -1;
std::atomic<LogLevel> root_level{LogLevel::info};
// By module, as_root or a level; each one more than it says, so that the zeros of static memory mean as_root.
std::array<std::atomic<int8_t>, modules.size()> own_levels{};

size_t find_module(std::string_view name) {
    const auto at = std::ranges::lower_bound(modules, name);
    return at != modules.end() && *at == name ? static_cast<size_t>(at - modules.begin()) : no_module;
}

// "…/broker/storage/segment.cc" is in storage, "…/broker/broker.cc" in main.
size_t module_of(std::string_view file) {
    constexpr std::string_view sources = "broker/";
    const size_t at = file.rfind(sources);
    if (at == std::string_view::npos) return no_module;
    // The last directory of that name would be wrong for a module called so; there is none.
    const std::string_view inside = file.substr(at + sources.size());
    const size_t slash = inside.find('/');
    return find_module(slash == std::string_view::npos ? "main" : inside.substr(0, slash));
}

std::mutex level_mutex;  // of who changes levels

// Of all loggers: what none of them writes costs next to nothing.
std::atomic<LogLevel> least_level{LogLevel::info};

LogLevel level_of(size_t module) {
    const int8_t own =
        module == no_module ? as_root : static_cast<int8_t>(own_levels[module].load(std::memory_order_relaxed) - 1);
    return own == as_root ? root_level.load(std::memory_order_relaxed) : static_cast<LogLevel>(own);
}

std::mutex sink_mutex;
std::function<void(LogLevel, std::string_view)> custom_sink;

void know_least_level() {
    LogLevel least = root_level.load();
    for (size_t i = 0; i < modules.size(); ++i) least = std::min(least, level_of(i));
    least_level.store(least, std::memory_order_relaxed);
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
    whole += log_level_name(level);
    whole += ' ';
    whole += line;
    whole += '\n';
    std::fwrite(whole.data(), 1, whole.size(), stderr);
}

void write(LogLevel level, std::string_view event, LogFields fields, const LogPlace& place) {
    if (!is_logged(level, place)) return;
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

void log_debug(std::string_view event, LogFields fields, const LogPlace& place) {
    write(LogLevel::debug, event, fields, place);
}
void log_info(std::string_view event, LogFields fields, const LogPlace& place) {
    write(LogLevel::info, event, fields, place);
}
void log_warn(std::string_view event, LogFields fields, const LogPlace& place) {
    write(LogLevel::warn, event, fields, place);
}
void log_error(std::string_view event, LogFields fields, const LogPlace& place) {
    write(LogLevel::error, event, fields, place);
}

bool is_logged(LogLevel level, const LogPlace& place) {
    if (level < least_level.load(std::memory_order_relaxed)) return false;
    return level >= level_of(module_of(place.file_name()));
}

std::string_view log_level_name(LogLevel level) { return level_names[static_cast<size_t>(level)]; }

std::optional<LogLevel> parse_log_level(std::string_view name) {
    const auto at = std::ranges::find(level_names, name);
    if (at == level_names.end()) return std::nullopt;
    return static_cast<LogLevel>(at - level_names.begin());
}

std::vector<LoggerLevel> logger_levels() {
    std::vector<LoggerLevel> levels;
    for (size_t i = 0; i < modules.size(); ++i)
        levels.push_back({std::string(logger_prefix) + std::string(modules[i]), level_of(i)});
    levels.push_back({std::string(root_logger), level_of(no_module)});
    return levels;
}

bool change_logger_level(std::string_view logger, std::optional<LogLevel> level) {
    if (logger == root_logger && level) {
        set_log_level(*level);
        return true;
    }
    if (!logger.starts_with(logger_prefix)) return false;
    const size_t module = find_module(logger.substr(logger_prefix.size()));
    if (module == no_module) return false;
    const std::lock_guard lock(level_mutex);
    own_levels[module].store(static_cast<int8_t>(level ? static_cast<int8_t>(*level) + 1 : 0));
    know_least_level();
    return true;
}

void set_log_level(LogLevel level) {
    const std::lock_guard lock(level_mutex);
    root_level.store(level, std::memory_order_relaxed);
    know_least_level();
}

void set_log_sink(std::function<void(LogLevel, std::string_view)> sink) {
    const std::lock_guard lock(sink_mutex);
    custom_sink = std::move(sink);
}

}  // namespace milena
