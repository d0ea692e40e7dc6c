// A value in the small JSON files that Kafka keeps beside its logs: one flat object whose strings hold no text that
// looks like a name. Pure; reads no nested values and writes nothing.
#pragma once

#include <optional>
#include <string_view>

#include "base/parse_number.h"

namespace milena {

// What stands behind `"name":`, without blanks around it; strings keep their quotes.
std::optional<std::string_view> flat_json_value(std::string_view text, std::string_view name);

template <std::integral T>
std::optional<T> flat_json_number(std::string_view text, std::string_view name) {
    const auto value = flat_json_value(text, name);
    return value ? parse_number<T>(*value) : std::nullopt;
}

}  // namespace milena
