// Strong types for the numbers that Kafka's vocabulary is made of, so that an offset can't be passed for an epoch.
// Plain values without a thread or an owner.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace milena {

template <class Tag, class Rep>
struct Id {
    using rep = Rep;

    Rep value{};

    constexpr Id() = default;
    constexpr explicit Id(Rep v) : value(v) {}
    constexpr auto operator<=>(const Id&) const = default;

    // A distance is a plain number; an id moved by a distance is an id.
    constexpr friend Id operator+(Id a, Rep distance) { return Id(static_cast<Rep>(a.value + distance)); }
    constexpr friend Id operator-(Id a, Rep distance) { return Id(static_cast<Rep>(a.value - distance)); }
    constexpr friend Rep operator-(Id a, Id b) { return static_cast<Rep>(a.value - b.value); }
    constexpr Id& operator++() {
        ++value;
        return *this;
    }
};

using Offset = Id<struct OffsetTag, int64_t>;            // position of a record in a partition; -1: none
using LeaderEpoch = Id<struct LeaderEpochTag, int32_t>;  // raised with every new leadership of a partition; -1: none
using NodeId = Id<struct NodeIdTag, int32_t>;            // a broker or controller; -1: none
using PartitionIndex = Id<struct PartitionIndexTag, int32_t>;
using ProducerId = Id<struct ProducerIdTag, int64_t>;  // -1: none
using ShardId = Id<struct ShardIdTag, uint32_t>;

inline constexpr Offset no_offset{-1};
inline constexpr LeaderEpoch no_leader_epoch{-1};
inline constexpr NodeId no_node{-1};
inline constexpr ProducerId no_producer_id{-1};

}  // namespace milena

template <class Tag, class Rep>
struct std::hash<milena::Id<Tag, Rep>> {
    size_t operator()(milena::Id<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value); }
};
