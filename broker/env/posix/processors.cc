#include "env/posix/processors.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string_view>
#include <thread>

#include "base/parse_number.h"

namespace milena::env {
namespace {

// "QUOTA PERIOD" in microseconds, or "max PERIOD".
std::optional<size_t> quota_of(const std::string& group_directory) {
    std::ifstream file(group_directory + "/cpu.max");
    std::string quota_text;
    std::string period_text;
    if (!(file >> quota_text >> period_text)) return std::nullopt;
    const auto quota = parse_number<uint32_t>(quota_text);
    const auto period = parse_number<uint32_t>(period_text);
    if (!quota || !period || *period == 0) return std::nullopt;
    return *quota / *period + (*quota % *period == 0 ? 0 : 1);
}

// "0::/a/b" is the line of cgroup v2.
std::string own_group(const std::string& file_path) {
    std::ifstream file(file_path);
    constexpr std::string_view unified = "0::";
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(unified)) return line.substr(unified.size());
    return "";
}

}  // namespace

size_t available_processors(const std::string& own_group_file, const std::string& groups_root) {
    size_t count = std::max(1U, std::thread::hardware_concurrency());
    // Every group above has its say. Within a container its own group is the root.
    for (std::string group = own_group(own_group_file);; group.resize(group.rfind('/'))) {
        if (const auto quota = quota_of(groups_root + group)) count = std::min(count, std::max<size_t>(1, *quota));
        if (group.find('/') == std::string::npos) return count;
    }
}

}  // namespace milena::env
