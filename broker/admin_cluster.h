// What `milena admin` asks of ClusterAdmin by gRPC (proto/admin.proto), and how it prints the answers. Blocking.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin_kafka.h"
#include "base/ids.h"
#include "base/result.h"

namespace milena {

// Exit statuses of `milena admin`: that of a question is its answer.
enum class Exit : int { yes = 0, no = 1, failed = 2 };

struct ClusterQuestion {
    std::vector<env::BrokerAddress> nodes;  // any of them may be asked
    NodeId broker = no_node;                // that it is about
    std::string filter;                     // of settings: part of their names
    bool is_dry_run = false;
};

// The error says why there is no answer.
using Asked = Result<Exit, std::string>;
Asked ask_can_restart(const ClusterQuestion& question);
Asked ask_caught_up(const ClusterQuestion& question);
Asked ask_features(const ClusterQuestion& question);
Asked ask_config_schema(const ClusterQuestion& question);
Asked ask_health(const ClusterQuestion& question);
Asked order_cordon(const ClusterQuestion& question);
Asked order_uncordon(const ClusterQuestion& question);
Asked order_drain(const ClusterQuestion& question);
Asked order_undrain(const ClusterQuestion& question);
Asked ask_drain_status(const ClusterQuestion& question);
Asked order_rebalance(const ClusterQuestion& question);

}  // namespace milena
