// equal(a, b): whether two messages, or two values of messages, have the same content. Messages need no operator== of
// their own. Pure.
#pragma once

#include <optional>
#include <type_traits>
#include <vector>

#include "wire/schema.h"

namespace milena::wire {

template <class T>
bool equal(const T& a, const T& b);

template <class T>
bool equal_values(const std::vector<T>& a, const std::vector<T>& b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
        if (!equal(a[i], b[i])) return false;
    }
    return true;
}

template <class T>
bool equal_values(const std::optional<T>& a, const std::optional<T>& b) {
    return a.has_value() == b.has_value() && (!a || equal(*a, *b));
}

template <class T>
bool equal(const T& a, const T& b) {
    if constexpr (is_field<T>) {
        return equal(plain(a), plain(b));
    } else if constexpr (requires { equal_values(a, b); }) {
        return equal_values(a, b);
    } else if constexpr (requires { a == b; }) {
        return a == b;
    } else {
        return with_members(a, [&](const auto&... of_a) {
            return with_members(b, [&](const auto&... of_b) { return (true && ... && equal(of_a, of_b)); });
        });
    }
}

}  // namespace milena::wire
