// What an operator wants to know of all brokers and features, out of one image. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "controller/broker_placement.h"
#include "controller/caught_up.h"
#include "controller/weights.h"
#include "metadata/image.h"

namespace milena::controller {

struct BrokerOverview {
    NodeId id = no_node;
    BrokerState state = BrokerState::fenced;
    std::string rack;
    std::string host;  // of the listener
    uint16_t port = 0;
    size_t replicas = 0;
    size_t leaders = 0;
    std::optional<uint64_t> stored_bytes;         // of the replicas; nothing as long as a broker hasn't told its part
    std::optional<uint64_t> bytes_in_per_second;  // into the partitions that it leads; likewise
    BrokerPlacement placement = BrokerPlacement::open;
};

// Sorted by id, each with where it is found on `listener`: nowhere, if it has no such listener.
std::vector<BrokerOverview> describe_brokers(const metadata::Image& image, const Weights& weights,
                                             std::string_view listener);

struct FeatureOverview {
    std::string name;
    int16_t level_min = 0;
    int16_t level_max = 0;
    int16_t level_finalized = 0;

    bool operator==(const FeatureOverview&) const = default;
};

// Sorted by name: what this program and all registered brokers can live with.
std::vector<FeatureOverview> describe_features(const metadata::Image& image);

}  // namespace milena::controller
