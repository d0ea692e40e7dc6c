// SmallestGroups: which groups are shown where not all have room: those with the fewest partitions, each as a whole, so
// that a sum over a group is never one of a part. What it holds is bounded by the room, in whatever order and number
// groups are offered, and doesn't depend on that order. Used by one thread.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace milena::group {

class SmallestGroups {
  public:
    explicit SmallestGroups(size_t partitions_max) : partitions_max_(partitions_max) {}

    // Each group once; without partitions there is nothing to show.
    void offer(std::string_view group, size_t partitions);

    using Groups = std::set<std::pair<size_t, std::string>, std::less<>>;  // by partitions, then by name
    const Groups& kept() const { return kept_; }
    bool contains(const std::string& group, size_t partitions) const { return kept_.contains({partitions, group}); }

    size_t groups_left_out() const { return groups_left_out_; }
    size_t partitions_left_out() const { return partitions_left_out_; }

  private:
    void leave_out(size_t partitions);

    const size_t partitions_max_;
    Groups kept_;
    size_t partitions_ = 0;  // of those
    size_t groups_left_out_ = 0;
    size_t partitions_left_out_ = 0;
};

}  // namespace milena::group
