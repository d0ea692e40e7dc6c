// Which topic needs the most brokers. Pure.
#pragma once

#include "plan/answers.h"
#include "wire/messages/metadata.h"
#include "wire/messages/topics.h"

namespace milena::admin {

// A partition that is being moved has more replicas for a while; those that it is about to give up don't count.
plan::WidestTopic widest_topic_of(const wire::MetadataResponse& cluster,
                                  const wire::ListPartitionReassignmentsResponse& moves);

}  // namespace milena::admin
