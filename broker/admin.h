// `milena admin`: asks a running cluster and prints what it says, over Kafka's protocol and, of ClusterAdmin, by gRPC.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace milena {

// The exit status of the process: 0, yes or done; 1, no; 2, there is no answer, and why is on standard error.
int administer(const std::vector<std::string>& arguments);

// One line for each verb.
std::string admin_usage();

}  // namespace milena
