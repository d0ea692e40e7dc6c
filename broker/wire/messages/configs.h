// Settings of topics, brokers, groups and client metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "wire/schema.h"

namespace milena::wire {

// DescribeConfigs (32): the value of settings, where it comes from, and what it overrides.
struct DescribeConfigsRequest {
    static constexpr Api api{.key = 32, .min = 1, .max = 4, .flexible = 4};

    struct Resource {
        int8_t resource_type = 0;
        std::string_view resource_name;
        std::optional<std::vector<std::string_view>> configuration_keys;  // null: all
    };

    std::vector<Resource> resources;
    bool include_synonyms = false;
    Since<3, bool> include_documentation = false;
};

struct DescribeConfigsResponse {
    static constexpr Api api = DescribeConfigsRequest::api;

    struct Synonym {
        std::string name;
        std::optional<std::string> value;
        int8_t source = 0;
    };

    struct Config {
        std::string name;
        std::optional<std::string> value;  // null if sensitive
        bool read_only = false;
        int8_t config_source = -1;
        bool is_sensitive = false;
        std::vector<Synonym> synonyms;
        Since<3, int8_t> config_type = 0;
        Since<3, std::optional<std::string>> documentation;
    };

    struct Result {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        int8_t resource_type = 0;
        std::string resource_name;
        std::vector<Config> configs;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Result> results;
};

// AlterConfigs (33): replace all settings of a resource. What isn't named falls back to its default.
struct AlterConfigsRequest {
    static constexpr Api api{.key = 33, .max = 2, .flexible = 2};

    struct Config {
        std::string_view name;
        std::optional<std::string_view> value;
    };

    struct Resource {
        int8_t resource_type = 0;
        std::string_view resource_name;
        std::vector<Config> configs;
    };

    std::vector<Resource> resources;
    bool validate_only = false;
};

struct AlterConfigsResponse {
    static constexpr Api api = AlterConfigsRequest::api;

    struct Resource {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        int8_t resource_type = 0;
        std::string resource_name;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Resource> responses;
};

// IncrementalAlterConfigs (44): change single settings: set (0), delete (1), append to (2) or subtract from (3) a list
// (KIP-339).
struct IncrementalAlterConfigsRequest {
    static constexpr Api api{.key = 44, .max = 1, .flexible = 1};

    struct Config {
        std::string_view name;
        int8_t config_operation = 0;  // 0: set, 1: delete, 2: append, 3: subtract
        std::optional<std::string_view> value;
    };

    struct Resource {
        int8_t resource_type = 0;
        std::string_view resource_name;
        std::vector<Config> configs;
    };

    std::vector<Resource> resources;
    bool validate_only = false;
};

struct IncrementalAlterConfigsResponse {
    static constexpr Api api = IncrementalAlterConfigsRequest::api;

    struct Resource {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        int8_t resource_type = 0;
        std::string resource_name;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Resource> responses;
};

// ListConfigResources (74): which resources have settings of their own; in version 0 only client metrics subscriptions
// (KIP-714, KIP-1142).
struct ListConfigResourcesRequest {
    static constexpr Api api{.key = 74, .max = 1, .flexible = 0};

    Since<1, std::vector<int8_t>> resource_types;
};

struct ListConfigResourcesResponse {
    static constexpr Api api = ListConfigResourcesRequest::api;

    struct ConfigResource {
        std::string resource_name;
        Since<1, int8_t> resource_type = 16;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::vector<ConfigResource> config_resources;
};

}  // namespace milena::wire
