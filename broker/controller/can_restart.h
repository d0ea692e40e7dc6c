// Whether a broker may be restarted now without harm to what clients do: the answer that guides a rolling restart.
// Pure.
#pragma once

#include <cstdint>
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

struct RestartAnswer {
    // In order of topic and partition. Once these have caught up or have leaders elsewhere, the broker may go.
    std::vector<PartitionAtRisk> blocking;
    // Waiting doesn't help: even with all replicas in sync there are too few to do without one.
    std::vector<PartitionAtRisk> unavoidable;

    bool can_restart() const { return blocking.empty(); }
};

// `settings`: of the cluster, for topics without a min.insync.replicas of their own. One that isn't registered, or is
// out of sync everywhere, blocks nothing. What the metadata quorum can spare is another question.
RestartAnswer can_restart(const metadata::Image& image, const settings::BrokerSettings& settings, NodeId broker);

std::string_view restart_risk_name(RestartRisk risk);

}  // namespace milena::controller
