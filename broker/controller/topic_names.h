// What a topic may be called (Kafka's rules): 1 to 249 of the characters a-z A-Z 0-9 . _ - and neither "." nor "..".
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace milena::controller {

inline constexpr size_t topic_name_bytes_max = 249;

// Why the name is refused; nothing if it is fine.
std::optional<std::string> reason_topic_name_refused(std::string_view name);

// Metric names take '.' and '_' for the same: two topics whose names differ in nothing else collide.
std::string metric_name(std::string_view topic_name);

}  // namespace milena::controller
