#include "server/client_match.h"

#include <algorithm>

#include <re2/re2.h>

#include "settings/value.h"

namespace milena::server {

ClientMatch ClientMatch::parse(std::string_view text) {
    ClientMatch match;
    for (const std::string& entry : settings::parse_list(text)) {
        const size_t equals = entry.find('=');
        if (equals == std::string::npos) {
            match.is_broken_ = true;
            continue;
        }
        auto pattern = std::make_shared<const re2::RE2>(entry.substr(equals + 1), re2::RE2::Quiet);
        match.is_broken_ = match.is_broken_ || !pattern->ok();
        match.patterns_.emplace(entry.substr(0, equals), std::move(pattern));
    }
    return match;
}

bool ClientMatch::fits(const ClientAttributes& client) const {
    if (is_broken_) return false;
    return std::ranges::all_of(patterns_, [&](const auto& pattern) {
        const auto attribute = client.find(pattern.first);
        return attribute != client.end() && re2::RE2::FullMatch(attribute->second, *pattern.second);
    });
}

}  // namespace milena::server
