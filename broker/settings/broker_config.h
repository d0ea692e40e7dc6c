// Every setting of the broker that has an effect, as plain typed values: one member per effective row of the table (a
// test compares the two). Made from BrokerSettings at start and after every change of dynamic settings; each shard
// holds a shared_ptr<const BrokerConfig>. Never changed in place.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "settings/broker_settings.h"
#include "settings/listeners.h"
#include "settings/topic_config.h"

namespace milena::settings {

// The one value of replica.selector.class.
inline constexpr std::string_view rack_aware_selector = "org.apache.kafka.common.replica.RackAwareReplicaSelector";

struct BrokerConfig {
    // Who this node is, where it listens, who is in the quorum. Fixed at start: dynamic settings don't change them, but
    // for the addresses in `listeners` (advertised.h).
    Quorum quorum;
    Listeners listeners;
    std::string rack;  // empty: none

    // Directories
    std::vector<std::string> log_dirs;
    std::string metadata_log_dir;                // the first of log_dirs unless configured
    std::vector<std::string> cordoned_log_dirs;  // those of log_dirs that get no new replicas, in the same order

    // Network
    int32_t socket_send_buffer_bytes = 0;     // -1: the system's
    int32_t socket_receive_buffer_bytes = 0;  // -1: the system's
    int32_t socket_request_max_bytes = 0;
    int32_t socket_listen_backlog_size = 0;
    int32_t max_connections = 0;
    int32_t max_connections_per_ip = 0;
    std::map<std::string, int32_t> max_connections_per_ip_overrides;
    int64_t connections_max_idle_ms = 0;
    int32_t max_request_partition_size_limit = 0;

    // Topics
    TopicConfig topic_defaults;
    bool auto_create_topics_enable = true;
    bool delete_topic_enable = true;
    int32_t num_partitions = 1;
    int32_t default_replication_factor = 1;

    // Log
    int64_t log_retention_check_interval_ms = 0;
    int64_t log_flush_scheduler_interval_ms = 0;
    int32_t log_flush_offset_checkpoint_interval_ms = 0;
    int32_t log_flush_start_offset_checkpoint_interval_ms = 0;
    int64_t replica_high_watermark_checkpoint_interval_ms = 0;
    int64_t replica_lag_time_max_ms = 30'000;
    std::string replica_selector_class;  // empty: the leader serves all consumers
    int64_t leader_replication_throttled_rate = INT64_MAX;
    int64_t log_dir_failure_timeout_ms = 30'000;
    int32_t replica_fetch_max_bytes = 1 << 20;
    int32_t replica_fetch_response_max_bytes = 10 << 20;
    int32_t replica_fetch_backoff_ms = 1000;
    bool controlled_shutdown_enable = true;
    int32_t producer_id_expiration_ms = 0;
    int32_t producer_id_expiration_check_interval_ms = 0;

    // Compaction
    bool log_cleaner_enable = true;
    int64_t replica_alter_log_dirs_io_max_bytes_per_second = 0;
    double log_cleaner_io_max_bytes_per_second = 0;
    int64_t log_cleaner_dedupe_buffer_size = 0;
    int32_t log_cleaner_io_buffer_size = 0;
    double log_cleaner_io_buffer_load_factor = 0;
    int64_t log_cleaner_backoff_ms = 0;

    // Fetch
    int32_t fetch_max_bytes = 0;
    int32_t max_incremental_fetch_session_cache_slots = 0;

    // Groups
    int32_t group_initial_rebalance_delay_ms = 0;
    int32_t group_min_session_timeout_ms = 0;
    int32_t group_max_session_timeout_ms = 0;
    int32_t group_max_size = 0;
    int32_t offset_metadata_max_bytes = 0;
    int32_t offsets_commit_timeout_ms = 0;
    int32_t offsets_retention_minutes = 0;
    int64_t offsets_retention_check_interval_ms = 0;
    int32_t offsets_topic_compression_codec = 0;

    // Client quotas
    int32_t quota_window_num = 0;
    int32_t quota_window_size_seconds = 0;
    int32_t controller_quota_window_num = 0;
    int32_t controller_quota_window_size_seconds = 0;

    // Metadata log
    int32_t metadata_log_segment_bytes = 0;
    int64_t metadata_log_segment_ms = 0;
    int64_t metadata_log_max_record_bytes_between_snapshots = 0;
    int64_t metadata_log_max_snapshot_interval_ms = 0;
    int64_t metadata_max_retention_bytes = 0;
    int64_t metadata_max_retention_ms = 0;

    // A broker and its controllers
    int32_t broker_heartbeat_interval_ms = 0;
    int32_t broker_session_timeout_ms = 0;

    // The quorum of the metadata log
    int32_t quorum_election_timeout_ms = 0;
    int32_t quorum_election_backoff_max_ms = 0;
    int32_t quorum_fetch_timeout_ms = 0;
    int32_t quorum_request_timeout_ms = 0;
    int32_t quorum_retry_backoff_ms = 0;

    // Our own
    std::string cluster_id;  // empty: not given
    int32_t shards = 0;      // 0: by the processors
    int64_t tail_cache_bytes = 0;
    int64_t memory_requests_bytes = 0;
    int64_t writeback_bytes = 0;
    std::string metrics_listener;  // host:port; empty: off
    int32_t telemetry_max_bytes = 0;
    int32_t metrics_lag_partitions_max = 0;
    int64_t balancer_report_interval_ms = 0;

    bool operator==(const BrokerConfig&) const = default;
};

// All errors at once, each a sentence that names the setting. `host_name` is advertised for a listener without a host.
Result<BrokerConfig, std::vector<std::string>> broker_config(const BrokerSettings& settings,
                                                             std::string_view host_name);

// Those of log.dirs that cordoned.log.dirs names; why that can't be, in Kafka's words.
Result<std::vector<std::string>, std::string> cordoned_log_dirs(const BrokerSettings& settings);

// The names of the settings that broker_config reads.
std::vector<std::string_view> names_read();

}  // namespace milena::settings
