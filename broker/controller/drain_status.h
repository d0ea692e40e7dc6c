// How far a drain has come, from the image and from what the leaders say of their logs. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "controller/broker_placement.h"
#include "controller/caught_up.h"
#include "controller/drain_plan.h"
#include "metadata/image.h"

namespace milena::controller {

struct DrainStatus {
    BrokerPlacement placement = BrokerPlacement::open;
    size_t replicas_left = 0;
    size_t moving = 0;        // of these
    uint64_t bytes_left = 0;  // to be copied yet
    std::optional<std::chrono::seconds> time_left;
    std::vector<StuckReplica> stuck;
};

// Also of a broker that isn't drained: what it would take. Without an estimate of the time.
DrainStatus drain_status(const metadata::Image& image, NodeId broker, std::span<const LedPartition> led,
                         const Weighing& weighing = {});

// How fast bytes become fewer, from what was seen of them lately.
class DrainPace {
  public:
    // The time that is left at the pace so far; nothing until something has become fewer.
    std::optional<std::chrono::seconds> seen(uint64_t bytes_left, Instant now);

  private:
    struct Sample {
        Instant at;
        uint64_t bytes_left = 0;
    };
    std::vector<Sample> samples_;  // of the last minute
};

}  // namespace milena::controller
