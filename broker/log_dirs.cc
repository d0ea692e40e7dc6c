#include "log_dirs.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/log.h"
#include "storage/log_directory.h"

namespace milena {
namespace {

using storage::MetaProperties;
using Failure = Unexpected<std::string>;

Failure failed(const std::string& path, std::string_view what) {
    return unexpected("log directory \"" + path + "\": " + std::string(what));
}

std::vector<std::string> paths_of(const settings::BrokerConfig& config) {
    std::vector<std::string> paths = config.log_dirs;
    if (std::ranges::find(paths, config.metadata_log_dir) == paths.end()) paths.push_back(config.metadata_log_dir);
    return paths;
}

std::string absolute(const std::string& directory) {
    std::error_code none_here;  // of no directory at all, or where the working directory is gone: it stays as it is
    std::string path = std::filesystem::absolute(directory, none_here).string();
    if (none_here) return directory;
    for (size_t at = path.find("/./"); at != std::string::npos; at = path.find("/./")) path.erase(at, 2);
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

// One of the directories, as it was found.
struct Opened {
    std::string path;
    std::optional<env::DirectoryLock> lock;
    std::optional<MetaProperties> meta;
    std::shared_ptr<const replica::DirectoryInventory> inventory;
    std::string fault;  // of its disk; empty: it can be used

    bool is_offline() const { return !fault.empty(); }
};

// With an error it is none of ours.
Result<void, std::string> open(env::Disk& disk, const settings::BrokerConfig& config, Opened& opened) {
    const std::string& path = opened.path;
    const auto without = [&](std::string_view fault) {
        opened.fault = fault;
        return Result<void, std::string>();
    };
    if (!disk.create_directories(path).has_value()) return without("can't be created");
    auto lock = env::DirectoryLock::take(path);
    if (!lock.has_value() && lock.error() == env::DiskError::already_exists)
        return failed(path, "is in use by another broker");
    if (!lock.has_value()) return without("can't be locked");
    opened.lock = std::move(*lock);
    auto meta = storage::read_meta_properties(disk, path);
    if (!meta.has_value() && meta.error() == storage::MetaFault::malformed)
        return failed(path, "meta.properties is malformed");
    if (!meta.has_value()) return without("meta.properties can't be read");
    if (*meta && (*meta)->node_id != config.quorum.node_id)
        return failed(path, "belongs to node " + std::to_string((*meta)->node_id.value) + ", but node.id is " +
                                std::to_string(config.quorum.node_id.value));
    opened.meta = *std::move(meta);
    return {};
}

// The cluster that the formatted directories belong to; empty if none is formatted.
Result<std::string, std::string> common_cluster(const std::vector<Opened>& all) {
    std::string cluster_id;
    std::string first_path;
    for (const Opened& one : all) {
        if (!one.meta) continue;
        if (!cluster_id.empty() && one.meta->cluster_id != cluster_id)
            return failed(one.path, "belongs to cluster " + one.meta->cluster_id + ", but \"" + first_path +
                                        "\" to cluster " + cluster_id);
        cluster_id = one.meta->cluster_id;
        first_path = one.path;
    }
    return cluster_id;
}

// A node alone may begin a cluster of its own; one of several that did would never find the others.
Result<std::string, std::string> choose_cluster(env::Random& random, std::string found,
                                                const settings::BrokerConfig& config) {
    const std::string& wanted = config.cluster_id;
    if (!found.empty()) {
        if (wanted.empty() || wanted == found) return found;
        return failed(paths_of(config).front(), "belongs to cluster " + found + ", but milena.cluster.id is " + wanted);
    }
    if (!wanted.empty()) return wanted;
    if (config.quorum.voters.size() > 1 || !config.quorum.bootstrap_servers.empty())
        return unexpected(
            std::string("milena.cluster.id must be given where a node of several has nothing on its disks yet, and be "
                        "the same on all of them: `milena random-uuid` prints one"));
    std::string made = new_id(random).to_string();
    log_info("cluster created", {{"cluster_id", made}});
    return made;
}

bool holds_logs(const settings::BrokerConfig& config, const std::string& path) {
    return std::ranges::find(config.log_dirs, path) != config.log_dirs.end();
}

// What can't be used is done without, if that is possible.
Result<void, std::string> check_rest(const std::vector<Opened>& all, const settings::BrokerConfig& config) {
    const auto offline = std::ranges::find_if(all, &Opened::is_offline);
    if (offline == all.end()) return {};
    for (const Opened& one : all)
        if (one.path == config.metadata_log_dir && one.is_offline()) return failed(one.path, one.fault);
    const auto is_usable = [&](const Opened& one) { return !one.is_offline() && holds_logs(config, one.path); };
    // Whether the cluster is a new one may be known only there.
    if (std::ranges::none_of(all, is_usable) ||
        std::ranges::none_of(all, [](const Opened& one) { return one.meta.has_value(); }))
        return failed(offline->path, offline->fault);
    return {};
}

// Formats it if it is empty, and looks what lies in it.
void prepare(env::Disk& disk, env::Random& random, const settings::BrokerConfig& config, const std::string& cluster_id,
             Opened& opened) {
    if (opened.is_offline()) return;
    if (!opened.meta) {
        opened.meta = MetaProperties{cluster_id, config.quorum.node_id, new_id(random)};
        if (!storage::write_meta_properties(disk, opened.path, *opened.meta).has_value()) {
            opened.fault = "can't be formatted";
            return;
        }
        log_info("log directory formatted", {{"path", opened.path}, {"directory_id", opened.meta->directory_id}});
    }
    if (!holds_logs(config, opened.path)) return;
    auto inventory = replica::take_inventory(disk, opened.path);
    if (!inventory.has_value()) {
        opened.fault = "can't be read";
        return;
    }
    inventory->directory_id = opened.meta->directory_id;
    opened.inventory = std::make_shared<const replica::DirectoryInventory>(std::move(*inventory));
}

}  // namespace

Uuid new_id(env::Random& random) {
    for (;;) {
        const Uuid id = Uuid::from_random(random.next(), random.next());
        if (!id.is_reserved() && id.to_string().front() != '-') return id;
    }
}

settings::BrokerConfig with_absolute_dirs(settings::BrokerConfig config) {
    for (auto* directories : {&config.log_dirs, &config.cordoned_log_dirs})
        std::ranges::transform(*directories, directories->begin(), absolute);
    config.metadata_log_dir = absolute(config.metadata_log_dir);
    return config;
}

Result<LogDirs, std::string> open_log_dirs(env::Disk& disk, env::Random& random, const settings::BrokerConfig& config) {
    std::vector<Opened> all;
    for (const std::string& path : paths_of(config)) {
        all.emplace_back().path = path;
        RETURN_IF_ERROR(open(disk, config, all.back()));
    }
    LogDirs dirs;
    ASSIGN_OR_RETURN(dirs.cluster_id, common_cluster(all));
    RETURN_IF_ERROR(check_rest(all, config));
    ASSIGN_OR_RETURN(dirs.cluster_id, choose_cluster(random, std::move(dirs.cluster_id), config));
    for (Opened& one : all) prepare(disk, random, config, dirs.cluster_id, one);
    RETURN_IF_ERROR(check_rest(all, config));
    replica::Inventories inventories;
    for (Opened& one : all) {
        if (one.lock) dirs.locks.push_back(*std::move(one.lock));
        if (!one.is_offline() && one.path == config.metadata_log_dir)
            dirs.metadata_directory_id = one.meta->directory_id;
        if (!holds_logs(config, one.path)) continue;
        if (one.is_offline()) {
            log_error("log directory offline", {{"path", one.path}, {"reason", one.fault}});
            dirs.offline.push_back(one.path);
            continue;
        }
        inventories.push_back(one.inventory);
        dirs.directories.push_back({one.path, one.meta->directory_id, one.inventory});
    }
    if (dirs.offline.empty()) dirs.closed_by = replica::closed_by(inventories);
    return dirs;
}

}  // namespace milena
