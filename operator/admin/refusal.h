// What brokers have said instead of doing what they were ordered.
#pragma once

#include <string>

namespace milena::admin {

struct Refusal {
    std::string text;
    bool is_final = false;  // the same order will be refused until somebody changes something
};

}  // namespace milena::admin
