#include "api/quantity.h"
#include "plan/pass.h"

namespace milena::plan {

namespace {

using Json = nlohmann::json;

bool are_equal_quantities(const Json& a, const Json& b) {
    const auto text = [](const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); };
    if (!a.is_primitive() || !b.is_primitive()) return false;
    const auto left = api::parse_quantity(text(a));
    return left && left == api::parse_quantity(text(b));
}

}  // namespace

bool covers(const Json& live, const Json& wanted) {
    if (wanted.is_object()) {
        if (!live.is_object()) return wanted.empty() && live.is_null();
        for (const auto& [name, value] : wanted.items()) {
            const auto found = live.find(name);
            const bool is_empty = value.is_structured() && value.empty();
            if (found == live.end() ? !is_empty : !covers(*found, value)) return false;
        }
        return true;
    }
    if (wanted.is_array()) {
        if (!live.is_array() || live.size() != wanted.size()) return false;
        for (size_t i = 0; i < wanted.size(); ++i)
            if (!covers(live[i], wanted[i])) return false;
        return true;
    }
    return live == wanted || are_equal_quantities(live, wanted);
}

}  // namespace milena::plan
