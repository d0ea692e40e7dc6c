// read() and write(): the only place that knows which members of a message are on the wire in which version, and how.
// Included by the units that instantiate them for a group of messages, and by nothing else: handlers need only the
// structs. The nesting of messages is that of their types, so no input can make it deeper.
//
//     struct             members in order, then, if flexible, the number of tagged fields and each as tag, size, value
//     array, bytes       int32 count, or unsigned varint of count + 1 if flexible; -1 or 0 is null
//     string             int16 length, or unsigned varint of length + 1 if flexible; -1 or 0 is null
//     nullable struct    int8: -1 null, 1 present; if it is a tagged field, unsigned varint: 0 null, 1 present
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/uuid.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/equal.h"
#include "wire/schema.h"
#include "wire/slices.h"

namespace milena::wire {

namespace detail {

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_string = std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>;

template <class T>
inline constexpr bool is_bytes = std::is_same_v<T, Bytes> || std::is_same_v<T, Slices>;

// Values that say how long they are, and by that whether they are null.
template <class T>
inline constexpr bool has_length = is_string<T> || is_vector<T> || is_bytes<T>;
template <class T>
inline constexpr bool is_nullable_struct = false;
template <class T>
inline constexpr bool is_nullable_struct<std::optional<T>> = !has_length<T>;

template <class... T>
struct TypeList {};

template <class M>
using MemberTypes = decltype(with_members(
    std::declval<M&>(), [](auto&... m) { return TypeList<std::remove_reference_t<decltype(m)>...>(); }));

// The fewest bytes a value takes in any version: the bound that keeps a lying count from allocating much memory.
template <class T>
constexpr size_t bytes_min();

template <class... T>
constexpr size_t bytes_min_of_members(TypeList<T...>) {
    return (size_t{0} + ... + (is_field<T> ? 0 : bytes_min<T>()));
}

template <class T>
constexpr size_t bytes_min() {
    if constexpr (is_field<T>) {
        return 0;
    } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, Uuid>) {
        return sizeof(T);
    } else if constexpr (is_string<T> || is_vector<T> || is_optional<T> || is_bytes<T>) {
        return 1;
    } else {
        return std::max<size_t>(1, bytes_min_of_members(MemberTypes<T>()));
    }
}

// Tags ascend in declaration order, so that writing the members in order writes the tags in order.
template <class... T>
constexpr bool tags_ascend(TypeList<T...>) {
    int previous = untagged;
    bool ascending = true;
    const auto next = [&](int tag) {
        ascending = ascending && tag > previous;
        previous = tag;
    };
    ((is_tagged<T> ? next([] {
         if constexpr (is_field<T>) return T::tag_number;
         return untagged;
     }())
                   : void()),
     ...);
    return ascending;
}

template <class... T>
constexpr bool any_tagged(TypeList<T...>) {
    return (false || ... || is_tagged<T>);
}

}  // namespace detail

template <class T>
void read_value(Decoder& from, T& value);

template <class T>
int32_t array_count(Decoder& from) {
    return from.array_count(detail::bytes_min<T>(), sizeof(T));
}

template <class T>
void read_array(Decoder& from, std::vector<T>& values, int32_t count) {
    values.resize(static_cast<size_t>(count));
    for (T& value : values) {
        read_value(from, value);
        if (from.has_failed()) return;
    }
}

template <class T>
void read_nullable(Decoder& from, std::optional<T>& value) {
    if constexpr (detail::is_string<T>) {
        const auto text = from.nullable_string();
        if (text) {
            value.emplace(*text);
        } else {
            value.reset();
        }
    } else if constexpr (detail::is_bytes<T>) {
        value = from.nullable_bytes();
    } else if constexpr (detail::is_vector<T>) {
        const int32_t count = array_count<typename T::value_type>(from);
        value.reset();
        if (count >= 0) read_array(from, value.emplace(), count);
    } else {
        value.reset();
        // Not emplace(): clang finds a nested struct with default members not yet constructible there (CWG 1397).
        if (from.is_present()) read_value(from, *(value = T{}));
    }
}

template <class M>
void read_members(Decoder& from, M& message);

template <class T>
void read_value(Decoder& from, T& value) {
    if constexpr (is_field<T>) {
        if (from.version() < T::since_version || from.version() > T::until_version) return;
        read_value(from, plain(value));
        if constexpr (T::nullable_since > 0) {
            if (!value.has_value() && from.version() < T::nullable_since) from.refuse_null();
        }
    } else if constexpr (std::is_same_v<T, bool>) {
        value = from.fixed<int8_t>() != 0;
    } else if constexpr (std::is_enum_v<T>) {
        value = static_cast<T>(from.fixed<std::underlying_type_t<T>>());
    } else if constexpr (std::is_integral_v<T>) {
        value = from.fixed<T>();
    } else if constexpr (std::is_same_v<T, double>) {
        value = from.float64();
    } else if constexpr (std::is_same_v<T, Uuid>) {
        value = from.uuid();
    } else if constexpr (detail::is_string<T>) {
        value = from.string();
    } else if constexpr (detail::is_bytes<T>) {
        value = from.bytes();
    } else if constexpr (detail::is_vector<T>) {
        const int32_t count = array_count<typename T::value_type>(from);
        if (count < 0) return from.refuse_null();
        read_array(from, value, count);
    } else if constexpr (detail::is_optional<T>) {
        read_nullable(from, value);
    } else {
        read_members(from, value);
    }
}

template <class T>
void read_untagged(Decoder& from, T& member) {
    if constexpr (!is_tagged<T>) read_value(from, member);
}

template <class T>
void read_tagged_value(Decoder& from, T& value) {
    if constexpr (detail::is_nullable_struct<T>) {
        value.reset();
        if (from.unsigned_varint() != 0) read_value(from, value.emplace());
    } else {
        read_value(from, value);
    }
}

// True if the tag is this member's.
template <class T>
bool read_tagged(Decoder& from, T& member, uint32_t tag) {
    if constexpr (is_tagged<T>) {
        if (tag != static_cast<uint32_t>(T::tag_number) || from.version() < T::since_version) return false;
        read_tagged_value(from, plain(member));
        return true;
    } else {
        return false;
    }
}

template <class M>
void read_members(Decoder& from, M& message) {
    with_members(message, [&](auto&... member) { (read_untagged(from, member), ...); });
    if (!from.is_flexible()) return;
    if constexpr (detail::any_tagged(detail::MemberTypes<M>())) {
        from.tags([&](uint32_t tag) {
            return with_members(message, [&](auto&... member) { return (read_tagged(from, member, tag) || ...); });
        });
    } else {
        from.skip_tags();
    }
}

template <class M>
void read(Decoder& from, M& message) {
    read_members(from, message);
}

template <class T>
void write_value(Encoder& to, const T& value);

template <class T>
void write_nullable(Encoder& to, const std::optional<T>& value) {
    if constexpr (!detail::has_length<T>) to.presence(value.has_value());
    if (value) return write_value(to, *value);
    if constexpr (detail::is_string<T>) {
        to.null_string();
    } else if constexpr (detail::has_length<T>) {
        to.null_array();
    }
}

template <class M>
void write_members(Encoder& to, const M& message);

template <class T>
void write_value(Encoder& to, const T& value) {
    if constexpr (is_field<T>) {
        if (to.version() < T::since_version || to.version() > T::until_version) return;
        if constexpr (T::nullable_since > 0) {
            // A null that this version doesn't know is written as an empty value.
            if (!value.has_value() && to.version() < T::nullable_since) {
                return write_value(to, typename T::wrapped_type::value_type());
            }
        }
        write_value(to, plain(value));
    } else if constexpr (std::is_same_v<T, bool>) {
        to.fixed<int8_t>(value ? 1 : 0);
    } else if constexpr (std::is_enum_v<T>) {
        to.fixed(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_integral_v<T>) {
        to.fixed(value);
    } else if constexpr (std::is_same_v<T, double>) {
        to.float64(value);
    } else if constexpr (std::is_same_v<T, Uuid>) {
        to.uuid(value);
    } else if constexpr (detail::is_string<T>) {
        to.string(value);
    } else if constexpr (detail::is_bytes<T>) {
        to.bytes(value);
    } else if constexpr (detail::is_vector<T>) {
        to.array_count(value.size());
        for (const auto& element : value) write_value(to, element);
    } else if constexpr (detail::is_optional<T>) {
        write_nullable(to, value);
    } else {
        write_members(to, value);
    }
}

template <class T>
void write_untagged(Encoder& to, const T& member) {
    if constexpr (!is_tagged<T>) write_value(to, member);
}

// Tagged fields are sent only where they differ from their default.
template <class T>
bool is_sent(const Encoder& to, const T& member, const T& unsent) {
    if constexpr (is_tagged<T>) return to.version() >= T::since_version && !equal(member, unsent);
    return false;
}

template <class T>
void write_tagged_value(Encoder& to, const T& value) {
    if constexpr (detail::is_nullable_struct<T>) {
        to.unsigned_varint(value.has_value() ? 1 : 0);
        if (value) write_value(to, *value);
    } else {
        write_value(to, value);
    }
}

template <class T>
void write_tagged(Encoder& to, const T& member, const T& unsent) {
    if constexpr (is_tagged<T>) {
        if (!is_sent(to, member, unsent)) return;
        const auto mark = to.begin_tag(T::tag_number);
        write_tagged_value(to, plain(member));
        to.end_tag(mark);
    }
}

template <class M>
void write_tags(Encoder& to, const M& message) {
    static_assert(detail::tags_ascend(detail::MemberTypes<M>()));
    with_members(message, [&](const auto&... member) {
        with_members(defaults<M>, [&](const auto&... unsent) {
            to.unsigned_varint((0U + ... + (is_sent(to, member, unsent) ? 1U : 0U)));
            (write_tagged(to, member, unsent), ...);
        });
    });
}

template <class M>
void write_members(Encoder& to, const M& message) {
    with_members(message, [&](const auto&... member) { (write_untagged(to, member), ...); });
    if (!to.is_flexible()) return;
    if constexpr (detail::any_tagged(detail::MemberTypes<M>())) {
        write_tags(to, message);
    } else {
        to.unsigned_varint(0);
    }
}

template <class M>
void write(Encoder& to, const M& message) {
    write_members(to, message);
}

}  // namespace milena::wire
