// What the handlers of one shard may use. Owned by the shard's Server; its thread only.
#pragma once

#include <memory>
#include <string>

#include "base/ids.h"
#include "metadata/image.h"
#include "shard/shard.h"

namespace milena::server {

class ClientMetrics;
class ClientQuotas;
class ControllerGate;
class FetchSessions;
class GroupGate;
class LeaderCheck;
class QuotaGate;

struct NodeIdentity {
    std::string cluster_id;
    NodeId node;
};

struct Context {
    shard::Shards& shards;
    shard::Shard& shard;  // of the connections
    const NodeIdentity& identity;
    const settings::BrokerSettings& settings;  // as the files of this node say, without what is dynamic
    ControllerGate& controller;
    LeaderCheck& leader_check;
    FetchSessions& fetch_sessions;
    GroupGate& groups;
    ClientQuotas& quotas;
    const QuotaGate& all_quotas;
    ClientMetrics& client_metrics;  // of the first shard

    const metadata::Image& image() const { return *shard.image(); }
    const settings::BrokerConfig& config() const { return *shard.config(); }
};

}  // namespace milena::server
