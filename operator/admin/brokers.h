// The brokers of one cluster, as a plan needs them: they answer questions and take orders. An interface, so that those
// who run plans know neither gRPC nor Kafka's protocol. Blocks its caller for seconds at most.
#pragma once

#include "admin/refusal.h"
#include "plan/answers.h"
#include "plan/step.h"

namespace milena::admin {

struct Brokers {
    virtual ~Brokers() = default;
    // Whoever doesn't answer is an error within the answers.
    virtual plan::Answers ask(const plan::Questions& questions) = 0;
    // Place, AlterBrokerConfig, UnregisterBroker.
    virtual Result<void, Refusal> order(const plan::Action& action) = 0;
};

}  // namespace milena::admin
