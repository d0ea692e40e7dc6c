// `milena admin`: asks a running broker over Kafka's protocol and prints what it says. Blocking, one connection.
#pragma once

#include <string>
#include <vector>

namespace milena {

// The exit status of the process.
int administer(const std::vector<std::string>& arguments);

}  // namespace milena
