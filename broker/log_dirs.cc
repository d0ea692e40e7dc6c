#include "log_dirs.h"

#include <algorithm>
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

Result<std::optional<MetaProperties>, std::string> read_meta(env::Disk& disk, const std::string& path,
                                                             const settings::BrokerConfig& config) {
    const auto meta = storage::read_meta_properties(disk, path);
    if (!meta.has_value())
        return failed(path, meta.error() == storage::MetaFault::malformed ? "meta.properties is malformed"
                                                                          : "meta.properties can't be read");
    if (*meta && (*meta)->node_id != config.quorum.node_id)
        return failed(path, "belongs to node " + std::to_string((*meta)->node_id.value) + ", but node.id is " +
                                std::to_string(config.quorum.node_id.value));
    return *meta;
}

// The cluster that the formatted directories belong to; empty if none is formatted.
Result<std::string, std::string> common_cluster(const std::vector<std::string>& paths,
                                                const std::vector<std::optional<MetaProperties>>& metas) {
    std::string cluster_id;
    std::string first_path;
    for (size_t i = 0; i < paths.size(); ++i) {
        if (!metas[i]) continue;
        if (!cluster_id.empty() && metas[i]->cluster_id != cluster_id)
            return failed(paths[i], "belongs to cluster " + metas[i]->cluster_id + ", but \"" + first_path +
                                        "\" to cluster " + cluster_id);
        cluster_id = metas[i]->cluster_id;
        first_path = paths[i];
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

}  // namespace

Uuid new_id(env::Random& random) {
    for (;;) {
        const Uuid id = Uuid::from_random(random.next(), random.next());
        if (!id.is_reserved() && id.to_string().front() != '-') return id;
    }
}

Result<LogDirs, std::string> open_log_dirs(env::Disk& disk, env::Random& random, const settings::BrokerConfig& config) {
    LogDirs dirs;
    const std::vector<std::string> paths = paths_of(config);
    std::vector<std::optional<MetaProperties>> metas;
    for (const std::string& path : paths) {
        if (!disk.create_directories(path).has_value()) return failed(path, "can't be created");
        auto lock = env::DirectoryLock::take(path);
        if (!lock.has_value())
            return failed(path, lock.error() == env::DiskError::already_exists ? "is in use by another broker"
                                                                               : "can't be locked");
        dirs.locks.push_back(std::move(*lock));
        ASSIGN_OR_RETURN(metas.emplace_back(), read_meta(disk, path, config));
    }
    ASSIGN_OR_RETURN(dirs.cluster_id, common_cluster(paths, metas));
    ASSIGN_OR_RETURN(dirs.cluster_id, choose_cluster(random, std::move(dirs.cluster_id), config));
    for (size_t i = 0; i < paths.size(); ++i) {
        if (!metas[i]) {
            metas[i] = MetaProperties{dirs.cluster_id, config.quorum.node_id, new_id(random)};
            if (!storage::write_meta_properties(disk, paths[i], *metas[i]).has_value())
                return failed(paths[i], "can't be formatted");
            log_info("log directory formatted", {{"path", paths[i]}, {"directory_id", metas[i]->directory_id}});
        }
        if (paths[i] == config.metadata_log_dir) dirs.metadata_directory_id = metas[i]->directory_id;
        if (i >= config.log_dirs.size()) continue;  // holds the metadata log only
        auto inventory = replica::take_inventory(disk, paths[i]);
        if (!inventory.has_value()) return failed(paths[i], "can't be read");
        inventory->directory_id = metas[i]->directory_id;
        dirs.directories.push_back({paths[i], metas[i]->directory_id,
                                    std::make_shared<const replica::DirectoryInventory>(std::move(*inventory))});
    }
    return dirs;
}

}  // namespace milena
