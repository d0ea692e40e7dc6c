// Name, key and versions of every API, without the messages themselves. Constants and pure functions.
#pragma once

#include <span>
#include <string_view>

#include "wire/schema.h"

namespace milena::wire {

struct ApiInfo {
    std::string_view name;  // as Kafka writes it: "ListOffsets"
    Api api;
};

// Ascending by key.
std::span<const ApiInfo> all_apis();

// nullptr if broker listeners have no such API.
const ApiInfo* find_api(int16_t key);

}  // namespace milena::wire
