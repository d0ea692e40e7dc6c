// Bytes as a test writes them down: numbers.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace milena::wire {

inline Bytes bytes_of(std::initializer_list<int> values) {
    std::vector<std::byte> memory;
    for (const int value : values) memory.push_back(static_cast<std::byte>(value));
    return Bytes::from(std::move(memory));
}

}  // namespace milena::wire
