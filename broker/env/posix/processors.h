// How many processors this process may use, and how many of them serve.
#pragma once

#include <cstddef>
#include <string>

namespace milena::env {

// Of the machine's, those that the scheduler may put this process on, and no more than its control group's quota of
// time is worth (cgroup v2, cpu.max, rounded up: what `resources.limits.cpu` of a container becomes). At least 1. The
// places of the files are for tests. Any thread.
size_t available_processors(const std::string& own_group_file = "/proc/self/cgroup",
                            const std::string& groups_root = "/sys/fs/cgroup");

// The default of milena.shards: an eighth of the processors, at least one of several, stays for what isn't a shard's:
// the system's side of the network, flushing, gRPC.
size_t shards_for(size_t processors);

}  // namespace milena::env
