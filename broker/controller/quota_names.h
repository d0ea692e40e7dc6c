// The names of client quotas: what may have one, and which. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "metadata/image.h"

namespace milena::controller {

inline constexpr std::string_view quota_user = "user";
inline constexpr std::string_view quota_client_id = "client-id";
inline constexpr std::string_view quota_ip = "ip";

inline bool is_quota_entity_type(std::string_view type) {
    return type == quota_user || type == quota_client_id || type == quota_ip;
}

inline constexpr std::string_view producer_byte_rate = "producer_byte_rate";
inline constexpr std::string_view consumer_byte_rate = "consumer_byte_rate";
inline constexpr std::string_view request_percentage = "request_percentage";
inline constexpr std::string_view controller_mutation_rate = "controller_mutation_rate";
inline constexpr std::string_view connection_creation_rate = "connection_creation_rate";

enum class QuotaKind : uint8_t { int32, int64, number };

// What values the quota takes; nothing if the entity can't have it.
inline std::optional<QuotaKind> quota_kind(const metadata::QuotaEntity& entity, std::string_view key) {
    if (entity.contains(std::string(quota_ip)))
        return key == connection_creation_rate ? std::optional(QuotaKind::int32) : std::nullopt;
    if (key == producer_byte_rate || key == consumer_byte_rate) return QuotaKind::int64;
    if (key == request_percentage || key == controller_mutation_rate) return QuotaKind::number;
    return std::nullopt;
}

}  // namespace milena::controller
