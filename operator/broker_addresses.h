// Where the operator reaches the nodes of a cluster: by the DNS names of its pods, those that run.
#pragma once

#include <memory>

#include "admin/brokers.h"
#include "admin/topics.h"
#include "api/kafka_cluster.h"
#include "plan/observed.h"

namespace milena {

std::shared_ptr<admin::Brokers> brokers_of(const api::KafkaCluster& cluster, const plan::Observed& observed);
std::shared_ptr<admin::Topics> topics_of(const api::KafkaCluster& cluster, const plan::Observed& observed);

}  // namespace milena
