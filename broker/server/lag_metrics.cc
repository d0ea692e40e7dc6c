#include "server/lag_metrics.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace milena::server {
namespace {

// How many bytes of `text` are one character of UTF-8; 0 if they are none.
size_t character_bytes(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const size_t bytes = byte(0) < 0x80   ? 1
                         : byte(0) < 0xc2 ? 0
                         : byte(0) < 0xe0 ? 2
                         : byte(0) < 0xf0 ? 3
                         : byte(0) < 0xf5 ? 4
                                          : 0;
    if (bytes == 0 || bytes > text.size()) return 0;
    for (size_t i = 1; i < bytes; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    const bool is_overlong = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90);
    const bool is_no_scalar = (byte(0) == 0xed && byte(1) >= 0xa0) || (byte(0) == 0xf4 && byte(1) >= 0x90);
    return is_overlong || is_no_scalar ? 0 : bytes;
}

// Clients choose the names of groups: one that isn't text must not make the whole page unreadable.
void append_label(std::string& to, std::string_view text) {
    while (!text.empty()) {
        const size_t bytes = character_bytes(text);
        if (bytes == 0)
            to += "\xef\xbf\xbd";  // U+FFFD, in place of what is none
        else if (text.front() == '\n')
            to += "\\n";
        else if (text.front() == '\\' || text.front() == '"')
            (to += '\\') += text.front();
        else
            to += text.substr(0, bytes);
        text.remove_prefix(std::max<size_t>(bytes, 1));
    }
}

void append_head(std::string& to, std::string_view name, std::string_view help) {
    ((to += "# HELP ") += name) += ' ';
    (to += help) += "\n# TYPE ";
    (to += name) += " gauge\n";
}

void append_number(std::string& to, std::string_view name, std::string_view help, size_t value) {
    append_head(to, name, help);
    ((to += name) += ' ') += std::to_string(value);
    to += '\n';
}

// value(lag) as text; empty where there is none.
template <class Value>
void append_lags(std::string& to, std::string_view name, const ConsumerLag& lag, Value value) {
    std::string labels;
    for (const GroupLag& group : lag.groups) {
        for (const TopicLag& topic : group.topics) {
            labels.assign(name).append("{group=\"");
            append_label(labels, group.group);
            labels.append("\",topic=\"");
            append_label(labels, topic.topic);
            labels.append("\",partition=\"");
            for (const PartitionLag& partition : topic.partitions) {
                const std::string text = partition.lag ? value(*partition.lag) : std::string();
                if (text.empty()) continue;
                to.append(labels).append(std::to_string(partition.partition.value)).append("\"} ").append(text);
                to += '\n';
            }
        }
    }
}

}  // namespace

std::string render_lag(const ConsumerLag& lag) {
    using Lag = replica::LagReader::Lag;
    std::string text;
    append_head(text, "milena_consumer_lag_records", "Records that a group has not committed, as its lag in Kafka.");
    append_lags(text, "milena_consumer_lag_records", lag, [](const Lag& each) { return std::to_string(each.records); });
    append_head(text, "milena_consumer_lag_seconds",
                "Age of the first record that a group has not committed; 0 without lag.");
    size_t unknown = 0;
    append_lags(text, "milena_consumer_lag_seconds", lag, [&](const Lag& each) {
        if (!each.time) return ++unknown, std::string();
        char buffer[32];
        std::snprintf(buffer, sizeof buffer, "%.3f", static_cast<double>(each.time->count()) / 1e3);
        return std::string(buffer);
    });
    append_number(text, "milena_consumer_lag_unknown_seconds",
                  "Partitions of groups whose first uncommitted record has not been read yet.", unknown);
    append_number(text, "milena_consumer_lag_left_out_groups",
                  "Groups that are not shown, because of milena.metrics.lag.partitions.max.", lag.groups_left_out);
    append_number(text, "milena_consumer_lag_left_out_partitions", "Partitions of these groups.",
                  lag.partitions_left_out);
    return text;
}

}  // namespace milena::server
