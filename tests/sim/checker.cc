#include "sim/checker.h"

#include <algorithm>
#include <utility>

namespace milena::sim {
namespace {

constexpr size_t violations_max = 20;
constexpr int producer_shift = 32;  // a Value is producer << 32 | sequence number

std::string place(PartitionIndex partition, Offset offset) {
    return "partition " + std::to_string(partition.value) + " offset " + std::to_string(offset.value);
}

}  // namespace

void Checker::complain(std::string what) {
    if (violations_.size() < violations_max) violations_.push_back(std::move(what));
}

void Checker::note(PartitionIndex partition, Offset offset, Value value) {
    auto [at, is_new] = seen_[partition].try_emplace(offset, Seen{.value = value});
    if (is_new || at->second.value == value) return;
    if (!at->second.may_be_lost)
        complain("another record took the place of one that was seen: " + place(partition, offset));
    if (at->second.may_be_lost) ++lost_count_;
    at->second = {.value = value};
}

void Checker::acknowledged(PartitionIndex partition, Offset offset, Value value) {
    ++acknowledged_count_;
    note(partition, offset, value);
}

void Checker::read(PartitionIndex partition, Offset offset, Value value) { note(partition, offset, value); }

void Checker::deleted(PartitionIndex partition, Offset before) {
    deleted_[partition] = std::max(deleted_[partition], before);
}

void Checker::forgive_losses() {
    forgives_losses_ = true;
    for (auto& [partition, records] : seen_)
        for (auto& [offset, seen] : records) seen.may_be_lost = true;
}

void Checker::finish(PartitionIndex partition, Offset log_start, const std::map<Offset, Value>& values) {
    const bool was_asked = log_start <= deleted_[partition] || forgives_losses_ || allows_compaction_;
    if (!was_asked && values.size() < records_left_min_)
        complain("nobody asked for the deletion of what lay before " + place(partition, log_start));
    std::map<uint64_t, Offset> last_by_key;
    for (const auto& [offset, value] : values) last_by_key[key_of(value)] = offset;
    for (const auto& [offset, seen] : seen_[partition]) {
        if (offset < log_start) continue;
        const auto found = values.find(offset);
        if (found != values.end() && found->second == seen.value) continue;
        const auto last = last_by_key.find(key_of(seen.value));
        if (seen.may_be_lost)
            ++lost_count_;
        else if (allows_compaction_ && found == values.end() && last != last_by_key.end() && last->second > offset)
            ++compacted_count_;
        else
            complain((found != values.end() ? "changed: " : "lost: ") + place(partition, offset));
    }
    std::map<Value, Value> last_by_producer;
    for (const auto& [offset, value] : values) {
        const auto [at, is_new] = last_by_producer.try_emplace(value >> producer_shift, value);
        if (is_new) continue;
        if (value <= at->second) complain("doubled or out of order: " + place(partition, offset));
        at->second = value;
    }
}

}  // namespace milena::sim
