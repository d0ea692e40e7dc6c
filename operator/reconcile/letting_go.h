// When the operator goes for good: KafkaTopics are let go of, so that nobody who deletes one of them, or its namespace,
// waits for somebody who isn't there any more. What brokers have stays. One that is still there would take them again.
#pragma once

#include <string>

#include "env/clock.h"
#include "kube/client.h"

namespace milena::reconcile {

// How many were let go of; in this namespace, or in all if it is empty. What others change meanwhile is read again.
kube::Outcome<size_t> let_go_of_topics(kube::Client& client, const std::string& space, env::Clock& clock);

}  // namespace milena::reconcile
