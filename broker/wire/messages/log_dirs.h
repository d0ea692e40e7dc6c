// Which log directory holds which replica.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "wire/schema.h"

namespace milena::wire {

// AlterReplicaLogDirs (34): move replicas between the log directories of one broker (KIP-113).
struct AlterReplicaLogDirsRequest {
    static constexpr Api api{.key = 34, .min = 1, .max = 2, .flexible = 2};

    struct Topic {
        std::string_view name;
        std::vector<int32_t> partitions;
    };

    struct Dir {
        std::string_view path;
        std::vector<Topic> topics;
    };

    std::vector<Dir> dirs;
};

struct AlterReplicaLogDirsResponse {
    static constexpr Api api = AlterReplicaLogDirsRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
    };

    struct Topic {
        std::string topic_name;
        std::vector<Partition> partitions;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Topic> results;
};

// DescribeLogDirs (35): the log directories of a broker, their space, and the size of the replicas in them. Null
// topics mean all.
struct DescribeLogDirsRequest {
    static constexpr Api api{.key = 35, .min = 1, .max = 5, .flexible = 2};

    struct Topic {
        std::string_view topic;
        std::vector<int32_t> partitions;
    };

    std::optional<std::vector<Topic>> topics;
};

struct DescribeLogDirsResponse {
    static constexpr Api api = DescribeLogDirsRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        int64_t partition_size = 0;
        int64_t offset_lag = 0;
        bool is_future_key = false;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;
    };

    struct Result {
        ErrorCode error_code = ErrorCode::none;
        std::string log_dir;
        std::vector<Topic> topics;
        Since<4, int64_t> total_bytes = -1;
        Since<4, int64_t> usable_bytes = -1;
        Since<5, bool> is_cordoned = false;
    };

    int32_t throttle_time_ms = 0;
    Since<3, ErrorCode> error_code = ErrorCode::none;
    std::vector<Result> results;
};

}  // namespace milena::wire
