// What is there, as the planner sees it: made from the stores of the reflectors, a snapshot that doesn't change. What
// the brokers say is in answers.h. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/time.h"

namespace milena::plan {

struct ObjectKey {
    std::string kind;  // "StatefulSet"
    std::string name;
    auto operator<=>(const ObjectKey&) const = default;
};

struct Pod {
    std::string name;
    std::string uid;
    std::string resource_version;
    std::string node;  // empty: not scheduled
    std::string host_ip;
    std::string phase;
    bool is_ready = false;
    bool is_deleting = false;
    bool is_running = false;  // its container runs
    int64_t restarts = 0;
    std::string failure;  // CrashLoopBackOff, ImagePullBackOff, CreateContainerConfigError …; else empty
    std::string message;  // of that, or of the scheduler, or what the container said last
    bool is_unschedulable = false;
    Timestamp created{0};
    std::string image;  // of the container
    std::map<std::string, std::string> annotations;
    bool operator==(const Pod&) const = default;
};

// What Kubernetes' Pod says of it; what isn't there stays empty.
Pod pod_of(const nlohmann::json& object);

struct Claim {
    std::string name;
    std::string uid;
    std::string resource_version;
    std::string phase;  // Pending, Bound, Lost
    int64_t requested_bytes = 0;
    int64_t capacity_bytes = 0;
    std::string storage_class;
    std::string volume;
    std::string local_node;  // of a volume that can't leave its node: that node
    std::string resize_error;
    bool is_deleting = false;
    std::map<std::string, std::string> annotations;
    bool operator==(const Claim&) const = default;
};

Claim claim_of(const nlohmann::json& object);

struct Node {
    bool is_ready = true;
    bool is_out_of_service = false;  // the taint node.kubernetes.io/out-of-service
    std::map<std::string, std::string> labels;
    std::string external_address;  // else the internal one
    bool operator==(const Node&) const = default;
};

Node node_of(const nlohmann::json& object);

// Of a PersistentVolume that only one node has: its name, as long as it is there, else what it was called. Empty: the
// volume goes wherever its pod goes.
std::string local_node_of(const nlohmann::json& volume, const std::map<std::string, Node>& nodes);

struct Observed {
    // By kind and name, in the cluster's namespace: whatever has the label milena.dev/cluster, and whatever else stands
    // where one of ours would. StatefulSet, Service, ConfigMap, PodDisruptionBudget, NetworkPolicy, ServiceAccount,
    // PodMonitor.
    std::map<ObjectKey, nlohmann::json> children;
    std::map<std::string, Pod> pods;      // with the label
    std::map<std::string, Claim> claims;  // with the label
    std::map<std::string, Node> nodes;
    bool knows_nodes = true;                       // false: we may not read them
    bool are_nodes_current = true;                 // false: something may have happened to them that we can't see
    std::set<std::string> unreadable;              // kinds of accessories that we may not read
    std::map<std::string, bool> classes_may_grow;  // StorageClass → allowVolumeExpansion
    bool has_pod_monitors = false;                 // whether the API is there
};

}  // namespace milena::plan
