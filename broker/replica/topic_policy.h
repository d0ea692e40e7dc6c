// What a topic's settings mean to its partitions here: rules for produced batches, the log's limits, when an append
// counts as safe. One value a topic, shared by its replicas and replaced as a whole when a setting changes.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "settings/broker_config.h"
#include "settings/topic_config.h"
#include "storage/log_config.h"
#include "wire/batch_validation.h"

namespace milena::replica {

// Replicas as leader.replication.throttled.replicas names them: all, or partitions with a broker each.
class ThrottledReplicas {
  public:
    ThrottledReplicas() = default;
    explicit ThrottledReplicas(const std::vector<std::string>& names);
    bool contains(PartitionIndex partition, NodeId broker) const;

  private:
    bool are_all_ = false;
    std::set<std::pair<PartitionIndex, NodeId>> replicas_;
};

struct TopicPolicy {
    std::shared_ptr<const storage::LogConfig> log;
    wire::ValidationRules rules;
    int32_t min_insync_replicas = 1;
    // After so many records an append is acknowledged only once they are all durable: 1 is fsync before
    // acknowledgement.
    int64_t flush_messages = settings::TopicConfig::never;
    int64_t flush_ms = settings::TopicConfig::never;
    ThrottledReplicas throttled_leaders;

    bool demands_sync() const { return flush_messages != settings::TopicConfig::never; }
    bool is_fsynced_before_acknowledgement() const { return flush_messages <= 1; }
};

std::shared_ptr<const TopicPolicy> topic_policy(const settings::TopicConfig& topic,
                                                const settings::BrokerConfig& broker);

}  // namespace milena::replica
