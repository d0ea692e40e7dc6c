// Feature levels: Kafka's names for behaviour that the whole cluster has agreed to (KIP-584), and which levels this
// broker can live with. Only levels whose behaviour is there are finalized in a new cluster.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace milena::metadata {

// Finalized levels by feature; a feature that is absent has level 0.
using FeatureLevels = std::map<std::string, int16_t, std::less<>>;

inline constexpr std::string_view metadata_version_feature = "metadata.version";
inline constexpr std::string_view kraft_version_feature = "kraft.version";
inline constexpr std::string_view elr_version_feature = "eligible.leader.replicas.version";
// Of our own: what Kafka hasn't got comes into the metadata log from a level of it on.
inline constexpr std::string_view milena_version_feature = "milena.version";

// 3.3-IV3 and 4.3-IV0: what Kafka 4.3 can live with, hence whose records we read and write.
inline constexpr int16_t metadata_version_min = 7;
inline constexpr int16_t metadata_version_latest = 30;

// The metadata.version from which a record or a member of one may be written.
inline constexpr int16_t metadata_version_zk_migration = 8;
inline constexpr int16_t metadata_version_scram = 11;
inline constexpr int16_t metadata_version_controllers = 15;
inline constexpr int16_t metadata_version_directories = 17;
inline constexpr int16_t metadata_version_elr = 23;
inline constexpr int16_t metadata_version_cordoned_directories = 30;

// The milena.version from which updates of features are written down.
inline constexpr int16_t milena_version_updates = 1;

// That a feature was finalized at another level: when, and by whom.
struct FeatureUpdate {
    std::string feature;
    int16_t level_before = 0;
    int16_t level = 0;
    Timestamp at = no_timestamp;
    NodeId controller = no_node;
    std::string version;  // of the controller's program

    bool operator==(const FeatureUpdate&) const = default;
};

// The newest ones are kept.
inline constexpr size_t feature_updates_max = 100;

// Whether records of the higher one of two levels may say what those of the lower one can't.
bool metadata_changed_between(int16_t lower, int16_t higher);

struct SupportedLevels {
    std::string_view name;
    int16_t level_min = 0;
    int16_t level_max = 0;
    int16_t level_new_cluster = 0;  // what formatting an empty directory finalizes; 0: nothing is written
};

// Sorted by name. One of which this release has no level yet isn't among them.
std::span<const SupportedLevels> supported_features();
const SupportedLevels* supported_feature(std::string_view name);

// The finalized level; 0 where none is.
int16_t feature_level(const FeatureLevels& levels, std::string_view name);

// The level of metadata.version; the least one where the log says nothing.
int16_t metadata_version(const FeatureLevels& levels);

// What a log says from such a level on can't be read by a program that knows only lower ones. The error says what to
// do.
Result<void, std::string> check_readable(std::string_view feature, int16_t level);

// Whether updates of features are written down.
bool keeps_feature_updates(const FeatureLevels& levels);

// Whether controllers are registered as well (KIP-919).
bool knows_controllers(const FeatureLevels& levels);

// Whether registrations of brokers say which directories are cordoned (KIP-1066).
bool knows_cordoned_directories(const FeatureLevels& levels);

// Whether partitions keep eligible leader replicas (KIP-966).
bool has_elr(const FeatureLevels& levels);

// What may be told to clients: a directory of real Kafka has features finalized whose behaviour isn't here.
FeatureLevels effective_levels(const FeatureLevels& finalized);

}  // namespace milena::metadata
