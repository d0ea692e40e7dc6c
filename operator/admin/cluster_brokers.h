// The brokers of a cluster that runs: ClusterAdmin for what is asked of the cluster, Kafka's protocol for settings.
// Connects when it is asked.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "admin/brokers.h"
#include "admin/kafka_client.h"

namespace milena::admin {

// Where each node answers by gRPC (node id → "host:port"), and where Kafka's clients are answered.
std::shared_ptr<Brokers> make_cluster_brokers(std::map<int64_t, std::string> nodes,
                                              std::vector<BrokerAddress> listeners);

}  // namespace milena::admin
