// What one setting is: its name, type, default, what it may be, when a change takes effect, and one sentence about it.
// Plain constants without a thread or an owner; the tables of table.h are made of them. Never holds a configured value.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace milena::settings {

// The numbers are those of the protocol's DescribeConfigs answer.
enum class Type : int8_t {
    boolean = 1,
    string = 2,
    int32 = 3,
    int16 = 4,
    int64 = 5,
    float64 = 6,
    list = 7,
    class_name = 8,
    password = 9,
};

// Kafka's update modes: at restart only; live, for one broker; live, for one broker or for all of them.
enum class UpdateMode : uint8_t { read_only, per_broker, cluster_wide };

enum class Importance : uint8_t { high, medium, low };

// `accepted`: the name is known, so that Kafka's files can be taken as they are, but nothing here reads it.
enum class Effect : uint8_t { effective, accepted };

// What a value may be, besides being of its type.
struct Allowed {
    std::optional<double> min{};
    std::optional<double> max{};
    std::optional<double> or_equal_to{};  // a value outside of the range that is allowed nevertheless
    std::string_view words{};             // the only words allowed, as "a, b, c"; for a list: of each of its parts
    bool any_case = false;                // the words may be written in any case
    bool not_empty = false;
    bool throttled_replicas = false;  // "*", or "partition:broker" pairs
};

inline constexpr Allowed anything{};
inline constexpr Allowed not_empty{.not_empty = true};
constexpr Allowed at_least(double min) { return {.min = min}; }
constexpr Allowed between(double min, double max) { return {.min = min, .max = max}; }
constexpr Allowed one_of(std::string_view words) { return {.words = words}; }
constexpr Allowed one_of_any_case(std::string_view words) { return {.words = words, .any_case = true}; }

struct Setting {
    std::string_view name;
    Type type;
    const char* default_text;  // nullptr: no value (Kafka's null)
    Allowed allowed;
    UpdateMode mode;
    Importance importance;
    Effect effect;
    std::string_view doc;
    bool is_internal = false;        // never shown by DescribeConfigs
    std::string_view broker_name{};  // of a topic's or group's setting: the broker's setting that is its default

    constexpr bool is_sensitive() const { return type == Type::password; }
};

}  // namespace milena::settings
