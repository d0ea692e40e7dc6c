// Offsets that consumer groups have committed.
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

// OffsetCommit (8): remember how far a group has read. From version 10 topics go by id.
struct OffsetCommitRequest {
    static constexpr Api api{.key = 8, .min = 2, .max = 10, .flexible = 8};

    struct Partition {
        int32_t partition_index = 0;
        int64_t committed_offset = 0;
        Since<6, int32_t> committed_leader_epoch = -1;
        std::optional<std::string_view> committed_metadata;
    };

    struct Topic {
        Until<9, std::string_view> name;
        Since<10, Uuid> topic_id;
        std::vector<Partition> partitions;
    };

    std::string_view group_id;
    int32_t generation_id_or_member_epoch = -1;  // -1: not a member
    std::string_view member_id;
    Since<7, std::optional<std::string_view>> group_instance_id;
    Until<4, int64_t> retention_time_ms = -1;
    std::vector<Topic> topics;
};

struct OffsetCommitResponse {
    static constexpr Api api = OffsetCommitRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
    };

    struct Topic {
        Until<9, std::string> name;
        Since<10, Uuid> topic_id;
        std::vector<Partition> partitions;
    };

    Since<3, int32_t> throttle_time_ms = 0;
    std::vector<Topic> topics;
};

// OffsetFetch (9): how far groups have read. Null topics ask for all of them.
struct OffsetFetchRequest {
    static constexpr Api api{.key = 9, .min = 1, .max = 10, .flexible = 6};

    // Up to version 7 a request asks about one group, from version 8 about several.
    struct Topic {
        std::string_view name;
        std::vector<int32_t> partition_indexes;
    };

    struct GroupTopic {
        Until<9, std::string_view> name;
        Since<10, Uuid> topic_id;
        std::vector<int32_t> partition_indexes;
    };

    struct Group {
        std::string_view group_id;
        Since<9, std::optional<std::string_view>> member_id;
        Since<9, int32_t> member_epoch = -1;
        std::optional<std::vector<GroupTopic>> topics;
    };

    Until<7, std::string_view> group_id;
    Field<std::optional<std::vector<Topic>>, 0, 7, untagged, 2> topics;
    Since<8, std::vector<Group>> groups;
    Since<7, bool> require_stable = false;
};

struct OffsetFetchResponse {
    static constexpr Api api = OffsetFetchRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        int64_t committed_offset = 0;
        Since<5, int32_t> committed_leader_epoch = -1;
        std::optional<std::string> metadata;
        ErrorCode error_code = ErrorCode::none;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;
    };

    struct GroupPartition {
        int32_t partition_index = 0;
        int64_t committed_offset = 0;
        int32_t committed_leader_epoch = -1;
        std::optional<std::string> metadata;
        ErrorCode error_code = ErrorCode::none;
    };

    struct GroupTopic {
        Until<9, std::string> name;
        Since<10, Uuid> topic_id;
        std::vector<GroupPartition> partitions;
    };

    struct Group {
        std::string group_id;
        std::vector<GroupTopic> topics;
        ErrorCode error_code = ErrorCode::none;
    };

    Since<3, int32_t> throttle_time_ms = 0;
    Until<7, std::vector<Topic>> topics;
    Between<2, 7, ErrorCode> error_code = ErrorCode::none;
    Since<8, std::vector<Group>> groups;
};

// OffsetDelete (47): forget the committed offsets of topics that nobody in the group subscribes to (KIP-496).
struct OffsetDeleteRequest {
    static constexpr Api api{.key = 47, .max = 0};

    struct Partition {
        int32_t partition_index = 0;
    };

    struct Topic {
        std::string_view name;
        std::vector<Partition> partitions;
    };

    std::string_view group_id;
    std::vector<Topic> topics;
};

struct OffsetDeleteResponse {
    static constexpr Api api = OffsetDeleteRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;
    };

    ErrorCode error_code = ErrorCode::none;
    int32_t throttle_time_ms = 0;
    std::vector<Topic> topics;
};

}  // namespace milena::wire
