#include "storage/epoch_cache.h"

#include <algorithm>

#include "base/check.h"
#include "base/parse_number.h"
#include "storage/checkpoint_text.h"

namespace milena::storage {

bool EpochCache::assign(LeaderEpoch epoch, Offset start) {
    check(epoch.value >= 0 && start.value >= 0);
    if (!entries_.empty() && entries_.back().epoch == epoch && entries_.back().start_offset <= start) return false;
    while (!entries_.empty() && entries_.back().start_offset >= start) entries_.pop_back();
    // Later epochs had no records, and this one goes on.
    if (!entries_.empty() && entries_.back().epoch == epoch) return true;
    while (!entries_.empty() && entries_.back().epoch >= epoch) entries_.pop_back();
    entries_.push_back({epoch, start});
    return true;
}

bool EpochCache::truncate_from_end(Offset end) {
    const size_t before = entries_.size();
    while (!entries_.empty() && entries_.back().start_offset >= end) entries_.pop_back();
    return entries_.size() != before;
}

bool EpochCache::truncate_from_start(Offset start) {
    const auto keep = std::find_if(entries_.begin(), entries_.end(),
                                   [&](const EpochStart& entry) { return entry.start_offset > start; });
    if (keep == entries_.begin()) return false;
    const auto containing = keep - 1;
    if (containing == entries_.begin() && containing->start_offset == start) return false;
    containing->start_offset = start;
    entries_.erase(entries_.begin(), containing);
    return true;
}

bool EpochCache::clear() {
    const bool changed = !entries_.empty();
    entries_.clear();
    return changed;
}

LeaderEpoch EpochCache::epoch_of(Offset offset) const {
    const auto after = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const EpochStart& entry) { return entry.start_offset > offset; });
    return after == entries_.begin() ? no_leader_epoch : (after - 1)->epoch;
}

EpochEnd EpochCache::end_of(LeaderEpoch epoch, Offset log_end) const {
    if (epoch == no_leader_epoch || entries_.empty()) return {};
    if (epoch == entries_.back().epoch) return {epoch, log_end};
    const auto higher =
        std::find_if(entries_.begin(), entries_.end(), [&](const EpochStart& entry) { return entry.epoch > epoch; });
    if (higher == entries_.end()) return {};
    if (higher == entries_.begin()) return {epoch, higher->start_offset};
    return {(higher - 1)->epoch, higher->start_offset};
}

std::string EpochCache::to_text() const {
    std::vector<std::string> lines;
    for (const EpochStart& entry : entries_)
        lines.push_back(std::to_string(entry.epoch.value) + " " + std::to_string(entry.start_offset.value));
    return checkpoint_text(lines);
}

std::optional<EpochCache> EpochCache::parse(std::string_view text) {
    const auto lines = parse_checkpoint_lines(text);
    if (!lines.has_value()) return std::nullopt;
    EpochCache cache;
    for (const std::string_view line : *lines) {
        const auto words = split_words(line);
        if (words.size() != 2) return std::nullopt;
        const auto epoch = parse_number<int32_t>(words[0]);
        const auto start = parse_number<int64_t>(words[1]);
        if (!epoch || *epoch < 0 || !start || *start < 0) return std::nullopt;
        const EpochStart entry{LeaderEpoch(*epoch), Offset(*start)};
        if (!cache.entries_.empty() &&
            (cache.entries_.back().epoch >= entry.epoch || cache.entries_.back().start_offset >= entry.start_offset))
            return std::nullopt;
        cache.entries_.push_back(entry);
    }
    return cache;
}

}  // namespace milena::storage
