// From a partition as it is to a partition as it should be: who leads it then, who is eligible (KIP-966), whether a
// reassignment is over with it, and the one record that says so. Pure.
//
//     members of the ISR that leave it ─▶ at least min.insync.replicas stay: forgotten, records go on without them
//                                      └▶ fewer stay: ELR. Nothing is committed without them, so they have everything
//     nobody is in sync or eligible    ─▶ the last leader is remembered; its disk has the most
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "controller/leadership_rules.h"
#include "metadata/image.h"
#include "wire/records/metadata_records.h"

namespace milena::controller {

// What an election may do: go back to the preferred leader, take any that lives, or keep a leader that is fine and take
// one that lives only where the topic allows it.
enum class Election : int8_t { preferred = 0, unclean = 1, online = 2 };

struct PartitionTarget {
    std::vector<NodeId> replicas;  // the preferred leader first
    std::vector<NodeId> isr;
    std::vector<NodeId> removing_replicas;
    std::vector<NodeId> adding_replicas;
    Election election = Election::online;
    std::vector<NodeId> unclean = {};   // may have lost what they had, so they aren't eligible
    bool is_led_anew = false;           // the leader begins a new epoch even if it stays the same
    bool is_recovered = false;          // what an unclean election has left is over
    bool keeps_enough_in_sync = false;  // or else nothing is changed: min.insync.replicas of them

    static PartitionTarget same_as(const metadata::PartitionImage& partition) {
        return {partition.replicas, partition.isr, partition.removing_replicas, partition.adding_replicas};
    }
    // The same, and the node is no longer in sync.
    static PartitionTarget without(const metadata::PartitionImage& partition, NodeId node);
};

// The record without topic and partition; nothing if there is nothing to change. A reassignment whose new replicas are
// all in sync is completed by the same record. Where there is no ELR, the last one in sync stays it for ever.
std::optional<wire::PartitionChangeRecord> change_partition(const metadata::Image& image, const LeadershipRules& rules,
                                                            const metadata::PartitionImage& before,
                                                            PartitionTarget target);

// Whether the broker can serve its replica: it is active, and the replica's directory works.
bool can_serve(const metadata::Image& image, const metadata::PartitionImage& partition, NodeId node);

// Whether a replica in this directory can be served by a broker that has these.
bool is_online(const Uuid& directory, const std::vector<Uuid>& directories);

// Whether a replica of the broker in this directory has no room, if these directories have none. One whose directory
// isn't known has none if no directory of the broker has any.
bool is_among_full(const metadata::BrokerImage& broker, const std::vector<Uuid>& full, const Uuid& directory);

// Whether a reassignment is under way.
bool is_moving(const metadata::PartitionImage& partition);

bool contains(const std::vector<NodeId>& nodes, NodeId node);

std::vector<int32_t> plain_numbers(const std::vector<NodeId>& nodes);

}  // namespace milena::controller
