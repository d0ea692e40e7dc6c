// The metadata image as one listener shows it to clients: which brokers can be reached through it, who leads, which
// replicas are offline. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "base/ids.h"
#include "metadata/image.h"

namespace milena::server {

// Bits of the operations that everybody may perform while nothing is restricted, as Kafka numbers them in its ACLs.
inline constexpr int32_t all_topic_operations = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11;
inline constexpr int32_t all_group_operations = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;
inline constexpr int32_t all_cluster_operations = 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;

// Topics that belong to the brokers themselves.
bool is_internal_topic(std::string_view name);
// For a name that isn't in the image.
ErrorCode missing_topic_error(std::string_view name);

std::vector<int32_t> plain_ids(const std::vector<NodeId>& ids);

class ClusterView {
  public:
    ClusterView(const metadata::Image& image, std::string_view listener) : image_(image), listener_(listener) {}

    // Null if the broker is fenced or has no such listener.
    const metadata::Endpoint* reachable(NodeId broker) const;

    struct Leader {
        NodeId id = no_node;
        ErrorCode error = ErrorCode::none;
    };
    // LISTENER_NOT_FOUND: there is a leader, but not behind this listener.
    Leader leader(const metadata::PartitionImage& partition) const;
    std::vector<int32_t> offline_replicas(const metadata::PartitionImage& partition) const;

    const metadata::Image& image() const { return image_; }

  private:
    const metadata::Image& image_;
    std::string_view listener_;
};

}  // namespace milena::server
