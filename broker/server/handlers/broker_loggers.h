// Levels of this process's loggers, which are no settings: they are changed where they are, at once, and forgotten when
// the process ends. What is asked of them comes in IncrementalAlterConfigs, as resources of a type of their own.
#pragma once

#include "base/ids.h"
#include "wire/messages/configs.h"

namespace milena::server {

// For those resources of the request that are loggers' and that the controller let pass: changes the levels, or says in
// the response why not. All of a resource or nothing.
void alter_broker_loggers(const wire::IncrementalAlterConfigsRequest& request, NodeId self,
                          wire::IncrementalAlterConfigsResponse& response);

}  // namespace milena::server
