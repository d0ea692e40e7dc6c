#include "sim/cluster/history.h"

#include <algorithm>
#include <utility>

namespace milena::sim::cluster {
namespace {

std::string place(PartitionIndex partition, Offset offset) {
    return "partition " + std::to_string(partition.value) + " offset " + std::to_string(offset.value);
}

std::string name(Value value) {
    return "record " + std::to_string(value & 0xffffffff) + " of producer " + std::to_string(value >> producer_shift);
}

}  // namespace

void History::note(PartitionIndex partition, Offset offset, Value value) {
    const auto [at, is_new] = seen_[partition].try_emplace(offset, Seen{.value = value});
    if (is_new || at->second.value == value) return;
    if (at->second.may_be_lost)
        ++lost_count_;
    else
        complain_("acknowledged lost: " + name(at->second.value) + " was seen where " + name(value) +
                  " is: " + place(partition, offset));
    at->second = {.value = value};
}

void History::acknowledged(PartitionIndex partition, Offset offset, Value value) {
    ++acknowledged_count_;
    note(partition, offset, value);
}

void History::acknowledged_somewhere(PartitionIndex partition, Value value) {
    ++acknowledged_count_;
    somewhere_[partition].insert(value);
}

void History::read(PartitionIndex partition, Offset offset, Value value) { note(partition, offset, value); }

void History::deleted(PartitionIndex partition, Offset before) {
    deleted_[partition] = std::max(deleted_[partition], before);
}

void History::forgive(PartitionIndex partition) {
    ++forgiven_[partition];
    for (auto& [offset, seen] : seen_[partition]) seen.may_be_lost = true;
    somewhere_[partition].clear();
}

void History::finish(PartitionIndex partition, Offset log_start, const std::map<Offset, Value>& values) {
    if (log_start > deleted_[partition] && !is_forgiven(partition))
        complain_("nobody asked for the deletion of what lay before " + place(partition, log_start));
    for (const auto& [offset, seen] : seen_[partition]) {
        if (offset < log_start) continue;
        const auto found = values.find(offset);
        if (found != values.end() && found->second == seen.value) continue;
        if (seen.may_be_lost)
            ++lost_count_;
        else
            complain_("acknowledged lost: " + name(seen.value) + ", " + place(partition, offset));
    }
    std::set<Value> present;
    std::map<uint64_t, Value> last_by_producer;
    for (const auto& [offset, value] : values) {
        present.insert(value);
        const auto [at, is_new] = last_by_producer.try_emplace(value >> producer_shift, value);
        if (is_new) continue;
        if (value <= at->second) complain_("doubled or out of order: " + name(value) + ", " + place(partition, offset));
        at->second = value;
    }
    if (log_start > Offset{0}) return;
    for (const Value value : somewhere_[partition])
        if (!present.contains(value)) complain_("acknowledged lost: " + name(value) + ", wherever it was");
}

}  // namespace milena::sim::cluster
