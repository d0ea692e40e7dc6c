#include "group/committed_offsets.h"

#include <algorithm>
#include <utility>

namespace milena::group {
namespace {

template <class Map>
auto& at_or_new(Map& map, std::string_view key) {
    const auto at = map.lower_bound(key);
    if (at != map.end() && at->first == key) return at->second;
    return map.emplace_hint(at, std::string(key), typename Map::mapped_type())->second;
}

}  // namespace

std::vector<PartitionOffsets::Piece>::iterator PartitionOffsets::place_of(PartitionIndex partition) {
    return std::ranges::lower_bound(pieces_, partition.value / piece_partitions, {}, &Piece::number);
}

bool PartitionOffsets::put(CommittedOffset offset) {
    const int32_t number = offset.partition.value / piece_partitions;
    auto piece = place_of(offset.partition);
    if (piece == pieces_.end() || piece->number != number) piece = pieces_.insert(piece, {.number = number});
    auto& offsets = piece->offsets;
    const auto at = std::ranges::lower_bound(offsets, offset.partition, {}, &CommittedOffset::partition);
    if (at != offsets.end() && at->partition == offset.partition) {
        *at = std::move(offset);
        return false;
    }
    offsets.insert(at, std::move(offset));
    return true;
}

bool PartitionOffsets::remove(PartitionIndex partition) {
    const auto piece = place_of(partition);
    if (piece == pieces_.end()) return false;
    const bool is_gone = std::erase_if(piece->offsets, [partition](const CommittedOffset& each) {
                             return each.partition == partition;
                         }) > 0;
    if (piece->offsets.empty()) pieces_.erase(piece);
    return is_gone;
}

size_t PartitionOffsets::size() const {
    size_t count = 0;
    for (const Piece& piece : pieces_) count += piece.offsets.size();
    return count;
}

const CommittedOffset* PartitionOffsets::find(PartitionIndex partition) const {
    const auto piece = std::ranges::lower_bound(pieces_, partition.value / piece_partitions, {}, &Piece::number);
    if (piece == pieces_.end()) return nullptr;
    const auto at = std::ranges::lower_bound(piece->offsets, partition, {}, &CommittedOffset::partition);
    return at != piece->offsets.end() && at->partition == partition ? &*at : nullptr;
}

void CommittedOffsets::put(std::string_view group, std::string_view topic, CommittedOffset offset) {
    if (at_or_new(at_or_new(groups_, group), topic).put(std::move(offset))) ++size_;
}

void CommittedOffsets::remove(std::string_view group, std::string_view topic, PartitionIndex partition) {
    const auto topics = groups_.find(group);
    if (topics == groups_.end()) return;
    const auto partitions = topics->second.find(topic);
    if (partitions == topics->second.end()) return;
    if (partitions->second.remove(partition)) --size_;
    if (partitions->second.is_empty()) topics->second.erase(partitions);
    if (topics->second.empty()) groups_.erase(topics);
}

const CommittedOffset* CommittedOffsets::find(std::string_view group, std::string_view topic,
                                              PartitionIndex partition) const {
    const Topics* topics = of_group(group);
    if (topics == nullptr) return nullptr;
    const auto partitions = topics->find(topic);
    return partitions == topics->end() ? nullptr : partitions->second.find(partition);
}

const CommittedOffsets::Topics* CommittedOffsets::of_group(std::string_view group) const {
    const auto at = groups_.find(group);
    return at == groups_.end() ? nullptr : &at->second;
}

}  // namespace milena::group
