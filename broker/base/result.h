// Result<T, E>: a value or an error that the caller must look at. Has the names of std::expected (C++23), so that it
// can become an alias of it. Nothing here throws: value() on an error is a bug and aborts.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error_code.h"

namespace milena {

template <class E>
struct Unexpected {
    E error;
};

// The error side of a Result: `return unexpected(ErrorCode::not_leader_or_follower);`
template <class E>
Unexpected<std::decay_t<E>> unexpected(E&& error) {
    return {std::forward<E>(error)};
}

template <class T, class E = ErrorCode>
class [[nodiscard]] Result {
  public:
    using value_type = T;
    using error_type = E;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    template <class G>
    Result(Unexpected<G> failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& value() & {
        check(has_value());
        return *std::get_if<0>(&state_);
    }
    const T& value() const& {
        check(has_value());
        return *std::get_if<0>(&state_);
    }
    T&& value() && {
        check(has_value());
        return std::move(*std::get_if<0>(&state_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    T value_or(T fallback) const { return has_value() ? value() : std::move(fallback); }

    const E& error() const {
        check(!has_value());
        return *std::get_if<1>(&state_);
    }

  private:
    std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
  public:
    using value_type = void;
    using error_type = E;

    Result() = default;
    template <class G>
    Result(Unexpected<G> failure) : error_(std::move(failure.error)) {}

    bool has_value() const { return !error_.has_value(); }
    explicit operator bool() const { return has_value(); }
    void value() const { check(has_value()); }
    const E& error() const {
        check(!has_value());
        return *error_;
    }

  private:
    std::optional<E> error_;
};

}  // namespace milena

#define MILENA_JOIN_INNER(a, b) a##b
#define MILENA_JOIN(a, b) MILENA_JOIN_INNER(a, b)

// Returns the error of `expression` to the caller, if it has one. A statement, not an expression: GCC breaks statement
// expressions inside coroutines (GCC PR 115851).
#define RETURN_IF_ERROR(expression)                                          \
    do {                                                                     \
        if (auto milena_outcome = (expression); !milena_outcome.has_value()) \
            return ::milena::unexpected(milena_outcome.error());             \
    } while (false)

// Declares or assigns `target` from the value of `expression`, or returns its error to the caller.
#define ASSIGN_OR_RETURN(target, expression) \
    ASSIGN_OR_RETURN_IMPL(MILENA_JOIN(milena_outcome_, __LINE__), target, expression)
#define ASSIGN_OR_RETURN_IMPL(outcome, target, expression)                  \
    auto outcome = (expression);                                            \
    if (!outcome.has_value()) return ::milena::unexpected(outcome.error()); \
    target = std::move(outcome).value()
