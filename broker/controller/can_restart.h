// Whether a broker may be restarted now without harm to what clients do: the answer that guides a rolling restart.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "metadata/image.h"
#include "settings/broker_settings.h"

namespace milena::controller {

enum class RestartRisk : uint8_t {
    goes_offline,         // nobody else is in sync
    falls_below_min_isr,  // producers with acks=all would be refused
};

struct PartitionAtRisk {
    std::string topic;
    PartitionIndex partition;
    RestartRisk risk = RestartRisk::goes_offline;

    bool operator==(const PartitionAtRisk&) const = default;
};

struct HarmOfRestart {
    RestartRisk risk = RestartRisk::goes_offline;
    bool helps_to_wait = false;  // until others are in sync, or lead; else there are too few replicas for that
};

// Of one partition, by a restart of a broker that leads it or is in sync; nothing: there are enough others.
std::optional<HarmOfRestart> harm_of_restart(const metadata::Image& image, const metadata::PartitionImage& partition,
                                             int32_t min_isr, NodeId broker);

struct RestartAnswer {
    // Both in order of topic and partition. Once these have caught up or have leaders elsewhere, the broker may go.
    std::vector<PartitionAtRisk> blocking;
    // Waiting doesn't help: even with all replicas in sync there are too few to do without one. Those that go offline
    // come first.
    std::vector<PartitionAtRisk> unavoidable;

    bool can_restart() const { return blocking.empty(); }
    // Of `unavoidable` those that go offline: nobody else has them.
    size_t only_copies() const;
};

// `settings`: of the cluster, for topics without a min.insync.replicas of their own. One that isn't registered, or is
// out of sync everywhere, blocks nothing. What the metadata quorum can spare is another question.
RestartAnswer can_restart(const metadata::Image& image, const settings::BrokerSettings& settings, NodeId broker);

std::string_view restart_risk_name(RestartRisk risk);

}  // namespace milena::controller
