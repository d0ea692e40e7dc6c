// The stored state of share partitions, between the leader of a partition or the group coordinator and the share
// coordinator (KIP-932). Only brokers send these.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "base/uuid.h"
#include "wire/schema.h"

namespace milena::wire {

// InitializeShareGroupState (83): begin keeping the state of share partitions.
struct InitializeShareGroupStateRequest {
    static constexpr Api api{.key = 83, .max = 0, .flexible = 0};

    struct Partition {
        int32_t partition = 0;
        int32_t state_epoch = 0;
        int64_t start_offset = 0;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    std::string_view group_id;
    std::vector<Topic> topics;
};

struct InitializeShareGroupStateResponse {
    static constexpr Api api = InitializeShareGroupStateRequest::api;

    struct Partition {
        int32_t partition = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    std::vector<Topic> results;
};

// ReadShareGroupState (84): load the state of share partitions when their leader begins.
struct ReadShareGroupStateRequest {
    static constexpr Api api{.key = 84, .max = 0, .flexible = 0};

    struct Partition {
        int32_t partition = 0;
        int32_t leader_epoch = 0;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    std::string_view group_id;
    std::vector<Topic> topics;
};

struct ReadShareGroupStateResponse {
    static constexpr Api api = ReadShareGroupStateRequest::api;

    struct StateBatch {
        int64_t first_offset = 0;
        int64_t last_offset = 0;
        int8_t delivery_state = 0;
        int16_t delivery_count = 0;
    };

    struct Partition {
        int32_t partition = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        int32_t state_epoch = 0;
        int64_t start_offset = 0;
        std::vector<StateBatch> state_batches;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    std::vector<Topic> results;
};

// WriteShareGroupState (85): store changes of the delivery state of share partitions.
struct WriteShareGroupStateRequest {
    static constexpr Api api{.key = 85, .max = 1, .flexible = 0};

    struct StateBatch {
        int64_t first_offset = 0;
        int64_t last_offset = 0;
        int8_t delivery_state = 0;
        int16_t delivery_count = 0;
    };

    struct Partition {
        int32_t partition = 0;
        int32_t state_epoch = 0;
        int32_t leader_epoch = 0;
        int64_t start_offset = 0;
        Since<1, int32_t> delivery_complete_count = -1;
        std::vector<StateBatch> state_batches;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    std::string_view group_id;
    std::vector<Topic> topics;
};

struct WriteShareGroupStateResponse {
    static constexpr Api api = WriteShareGroupStateRequest::api;

    struct Partition {
        int32_t partition = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    std::vector<Topic> results;
};

// DeleteShareGroupState (86): stop keeping the state of share partitions.
struct DeleteShareGroupStateRequest {
    static constexpr Api api{.key = 86, .max = 0, .flexible = 0};

    struct Partition {
        int32_t partition = 0;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    std::string_view group_id;
    std::vector<Topic> topics;
};

struct DeleteShareGroupStateResponse {
    static constexpr Api api = DeleteShareGroupStateRequest::api;

    struct Partition {
        int32_t partition = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    std::vector<Topic> results;
};

// ReadShareGroupStateSummary (87): only the start offsets of share partitions.
struct ReadShareGroupStateSummaryRequest {
    static constexpr Api api{.key = 87, .max = 1, .flexible = 0};

    struct Partition {
        int32_t partition = 0;
        int32_t leader_epoch = 0;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    std::string_view group_id;
    std::vector<Topic> topics;
};

struct ReadShareGroupStateSummaryResponse {
    static constexpr Api api = ReadShareGroupStateSummaryRequest::api;

    struct Partition {
        int32_t partition = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        int32_t state_epoch = 0;
        int32_t leader_epoch = 0;
        int64_t start_offset = 0;
        Since<1, int32_t> delivery_complete_count = -1;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    std::vector<Topic> results;
};

}  // namespace milena::wire
