// advertised.listeners of a broker that runs: other addresses for listeners that it has. Which listeners those are was
// decided at start, and one that isn't named stays where the file has it. Pure; never resolves a name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "settings/broker_settings.h"
#include "settings/listeners.h"

namespace milena::settings {

inline constexpr std::string_view advertised_setting = "advertised.listeners";

// The addresses that `text` gives to listeners; their protocols aren't looked at. Each needs a host and a port that
// somebody can connect to. The error is a sentence that names the setting and the entry.
Result<std::vector<Endpoint>, std::string> parse_advertised(std::string_view text);

// The listeners, as they were at start, with the addresses that are this broker's dynamic setting.
Listeners readdressed(Listeners at_start, const BrokerSettings& settings);

}  // namespace milena::settings
