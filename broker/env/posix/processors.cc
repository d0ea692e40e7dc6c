#include "env/posix/processors.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include <sched.h>

#include "base/parse_number.h"

namespace milena::env {
namespace {

void free_set(cpu_set_t* set) { CPU_FREE(set); }

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

// Those that the scheduler may use for this process; a machine may have more than the fixed set has room for.
size_t scheduled_processors() {
    for (int room = 1024; room <= 1 << 20; room *= 2) {
        const std::unique_ptr<cpu_set_t, decltype(&free_set)> set(CPU_ALLOC(room), &free_set);
        const size_t bytes = CPU_ALLOC_SIZE(room);
        if (set != nullptr && ::sched_getaffinity(0, bytes, set.get()) == 0)
            return std::max<size_t>(1, static_cast<size_t>(CPU_COUNT_S(bytes, set.get())));
        if (errno != EINVAL) break;
    }
    return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

size_t available_processors(const std::string& own_group_file, const std::string& groups_root) {
    size_t count = scheduled_processors();
    // Every group above has its say. Within a container its own group is the root.
    for (std::string group = own_group(own_group_file);; group.resize(group.rfind('/'))) {
        if (const auto quota = quota_of(groups_root + group)) count = std::min(count, std::max<size_t>(1, *quota));
        if (group.find('/') == std::string::npos) return count;
    }
}

size_t shards_for(size_t processors) { return processors > 1 ? processors - std::max<size_t>(1, processors / 8) : 1; }

}  // namespace milena::env
