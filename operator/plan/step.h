// What is to be done next, one request each, in this order. A step may be repeated: after a crash the same plan is made
// again from what is there. Plain values; operator/execute runs them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace milena::plan {

// Server-side apply of a whole object, forced, by the one field manager. `uid`, if it isn't empty, is the live
// object's: another one in its place is a conflict.
struct Apply {
    nlohmann::json object;
    std::string uid;
    bool operator==(const Apply&) const = default;
};

// With preconditions; 404 is success.
struct Delete {
    std::string api_version;
    std::string kind;
    std::string name;
    std::string uid;
    std::string resource_version;  // empty: any
    bool orphans_children = false;
    bool operator==(const Delete&) const = default;
};

// A JSON merge patch. Annotations of pods, sizes of claims.
struct Patch {
    std::string api_version;
    std::string kind;
    std::string name;
    std::string uid;
    nlohmann::json patch;
    bool operator==(const Patch&) const = default;
};

// Finalizers of the custom resource itself.
struct SetFinalizer {
    bool is_present = true;
    bool operator==(const SetFinalizer&) const = default;
};

// --- of the brokers

// A broker that isn't registered has nothing to give away: NOT_FOUND is success.
enum class PlacementOrder : uint8_t { cordon, uncordon, drain, undrain };
struct Place {
    PlacementOrder order = PlacementOrder::cordon;
    int64_t broker = 0;
    bool operator==(const Place&) const = default;
};

// IncrementalAlterConfigs of the cluster-wide default of brokers, or of one of them.
struct AlterBrokerConfig {
    std::map<std::string, std::string> set;
    std::vector<std::string> remove;
    std::optional<int64_t> broker = {};
    bool operator==(const AlterBrokerConfig&) const = default;
};

// A broker that is gone for good. One that isn't registered is success.
struct UnregisterBroker {
    int64_t broker = 0;
    bool operator==(const UnregisterBroker&) const = default;
};

// --- of topics

struct CreateTopic {
    std::string name;
    int64_t partitions = 1;
    std::optional<int64_t> replication_factor;
    std::map<std::string, std::string> config;
    bool operator==(const CreateTopic&) const = default;
};

// By id, so that another topic of the same name is spared.
struct DeleteTopic {
    std::string name;
    std::string id;
    bool operator==(const DeleteTopic&) const = default;
};

struct CreatePartitions {
    std::string name;
    int64_t count = 0;  // in all
    bool operator==(const CreatePartitions&) const = default;
};

struct AlterTopicConfig {
    std::string name;
    std::map<std::string, std::string> set;
    std::vector<std::string> remove;
    bool operator==(const AlterTopicConfig&) const = default;
};

struct Reassign {
    std::string name;
    std::map<int64_t, std::vector<int64_t>> replicas;  // partition → brokers, the preferred leader first
    bool operator==(const Reassign&) const = default;
};

// --- for people

struct Event {
    bool is_warning = false;
    std::string reason;  // UpperCamelCase
    std::string message;
    bool operator==(const Event&) const = default;
};

using Action = std::variant<Apply, Delete, Patch, SetFinalizer, Place, AlterBrokerConfig, UnregisterBroker, CreateTopic,
                            DeleteTopic, CreatePartitions, AlterTopicConfig, Reassign, Event>;

struct Step {
    Action action;
    bool is_disruptive = false;     // takes a broker down, or data away: at most one in a plan
    bool needs_all_before = false;  // it says that they were done
    bool is_accessory = false;      // nothing else waits for it: if it is refused for good, the rest goes on
    bool operator==(const Step&) const = default;
};

}  // namespace milena::plan
