// What the settings of a topic say of who may lead its partitions. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "metadata/image.h"
#include "settings/broker_settings.h"

namespace milena::controller {

struct LeadershipRules {
    bool has_elr = false;         // the cluster keeps eligible leader replicas (KIP-966)
    int32_t min_isr = 1;          // min.insync.replicas of the topic
    bool allows_unclean = false;  // unclean.leader.election.enable of the topic

    // How many must be in sync for a record to count as committed: a topic may have fewer replicas than it asks for.
    size_t needed_in_sync(size_t replicas_count) const;
};

// The rules topic by topic; what all topics share is worked out once. What it is made of outlives it.
class RulesOfTopics {
  public:
    RulesOfTopics(const metadata::Image& image, const settings::BrokerSettings& settings);

    LeadershipRules of(std::string_view topic) const;

  private:
    const metadata::Image& image_;
    const LeadershipRules defaults_;
};

}  // namespace milena::controller
