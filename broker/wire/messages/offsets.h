// Offsets of partitions: find them, compare them by leader epoch, move the log start offset.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "wire/schema.h"

namespace milena::wire {

// ListOffsets (2): the offset for a timestamp. Negative timestamps have meanings: -1 latest, -2 earliest, -3 of the
// largest timestamp, -4 earliest local, -5 latest tiered, -6 earliest pending upload.
struct ListOffsetsRequest {
    static constexpr Api api{.key = 2, .min = 1, .max = 11, .flexible = 6};

    struct Partition {
        int32_t partition_index = 0;
        Since<4, int32_t> current_leader_epoch = -1;  // as the client knows it; -1: not checked
        int64_t timestamp = 0;
    };

    struct Topic {
        std::string_view name;
        std::vector<Partition> partitions;
    };

    int32_t replica_id = 0;                // -1: a consumer
    Since<2, int8_t> isolation_level = 0;  // 0: uncommitted, 1: committed
    std::vector<Topic> topics;
    Since<10, int32_t> timeout_ms = 0;
};

struct ListOffsetsResponse {
    static constexpr Api api = ListOffsetsRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
        int64_t timestamp = -1;
        int64_t offset = -1;
        Since<4, int32_t> leader_epoch = -1;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;
    };

    Since<2, int32_t> throttle_time_ms = 0;
    std::vector<Topic> topics;
};

// OffsetForLeaderEpoch (23): where a leader epoch ends, so that a reader can tell whether its log was truncated
// (KIP-101, KIP-320).
struct OffsetForLeaderEpochRequest {
    static constexpr Api api{.key = 23, .min = 2, .max = 4, .flexible = 4};

    struct Partition {
        int32_t partition = 0;
        int32_t current_leader_epoch = -1;  // as the client knows it; -1: not checked
        int32_t leader_epoch = 0;
    };

    struct Topic {
        std::string_view topic;
        std::vector<Partition> partitions;
    };

    Since<3, int32_t> replica_id = -2;  // -1: a consumer with the right to know, -2: a consumer
    std::vector<Topic> topics;
};

struct OffsetForLeaderEpochResponse {
    static constexpr Api api = OffsetForLeaderEpochRequest::api;

    struct Partition {
        ErrorCode error_code = ErrorCode::none;
        int32_t partition = 0;
        int32_t leader_epoch = -1;
        int64_t end_offset = -1;
    };

    struct Topic {
        std::string topic;
        std::vector<Partition> partitions;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Topic> topics;
};

// DeleteRecords (21): raise the log start offset, which deletes what lies before it (KIP-107).
struct DeleteRecordsRequest {
    static constexpr Api api{.key = 21, .max = 2, .flexible = 2};

    struct Partition {
        int32_t partition_index = 0;
        int64_t offset = 0;  // -1: the high watermark
    };

    struct Topic {
        std::string_view name;
        std::vector<Partition> partitions;
    };

    std::vector<Topic> topics;
    int32_t timeout_ms = 0;
};

struct DeleteRecordsResponse {
    static constexpr Api api = DeleteRecordsRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        int64_t low_watermark = 0;
        ErrorCode error_code = ErrorCode::none;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Topic> topics;
};

}  // namespace milena::wire
