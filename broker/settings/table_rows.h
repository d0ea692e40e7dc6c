// The rows of the table by area, for table.cc alone, and short names for writing them: one row is
// {name, type, default, allowed values, update mode, importance, effect, doc}, then `internal`, then the broker's name.
// Names, types, defaults, ranges and update modes are Kafka's, compared by a test with a list made from Kafka's
// classes.
#pragma once

#include <span>

#include "settings/setting.h"

namespace milena::settings {

using enum Type;
using enum UpdateMode;
using enum Importance;
using enum Effect;

inline constexpr bool internal = true;
inline constexpr bool shown = false;
inline constexpr Allowed gzip_levels{.min = 1, .max = 9, .or_equal_to = -1};
inline constexpr Allowed throttled_replicas{.throttled_replicas = true};

std::span<const Setting> network_rows();
std::span<const Setting> log_rows();
std::span<const Setting> replication_rows();
std::span<const Setting> controller_rows();
std::span<const Setting> groups_rows();
std::span<const Setting> transactions_rows();
std::span<const Setting> security_rows();
std::span<const Setting> quotas_rows();
std::span<const Setting> metrics_rows();
std::span<const Setting> remote_rows();
std::span<const Setting> milena_rows();
std::span<const Setting> topic_rows();
std::span<const Setting> group_rows();
std::span<const Setting> client_metrics_rows();

}  // namespace milena::settings
