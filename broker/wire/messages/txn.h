// Idempotent producers and transactions (KIP-98, KIP-890).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "wire/schema.h"

namespace milena::wire {

// InitProducerId (22): a producer id, and for a transactional id the next epoch, which fences older producers. Version
// 6 prepares two-phase commit (KIP-939) and isn't final.
struct InitProducerIdRequest {
    static constexpr Api api{.key = 22, .max = 6, .flexible = 2, .stable = 5};

    std::optional<std::string_view> transactional_id;  // null: only idempotent
    int32_t transaction_timeout_ms = 0;
    Since<3, int64_t> producer_id = -1;  // with producer_epoch: only if still current (KIP-360)
    Since<3, int16_t> producer_epoch = -1;
    Since<6, bool> enable2_pc = false;
    Since<6, bool> keep_prepared_txn = false;
};

struct InitProducerIdResponse {
    static constexpr Api api = InitProducerIdRequest::api;

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    int64_t producer_id = -1;
    int16_t producer_epoch = 0;
    Since<6, int64_t> ongoing_txn_producer_id = -1;
    Since<6, int16_t> ongoing_txn_producer_epoch = -1;
};

// AddPartitionsToTxn (24): partitions take part in a transaction. Up to version 3 clients send one transaction, from
// version 4 brokers send many.
struct AddPartitionsToTxnRequest {
    static constexpr Api api{.key = 24, .max = 5, .flexible = 3};

    struct Topic {
        std::string_view name;
        std::vector<int32_t> partitions;
    };

    struct Transaction {
        std::string_view transactional_id;
        int64_t producer_id = 0;
        int16_t producer_epoch = 0;
        bool verify_only = false;
        std::vector<Topic> topics;
    };

    Since<4, std::vector<Transaction>> transactions;
    Until<3, std::string_view> v3_and_below_transactional_id;
    Until<3, int64_t> v3_and_below_producer_id = 0;
    Until<3, int16_t> v3_and_below_producer_epoch = 0;
    Until<3, std::vector<Topic>> v3_and_below_topics;
};

struct AddPartitionsToTxnResponse {
    static constexpr Api api = AddPartitionsToTxnRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode partition_error_code = ErrorCode::none;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> results_by_partition;
    };

    struct Transaction {
        std::string transactional_id;
        std::vector<Topic> topic_results;
    };

    int32_t throttle_time_ms = 0;
    Since<4, ErrorCode> error_code = ErrorCode::none;
    Since<4, std::vector<Transaction>> results_by_transaction;
    Until<3, std::vector<Topic>> results_by_topic_v3_and_below;
};

// AddOffsetsToTxn (25): the offsets of a group take part in a transaction.
struct AddOffsetsToTxnRequest {
    static constexpr Api api{.key = 25, .max = 4, .flexible = 3};

    std::string_view transactional_id;
    int64_t producer_id = 0;
    int16_t producer_epoch = 0;
    std::string_view group_id;
};

struct AddOffsetsToTxnResponse {
    static constexpr Api api = AddOffsetsToTxnRequest::api;

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
};

// EndTxn (26): commit or abort. From version 5 every transaction raises the producer epoch (KIP-890).
struct EndTxnRequest {
    static constexpr Api api{.key = 26, .max = 5, .flexible = 3};

    std::string_view transactional_id;
    int64_t producer_id = 0;
    int16_t producer_epoch = 0;
    bool committed = false;  // false: abort
};

struct EndTxnResponse {
    static constexpr Api api = EndTxnRequest::api;

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    Since<5, int64_t> producer_id = -1;
    Since<5, int16_t> producer_epoch = -1;
};

// WriteTxnMarkers (27): the coordinator has partitions end a transaction.
struct WriteTxnMarkersRequest {
    static constexpr Api api{.key = 27, .min = 1, .max = 2, .flexible = 1};

    struct Topic {
        std::string_view name;
        std::vector<int32_t> partition_indexes;
    };

    struct Marker {
        int64_t producer_id = 0;
        int16_t producer_epoch = 0;
        bool transaction_result = false;  // true: commit, false: abort
        std::vector<Topic> topics;
        int32_t coordinator_epoch = 0;
        Since<2, int8_t> transaction_version = 0;
    };

    std::vector<Marker> markers;
};

struct WriteTxnMarkersResponse {
    static constexpr Api api = WriteTxnMarkersRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;
    };

    struct Marker {
        int64_t producer_id = 0;
        std::vector<Topic> topics;
    };

    std::vector<Marker> markers;
};

// TxnOffsetCommit (28): commit offsets of a group inside a transaction.
struct TxnOffsetCommitRequest {
    static constexpr Api api{.key = 28, .max = 5, .flexible = 3};

    struct Partition {
        int32_t partition_index = 0;
        int64_t committed_offset = 0;
        Since<2, int32_t> committed_leader_epoch = -1;
        std::optional<std::string_view> committed_metadata;
    };

    struct Topic {
        std::string_view name;
        std::vector<Partition> partitions;
    };

    std::string_view transactional_id;
    std::string_view group_id;
    int64_t producer_id = 0;
    int16_t producer_epoch = 0;
    Since<3, int32_t> generation_id = -1;
    Since<3, std::string_view> member_id;
    Since<3, std::optional<std::string_view>> group_instance_id;
    std::vector<Topic> topics;
};

struct TxnOffsetCommitResponse {
    static constexpr Api api = TxnOffsetCommitRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Topic> topics;
};

// DescribeProducers (61): the producers whose state a partition keeps (KIP-664).
struct DescribeProducersRequest {
    static constexpr Api api{.key = 61, .max = 0, .flexible = 0};

    struct Topic {
        std::string_view name;
        std::vector<int32_t> partition_indexes;
    };

    std::vector<Topic> topics;
};

struct DescribeProducersResponse {
    static constexpr Api api = DescribeProducersRequest::api;

    struct Producer {
        int64_t producer_id = 0;
        int32_t producer_epoch = 0;
        int32_t last_sequence = -1;
        int64_t last_timestamp = -1;
        int32_t coordinator_epoch = 0;
        int64_t current_txn_start_offset = -1;
    };

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        std::vector<Producer> active_producers;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Topic> topics;
};

// DescribeTransactions (65): state and partitions of transactional ids (KIP-664).
struct DescribeTransactionsRequest {
    static constexpr Api api{.key = 65, .max = 0, .flexible = 0};

    std::vector<std::string_view> transactional_ids;
};

struct DescribeTransactionsResponse {
    static constexpr Api api = DescribeTransactionsRequest::api;

    struct Topic {
        std::string topic;
        std::vector<int32_t> partitions;
    };

    struct TransactionState {
        ErrorCode error_code = ErrorCode::none;
        std::string transactional_id;
        std::string transaction_state;
        int32_t transaction_timeout_ms = 0;
        int64_t transaction_start_time_ms = 0;
        int64_t producer_id = 0;
        int16_t producer_epoch = 0;
        std::vector<Topic> topics;
    };

    int32_t throttle_time_ms = 0;
    std::vector<TransactionState> transaction_states;
};

// ListTransactions (66): the transactional ids that this broker coordinates (KIP-664).
struct ListTransactionsRequest {
    static constexpr Api api{.key = 66, .max = 2, .flexible = 0};

    std::vector<std::string_view> state_filters;
    std::vector<int64_t> producer_id_filters;
    Since<1, int64_t> duration_filter = -1;
    Since<2, std::optional<std::string_view>> transactional_id_pattern;
};

struct ListTransactionsResponse {
    static constexpr Api api = ListTransactionsRequest::api;

    struct TransactionState {
        std::string transactional_id;
        int64_t producer_id = 0;
        std::string transaction_state;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::vector<std::string> unknown_state_filters;
    std::vector<TransactionState> transaction_states;
};

}  // namespace milena::wire
