// Quotas of users, clients and addresses (KIP-546).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "wire/schema.h"

namespace milena::wire {

// DescribeClientQuotas (48): quotas whose entity matches.
struct DescribeClientQuotasRequest {
    static constexpr Api api{.key = 48, .max = 1, .flexible = 1};

    struct Component {
        std::string_view entity_type;
        int8_t match_type = 0;
        std::optional<std::string_view> match;
    };

    std::vector<Component> components;
    bool strict = false;
};

struct DescribeClientQuotasResponse {
    static constexpr Api api = DescribeClientQuotasRequest::api;

    struct Entity {
        std::string entity_type;
        std::optional<std::string> entity_name;
    };

    struct Value {
        std::string key;
        double value = 0;
    };

    struct Entry {
        std::vector<Entity> entity;
        std::vector<Value> values;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    std::optional<std::vector<Entry>> entries;
};

// AlterClientQuotas (49): set or remove quotas of entities. A null entity name is the default of its type.
struct AlterClientQuotasRequest {
    static constexpr Api api{.key = 49, .max = 1, .flexible = 1};

    struct Entity {
        std::string_view entity_type;
        std::optional<std::string_view> entity_name;
    };

    struct Op {
        std::string_view key;
        double value = 0;
        bool remove = false;
    };

    struct Entry {
        std::vector<Entity> entity;
        std::vector<Op> ops;
    };

    std::vector<Entry> entries;
    bool validate_only = false;
};

struct AlterClientQuotasResponse {
    static constexpr Api api = AlterClientQuotasRequest::api;

    struct Entity {
        std::string entity_type;
        std::optional<std::string> entity_name;
    };

    struct Entry {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        std::vector<Entity> entity;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Entry> entries;
};

}  // namespace milena::wire
