#include "server/lag_metrics.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "base/utf8.h"

namespace milena::server {
namespace {

// Clients choose the names of groups: one that isn't text must not make the whole page unreadable.
void append_label(std::string& to, std::string_view text) {
    for (const char c : to_utf8(text)) {
        if (c == '\\' || c == '"') to += '\\';
        if (c == '\n')
            to += "\\n";
        else
            to += c;
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
