#include "group/smallest_groups.h"

#include <iterator>

namespace milena::group {

void SmallestGroups::offer(std::string_view group, size_t partitions) {
    if (partitions == 0) return;
    const bool is_over = partitions > partitions_max_ - partitions_;
    // It would be the first to go.
    const bool is_largest =
        kept_.empty() || std::pair(partitions, group) > std::pair<size_t, std::string_view>(*kept_.rbegin());
    if (is_over && is_largest) return leave_out(partitions);
    kept_.emplace(partitions, group);
    for (partitions_ += partitions; partitions_ > partitions_max_;) {
        const auto largest = std::prev(kept_.end());
        partitions_ -= largest->first;
        leave_out(largest->first);
        kept_.erase(largest);
    }
}

void SmallestGroups::leave_out(size_t partitions) {
    ++groups_left_out_;
    partitions_left_out_ += partitions;
}

}  // namespace milena::group
