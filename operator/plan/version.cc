// H: a cluster goes from one minor version to the next or back to the one before, never over one in between. That is
// what upgrades are tried with, and how far feature levels let nodes of two versions live in one cluster.
#include <algorithm>
#include <optional>

#include "base/parse_number.h"
#include "plan/pass.h"

namespace milena::plan {

namespace {

struct Version {
    int64_t major = 0;
    int64_t minor = 0;
    auto operator<=>(const Version&) const = default;
};

// Of "1.2" and of all that begins with "1.2.". Nothing of other tags: what they stand for is their owner's business.
std::optional<Version> parse_version(std::string_view tag) {
    const size_t dot = tag.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto major = parse_number<int64_t>(tag.substr(0, dot));
    const std::string_view rest = tag.substr(dot + 1);
    const auto minor = parse_number<int64_t>(rest.substr(0, rest.find('.')));
    if (!major || !minor || *major < 0 || *minor < 0) return std::nullopt;
    return Version{*major, *minor};
}

// The last minor version of a major one is known only where it is released: from any of them to the next major's first.
bool is_step(const Version& from, const Version& to) {
    if (from.major == to.major) return to.minor <= from.minor + 1 && from.minor <= to.minor + 1;
    const auto [lower, upper] = std::minmax(from, to);
    return upper.major == lower.major + 1 && upper.minor == 0;
}

std::string text_of(const Version& version) {
    return std::to_string(version.major) + "." + std::to_string(version.minor);
}

// What is in between, from the side of where it is now.
std::string way(const Version& from, const Version& to) {
    if (from.major < to.major)
        return "the last minor version of " + std::to_string(from.major) + ", then to " +
               std::to_string(from.major + 1) + ".0";
    if (from.major > to.major)
        return std::to_string(from.major) + ".0, then to the last minor version of " + std::to_string(from.major - 1);
    return text_of({from.major, from.minor + (from < to ? 1 : -1)});
}

}  // namespace

std::string version_of(const std::string& image) {
    const size_t colon = image.rfind(':');
    const size_t slash = image.rfind('/');
    const bool has_tag = colon != std::string::npos && (slash == std::string::npos || colon > slash);
    return has_tag ? image.substr(colon + 1) : image;
}

void plan_version(Pass& pass) {
    const auto wanted = parse_version(version_of(pass.wanted.image));
    if (!wanted) return;
    // Of the pods whose version is too far from it: the furthest; and an image that is running, to stay with.
    std::optional<Version> furthest;
    std::string image;
    for (const auto& [name, pod] : pass.input.observed.pods) {
        const auto runs = pod.is_running || pod.is_ready ? parse_version(version_of(pod.image)) : std::nullopt;
        if (!runs) continue;
        const bool is_further = !furthest || (*runs < *wanted ? *runs < *furthest : *runs > *furthest);
        if (!is_step(*runs, *wanted) && is_further) furthest = runs;
        // A roll that is under way goes on towards what is wanted.
        const auto best = parse_version(version_of(image));
        if (!best || (*runs < *wanted ? *runs > *best : *runs < *best)) image = pod.image;
    }
    if (!furthest) return;
    pass.stall("VersionSkipped", "version " + text_of(*wanted) + " can't follow " + text_of(*furthest) +
                                     ": go by one minor version at a time, first to " + way(*furthest, *wanted));
    pass.wanted.image = image;
}

}  // namespace milena::plan
