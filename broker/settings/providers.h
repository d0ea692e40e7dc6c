// What only the machine knows, in a file that is the same on all of them: ${env:NAME} and ${ordinal:NAME} in its
// values. Pure: the variables and the name of the host come in as arguments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "settings/value.h"

namespace milena::settings {

// What the names of providers stand for.
struct Machine {
    const Texts& environment;  // all variables
    std::string_view host_name;
};

// The text with everything filled in. ${env:NAME} is the environment variable, as Kafka's EnvVarConfigProvider has it;
// ${ordinal:NAME} the number behind the last "-" of the variable, as Kubernetes ends the names of a StatefulSet's pods;
// ${ordinal:} that of the host name, without its domain. Ordinals are from 0 to 2147483647, as ids of nodes are. Others
// stay as they are. The errors are sentences.
Result<std::string, std::vector<std::string>> with_provided(std::string_view text, const Machine& machine);

}  // namespace milena::settings
