// dump(message): a message on one line for a log. Members keep their names, which are taken from the struct itself;
// byte strings appear as their size only, and long arrays are cut, so that no payload, no secret and no flood gets into
// a log. Pure.
//
//     FetchRequest{max_wait_ms=500 min_bytes=1 topics=[{topic="a" partitions=[{partition=0 fetch_offset=7}]}]}
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/uuid.h"
#include "wire/schema.h"
#include "wire/slices.h"

namespace milena::wire {

namespace detail {

inline constexpr size_t elements_dumped_max = 8;

template <const auto* Member>
constexpr std::string_view name_of_member() {
    std::string_view text = __PRETTY_FUNCTION__;
    text.remove_prefix(text.find("Member = "));
    text = text.substr(0, text.find_first_of(");]"));
    return text.substr(text.find_last_of(".:") + 1);
}

// Only the addresses of the members of defaults<M> count, and those are known while compiling.
template <class M, size_t Index>
constexpr std::string_view member_name() {
    constexpr const auto* member =
        with_members(defaults<M>, [](const auto&... m) { return std::get<Index>(std::tuple{&m...}); });
    return name_of_member<member>();
}

void dump_text(std::string& to, std::string_view text);
void dump_number(std::string& to, int64_t value);
void dump_number(std::string& to, double value);
void dump_bytes(std::string& to, size_t size);

template <class M>
void dump_members(std::string& to, const M& message);

template <class T>
void dump_value(std::string& to, const T& value);

template <class T>
void dump_value(std::string& to, const std::vector<T>& values) {
    to += '[';
    const size_t shown = std::min(values.size(), elements_dumped_max);
    for (size_t i = 0; i < shown; ++i) {
        if (i > 0) to += ' ';
        dump_value(to, values[i]);
    }
    if (shown < values.size()) {
        to += " … ";
        dump_number(to, static_cast<int64_t>(values.size()));
        to += " in all";
    }
    to += ']';
}

template <class T>
void dump_value(std::string& to, const std::optional<T>& value) {
    if (value) {
        dump_value(to, *value);
    } else {
        to += "null";
    }
}

template <class T>
void dump_value(std::string& to, const T& value) {
    if constexpr (is_field<T>) {
        dump_value(to, plain(value));
    } else if constexpr (std::is_same_v<T, ErrorCode>) {
        to += error_name(value);
    } else if constexpr (std::is_same_v<T, bool>) {
        to += value ? "true" : "false";
    } else if constexpr (std::is_same_v<T, double>) {
        dump_number(to, value);
    } else if constexpr (std::is_integral_v<T>) {
        dump_number(to, static_cast<int64_t>(value));
    } else if constexpr (std::is_same_v<T, Uuid>) {
        to += value.to_string();
    } else if constexpr (std::is_same_v<T, Bytes> || std::is_same_v<T, Slices>) {
        dump_bytes(to, value.size());
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        dump_text(to, value);
    } else {
        dump_members(to, value);
    }
}

template <class T>
void dump_member(std::string& to, size_t index, std::string_view name, const T& member) {
    if (index > 0) to += ' ';
    to += name;
    to += '=';
    dump_value(to, member);
}

template <class M>
void dump_members(std::string& to, const M& message) {
    to += '{';
    with_members(message, [&](const auto&... member) {
        [&]<size_t... Index>(std::index_sequence<Index...>) {
            (dump_member(to, Index, member_name<M, Index>(), member), ...);
        }(std::index_sequence_for<decltype(member)...>());
    });
    to += '}';
}

}  // namespace detail

template <class M>
std::string dump(const M& message) {
    std::string text(type_name<M>());
    detail::dump_members(text, message);
    return text;
}

}  // namespace milena::wire
