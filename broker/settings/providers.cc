#include "settings/providers.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/parse_number.h"

namespace milena::settings {

namespace {

using Provided = Result<std::string, std::string>;

Provided variable(const Machine& machine, std::string_view name) {
    const auto found = machine.environment.find(name);
    if (found == machine.environment.end()) return unexpected("there is no environment variable " + std::string(name));
    return found->second;
}

Provided ordinal(const Machine& machine, std::string_view name) {
    const bool is_of_host = name.empty();
    const std::string host(machine.host_name.substr(0, machine.host_name.find('.')));
    ASSIGN_OR_RETURN(const std::string text, is_of_host ? Provided(host) : variable(machine, name));
    const size_t dash = text.rfind('-');
    const std::string_view digits = dash == std::string::npos ? "" : std::string_view(text).substr(dash + 1);
    if (const auto number = milena::parse_number<int32_t>(digits)) return std::to_string(*number);
    return unexpected((is_of_host ? "the host name" : "the environment variable " + std::string(name)) + " is \"" +
                      text +
                      "\", which doesn't end in \"-\" and a number up to 2147483647, as in broker-12; give one that "
                      "does, or the number itself");
}

struct Provider {
    std::string_view begin;
    Provided (*provide)(const Machine&, std::string_view name);
};

constexpr std::array providers = {Provider{"${env:", variable}, Provider{"${ordinal:", ordinal}};

}  // namespace

Result<std::string, std::vector<std::string>> with_provided(std::string_view text, const Machine& machine) {
    std::string result;
    std::vector<std::string> errors;
    while (!text.empty()) {
        const auto provider =
            std::ranges::find_if(providers, [&](const Provider& each) { return text.starts_with(each.begin); });
        const size_t end = provider == std::end(providers) ? std::string_view::npos : text.find('}');
        if (end == std::string_view::npos) {
            result += text.front();
            text.remove_prefix(1);
            continue;
        }
        const size_t begin = provider->begin.size();
        Provided value = provider->provide(machine, text.substr(begin, end - begin));
        if (value)
            result += *value;
        else
            errors.push_back(std::move(value).error());
        text.remove_prefix(end + 1);
    }
    if (!errors.empty()) return unexpected(std::move(errors));
    return result;
}

}  // namespace milena::settings
