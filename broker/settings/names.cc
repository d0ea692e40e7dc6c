#include <algorithm>
#include <array>
#include <numeric>

#include "settings/table.h"

namespace milena::settings {

namespace {

struct Removed {
    std::string_view name;  // one that ends in "." stands for all names that begin so
    std::string_view advice;
};

constexpr std::string_view no_zookeeper = "there is no ZooKeeper any more: remove it; see process.roles";
constexpr std::string_view one_format = "there is one record format: remove it";
constexpr std::string_view by_feature = "remove it; feature levels are changed with kafka-features";
constexpr std::string_view use_listeners = "use listeners and advertised.listeners";
constexpr std::string_view no_effect_any_more = "Kafka has dropped it without a successor: remove it";

constexpr std::array removed_names = {
    Removed{"zookeeper.", no_zookeeper},
    Removed{"broker.id.generation.enable", "node.id must be given: remove it"},
    Removed{"reserved.broker.max.id", "node.id must be given: remove it"},
    Removed{"control.plane.listener.name", "use controller.listener.names"},
    Removed{"inter.broker.protocol.version", by_feature},
    Removed{"unstable.metadata.versions.enable", "use unstable.feature.versions.enable"},
    Removed{"log.message.format.version", one_format},
    Removed{"message.format.version", one_format},
    Removed{"log.message.downconversion.enable", one_format},
    Removed{"message.downconversion.enable", one_format},
    Removed{"log.message.timestamp.difference.max.ms",
            "use log.message.timestamp.before.max.ms and log.message.timestamp.after.max.ms"},
    Removed{"message.timestamp.difference.max.ms",
            "use message.timestamp.before.max.ms and message.timestamp.after.max.ms"},
    Removed{"log.max.id.map.snapshots", no_effect_any_more},
    Removed{"metadata.log.segment.min.bytes", "use internal.metadata.log.segment.bytes"},
    Removed{"offsets.commit.required.acks", "commits always wait for all replicas in sync: remove it"},
    Removed{"leader.imbalance.per.broker.percentage", no_effect_any_more},
    Removed{"controlled.shutdown.max.retries", no_effect_any_more},
    Removed{"controlled.shutdown.retry.backoff.ms", no_effect_any_more},
    Removed{"replica.lag.max.messages", "use replica.lag.time.max.ms"},
    Removed{"delegation.token.master.key", "use delegation.token.secret.key"},
    Removed{"password.encoder.", "passwords aren't kept in ZooKeeper any more: remove it"},
    Removed{"auto.include.jmx.reporter", "use metric.reporters"},
    Removed{"group.coordinator.new.enable", "use group.coordinator.rebalance.protocols"},
    Removed{"group.share.enable", "use group.coordinator.rebalance.protocols"},
    Removed{"quota.producer.default", "set default quotas with kafka-configs --entity-type clients --entity-default"},
    Removed{"quota.consumer.default", "set default quotas with kafka-configs --entity-type clients --entity-default"},
    Removed{"eligible.leader.replicas.enable", by_feature},
    Removed{"host.name", use_listeners},
    Removed{"port", use_listeners},
    Removed{"advertised.host.name", use_listeners},
    Removed{"advertised.port", use_listeners},
};

// Read by plug-ins, or chosen by users; Kafka hands them on without knowing them.
constexpr std::array<std::string_view, 7> open_prefixes = {
    "config.providers.", "rsm.config.", "rlmm.config.",   "remote.log.metadata.",
    "metrics.context.",  "kafka.csv.",  "listener.name.",
};
constexpr std::array<std::string_view, 2> open_names = {"super.users", "allow.everyone.if.no.acl.found"};

// Levenshtein's distance, with a swap of two neighbours counted once.
size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    std::iota(above.begin(), above.end(), size_t{0});
    for (size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above[b.size()];
}

}  // namespace

std::string_view advice_for_removed(std::string_view name) {
    for (const Removed& removed : removed_names) {
        const bool matches = removed.name.ends_with('.') ? name.starts_with(removed.name) : name == removed.name;
        if (matches) return removed.advice;
    }
    return {};
}

bool is_open_name(std::string_view name) {
    if (std::ranges::find(open_names, name) != open_names.end()) return true;
    return std::ranges::any_of(open_prefixes, [&](std::string_view prefix) {
        return name.size() > prefix.size() && name.starts_with(prefix);
    });
}

std::string_view nearest_name(std::span<const Setting> table, std::string_view name) {
    // Beyond a third of its length, a name has little in common with what was written.
    const size_t distance_max = std::max<size_t>(2, name.size() / 3);
    if (name.size() > 100) return {};
    size_t best = distance_max + 1;
    std::string_view nearest;
    for (const Setting& setting : table) {
        const auto [shorter, longer] = std::minmax({name.size(), setting.name.size()});
        if (longer - shorter >= best) continue;  // that many have to be added at least
        const size_t distance = edit_distance(name, setting.name);
        if (distance >= best) continue;
        best = distance;
        nearest = setting.name;
    }
    return nearest;
}

}  // namespace milena::settings
