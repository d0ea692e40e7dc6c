// The one table of every setting that Kafka 4.3 knows, and of our own (prefix "milena."), in four scopes. Constants of
// the program, shared by all threads. The rows are in the table_*.cc files, one area each.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settings/setting.h"

namespace milena::settings {

// Each sorted by name.
std::span<const Setting> broker_settings();
std::span<const Setting> topic_settings();
std::span<const Setting> group_settings();
std::span<const Setting> client_metrics_settings();

// nullptr: nobody knows that name.
const Setting* find(std::span<const Setting> table, std::string_view name);

// Finds the broker's setting, also behind a prefix: listener.name.<listener>.[<mechanism>.]<setting>.
const Setting* find_broker_setting(std::string_view name);

// Whether a change takes effect while the broker runs. Kafka can open and close listeners; here they are fixed at
// start.
bool is_live(const Setting& setting);

// What it takes to change a setting. Immutable: the directories or the cluster were begun with it.
enum class Change : uint8_t { restart, live, live_per_broker, immutable };
Change change_of(const Setting& setting);

// The name that the writer may have meant; empty when none is near.
std::string_view nearest_name(std::span<const Setting> table, std::string_view name);

// All broker settings that can give `name` its value, the strongest first, such as log.retention.{ms,minutes,hours}.
std::vector<std::string> broker_synonyms(std::string_view name);

// What a user has to do about a name that Kafka has removed, such as zookeeper.connect; empty: not such a name.
std::string_view advice_for_removed(std::string_view name);

// Names that no table can list, because plug-ins or users choose them: config.providers.*, rsm.config.*, super.users …
bool is_open_name(std::string_view name);

}  // namespace milena::settings
