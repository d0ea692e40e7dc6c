// From a partition as it is to a partition as it should be: who leads it then, whether a reassignment is over with it,
// and the one record that says so. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "metadata/image.h"
#include "wire/records/metadata_records.h"

namespace milena::controller {

// What an election may do: keep a leader that is fine, go back to the preferred one, or take any that lives.
enum class Election : int8_t { preferred = 0, unclean = 1, online = 2 };

struct PartitionTarget {
    std::vector<NodeId> replicas;  // the preferred leader first
    std::vector<NodeId> isr;
    std::vector<NodeId> removing_replicas;
    std::vector<NodeId> adding_replicas;

    static PartitionTarget same_as(const metadata::PartitionImage& partition) {
        return {partition.replicas, partition.isr, partition.removing_replicas, partition.adding_replicas};
    }
};

// The record without topic and partition; nothing if there is nothing to change. A reassignment whose new replicas are
// all in sync is completed by the same record.
std::optional<wire::PartitionChangeRecord> change_partition(const metadata::Image& image,
                                                            const metadata::PartitionImage& before,
                                                            PartitionTarget target, Election election);

std::vector<int32_t> plain_numbers(const std::vector<NodeId>& nodes);

}  // namespace milena::controller
