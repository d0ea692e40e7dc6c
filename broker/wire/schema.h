// The struct is the schema: a Kafka message is a plain struct, and the type of a member says in which versions it is on
// the wire. Since, Until, Between and Tag wrap a value without getting in its way; each(message, visit) visits every
// member. The order of the members is the order on the wire; their initializers are the protocol's defaults. Nothing
// here reads or writes bytes (codec.h) and nothing allocates.
//
//     struct Partition {
//         int32_t partition_index = 0;
//         Since<5, int64_t> log_start_offset = -1;      // from version 5
//         Until<12, std::string> name;                  // up to and including version 12
//         Tag<0, 12, EpochEndOffset> diverging_epoch;   // tagged field 0, from version 12, sent if not the default
//         std::optional<std::string> rack;              // may be null
//         NullableSince<7, std::string> protocol_name;  // may be null from version 7 only
//     };
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace milena::wire {

using Version = int16_t;
inline constexpr Version last_version = INT16_MAX;
inline constexpr int untagged = -1;

// What a message says about itself. `flexible` is the first version with compact lengths and tagged fields (KIP-482).
// Versions above `stable` are described here but not final in Kafka, so nobody advertises them.
struct Api {
    int16_t key = -1;
    Version min = 0;
    Version max = 0;
    Version flexible = last_version;
    Version stable = max;

    constexpr bool has(Version version) const { return version >= min && version <= max; }
    constexpr bool is_flexible(Version version) const { return version >= flexible; }
};

// On the wire in versions since_version to until_version; as a tagged field if tag_number is not `untagged`; null only
// from nullable_since on, where T is optional.
template <class T, Version Since, Version Until, int TagNumber, Version NullableSince>
struct FieldTraits {
    using wrapped_type = T;
    static constexpr Version since_version = Since;
    static constexpr Version until_version = Until;
    static constexpr int tag_number = TagNumber;
    static constexpr Version nullable_since = NullableSince;
};

template <class T, Version Since, Version Until, int TagNumber = untagged, Version NullableSince = 0>
struct Field : FieldTraits<T, Since, Until, TagNumber, NullableSince> {
    T value{};

    constexpr Field() = default;
    constexpr Field(T v) : value(v) {}
    constexpr operator T&() { return value; }
    constexpr operator const T&() const { return value; }
};

// A wrapped class is still that class: the members of a string, a vector, a nested struct are used as ever.
template <class T, Version Since, Version Until, int TagNumber, Version NullableSince>
    requires std::is_class_v<T>
struct Field<T, Since, Until, TagNumber, NullableSince> : T, FieldTraits<T, Since, Until, TagNumber, NullableSince> {
    using T::T;

    constexpr Field() = default;
    constexpr Field(T v) : T(std::move(v)) {}
};

template <Version First, class T>
using Since = Field<T, First, last_version>;
template <Version Last, class T>
using Until = Field<T, 0, Last>;
template <Version First, Version Last, class T>
using Between = Field<T, First, Last>;
template <int Number, Version First, class T>
using Tag = Field<T, First, last_version, Number>;
template <Version First, class T>
using NullableSince = Field<std::optional<T>, 0, last_version, untagged, First>;

template <class T>
concept is_field = requires { T::tag_number; };
template <class T>
inline constexpr bool is_tagged = false;
template <is_field T>
inline constexpr bool is_tagged<T> = T::tag_number != untagged;

// The value inside a field; any other member is its own value.
template <class T>
constexpr auto& plain(T& member) {
    if constexpr (!is_field<std::remove_const_t<T>>) {
        return member;
    } else {
        using Value = typename T::wrapped_type;
        using Wanted = std::conditional_t<std::is_const_v<T>, const Value, Value>;
        if constexpr (std::is_class_v<Value>) {
            return static_cast<Wanted&>(member);
        } else {
            return static_cast<Wanted&>(member.value);
        }
    }
}

namespace detail {

struct Anything {
    size_t unused;
    template <class T>
    operator T() const;
};

template <class M, size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
    return requires { M{Anything{I}...}; };
}

template <class M, size_t N>
constexpr size_t count_members() {
    if constexpr (takes<M>(std::make_index_sequence<N + 1>())) {
        return count_members<M, N + 1>();
    } else {
        return N;
    }
}

}  // namespace detail

// A message or a struct nested in one: an aggregate of our own, as opposed to the values it consists of.
template <class M>
inline constexpr size_t member_count = detail::count_members<M, 0>();

// visit(first, second, …) with all members of the message. A struct with more members than there are lines here needs
// one more line.
template <class Message, class Visit>
constexpr decltype(auto) with_members(Message& message, Visit&& visit) {
    constexpr size_t count = member_count<std::remove_const_t<Message>>;
    static_assert(count <= 36);
    // clang-format off
    if constexpr (count == 0) { return visit(); }
    if constexpr (count == 1) { auto& [a] = message; return visit(a); }
    if constexpr (count == 2) { auto& [a, b] = message; return visit(a, b); }
    if constexpr (count == 3) { auto& [a, b, c] = message; return visit(a, b, c); }
    if constexpr (count == 4) { auto& [a, b, c, d] = message; return visit(a, b, c, d); }
    if constexpr (count == 5) { auto& [a, b, c, d, e] = message; return visit(a, b, c, d, e); }
    if constexpr (count == 6) { auto& [a, b, c, d, e, f] = message; return visit(a, b, c, d, e, f); }
    if constexpr (count == 7) { auto& [a, b, c, d, e, f, g] = message; return visit(a, b, c, d, e, f, g); }
    if constexpr (count == 8) { auto& [a, b, c, d, e, f, g, h] = message; return visit(a, b, c, d, e, f, g, h); }
    if constexpr (count == 9) { auto& [a, b, c, d, e, f, g, h, i] = message; return visit(a, b, c, d, e, f, g, h, i); }
    if constexpr (count == 10) {
        auto& [a,b,c,d,e,f,g,h,i,j] = message;
        return visit(a,b,c,d,e,f,g,h,i,j);
    }
    if constexpr (count == 11) {
        auto& [a,b,c,d,e,f,g,h,i,j,k] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k);
    }
    if constexpr (count == 12) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l);
    }
    if constexpr (count == 13) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m);
    }
    if constexpr (count == 14) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n);
    }
    if constexpr (count == 15) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o);
    }
    if constexpr (count == 16) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p);
    }
    if constexpr (count == 17) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q);
    }
    if constexpr (count == 18) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r);
    }
    if constexpr (count == 19) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s);
    }
    if constexpr (count == 20) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t);
    }
    if constexpr (count == 21) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u);
    }
    if constexpr (count == 22) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v);
    }
    if constexpr (count == 23) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w);
    }
    if constexpr (count == 24) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x);
    }
    if constexpr (count == 25) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y);
    }
    if constexpr (count == 26) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z);
    }
    if constexpr (count == 27) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A);
    }
    if constexpr (count == 28) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B);
    }
    if constexpr (count == 29) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C);
    }
    if constexpr (count == 30) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D);
    }
    if constexpr (count == 31) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D,E] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D,E);
    }
    if constexpr (count == 32) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D,E,F] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D,E,F);
    }
    if constexpr (count == 33) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D,E,F,G] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D,E,F,G);
    }
    if constexpr (count == 34) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D,E,F,G,H] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D,E,F,G,H);
    }
    if constexpr (count == 35) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D,E,F,G,H,I] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D,E,F,G,H,I);
    }
    if constexpr (count == 36) {
        auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D,E,F,G,H,I,J] = message;
        return visit(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A,B,C,D,E,F,G,H,I,J);
    }
    // clang-format on
}

// The name of a type without its namespaces.
template <class T>
constexpr std::string_view type_name() {
    std::string_view text = __PRETTY_FUNCTION__;
    text = text.substr(text.find("T = ") + 4);
    text = text.substr(0, text.find_first_of(";]"));
    return text.substr(text.rfind(':') + 1);
}

// A message as it is when nobody has set anything: what a tagged field has that isn't sent.
template <class M>
inline const M defaults{};

template <class M, class F>
constexpr void each(M& message, F&& visit) {
    with_members(message, [&](auto&... member) { (visit(member), ...); });
}

}  // namespace milena::wire
