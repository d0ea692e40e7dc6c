// How large a topic is, and how far behind its groups are. They change all the time, and each status that is written
// wakes everybody who watches: a status says another figure only once that differs by a tenth. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace milena::plan {

struct TopicFigures {
    std::optional<int64_t> size_bytes;  // on all disks, with all copies; absent: not measured
    std::optional<int64_t> lag;         // in records, of the group that is furthest behind; absent: nobody reads it
    std::string lag_group;
    bool operator==(const TopicFigures&) const = default;
};

// What a status that says `before` says next.
TopicFigures steady(const TopicFigures& before, const TopicFigures& now);

}  // namespace milena::plan
