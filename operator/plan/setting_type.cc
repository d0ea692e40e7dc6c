#include <algorithm>

#include "api/ascii.h"
#include "base/text.h"
#include "plan/pass.h"

namespace milena::plan {

namespace {

bool is_integer(std::string_view text) {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    return !text.empty() && std::ranges::all_of(text, api::is_digit);
}

}  // namespace

bool may_be_of_type(std::string_view type, std::string_view text) {
    text = trimmed(text);  // as brokers do
    if (type == "boolean") return equal_ignoring_case(text, "true") || equal_ignoring_case(text, "false");
    if (type == "int" || type == "short" || type == "long") return is_integer(text);
    return true;
}

}  // namespace milena::plan
