// The .properties syntax of Java, read into lines that remember where they stood. Pure; never fails: Java's rules give
// every text a meaning, except a malformed \uXXXX, which is reported.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace milena::settings {

struct Property {
    std::string name;
    std::string value;
    int line = 0;  // from 1: the line on which the name begins
};

struct PropertiesError {
    int line = 0;
    std::string reason;
};

Result<std::vector<Property>, PropertiesError> parse_properties(std::string_view text);

}  // namespace milena::settings
