// Whether a broker takes new replicas. An operator says so while the brokers run: it is the broker's dynamic setting
// milena.broker.placement, so it is in the metadata log, every controller goes by it, and kafka-configs shows it. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

#include "base/ids.h"
#include "metadata/image.h"

namespace milena::controller {

inline constexpr std::string_view placement_setting = "milena.broker.placement";

enum class BrokerPlacement : uint8_t {
    open,
    cordoned,  // keeps what it has, and gets nothing new
    draining,  // gets nothing new, and what it has moves away
};

BrokerPlacement placement_of(const metadata::Image& image, NodeId broker);
std::string_view placement_name(BrokerPlacement placement);

// Registered ones.
std::set<NodeId> draining_brokers(const metadata::Image& image);

// Neither is the broker cordoned as a whole nor are all of its directories. Whether it lives is another question.
bool takes_replicas(const metadata::Image& image, const metadata::BrokerImage& broker);

}  // namespace milena::controller
