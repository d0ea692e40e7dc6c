#include "settings/broker_config.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/ip_text.h"
#include "base/uuid.h"
#include "settings/endpoints.h"
#include "settings/table.h"

namespace milena::settings {

namespace {

using Errors = std::vector<std::string>;

// Every member that is simply the value of one setting: first those about copies.
template <class Config, class F>
void each_replication_setting(Config& c, F&& f) {
    f("default.replication.factor", c.default_replication_factor);
    f("replica.high.watermark.checkpoint.interval.ms", c.replica_high_watermark_checkpoint_interval_ms);
    f("replica.lag.time.max.ms", c.replica_lag_time_max_ms);
    f("log.dir.failure.timeout.ms", c.log_dir_failure_timeout_ms);
    f("replica.fetch.max.bytes", c.replica_fetch_max_bytes);
    f("replica.fetch.response.max.bytes", c.replica_fetch_response_max_bytes);
    f("replica.fetch.backoff.ms", c.replica_fetch_backoff_ms);
    f("controlled.shutdown.enable", c.controlled_shutdown_enable);
    f("replica.selector.class", c.replica_selector_class);
    f("leader.replication.throttled.rate", c.leader_replication_throttled_rate);
    f("replica.alter.log.dirs.io.max.bytes.per.second", c.replica_alter_log_dirs_io_max_bytes_per_second);
}

template <class Config, class F>
void each_setting(Config& c, F&& f) {
    each_replication_setting(c, f);
    f("broker.rack", c.rack);
    f("socket.send.buffer.bytes", c.socket_send_buffer_bytes);
    f("socket.receive.buffer.bytes", c.socket_receive_buffer_bytes);
    f("socket.request.max.bytes", c.socket_request_max_bytes);
    f("socket.listen.backlog.size", c.socket_listen_backlog_size);
    f("max.connections", c.max_connections);
    f("max.connections.per.ip", c.max_connections_per_ip);
    f("connections.max.idle.ms", c.connections_max_idle_ms);
    f("max.request.partition.size.limit", c.max_request_partition_size_limit);
    f("auto.create.topics.enable", c.auto_create_topics_enable);
    f("delete.topic.enable", c.delete_topic_enable);
    f("num.partitions", c.num_partitions);
    f("log.retention.check.interval.ms", c.log_retention_check_interval_ms);
    f("log.flush.scheduler.interval.ms", c.log_flush_scheduler_interval_ms);
    f("log.flush.offset.checkpoint.interval.ms", c.log_flush_offset_checkpoint_interval_ms);
    f("log.flush.start.offset.checkpoint.interval.ms", c.log_flush_start_offset_checkpoint_interval_ms);
    f("producer.id.expiration.ms", c.producer_id_expiration_ms);
    f("producer.id.expiration.check.interval.ms", c.producer_id_expiration_check_interval_ms);
    f("log.cleaner.enable", c.log_cleaner_enable);
    f("log.cleaner.io.max.bytes.per.second", c.log_cleaner_io_max_bytes_per_second);
    f("log.cleaner.dedupe.buffer.size", c.log_cleaner_dedupe_buffer_size);
    f("log.cleaner.io.buffer.size", c.log_cleaner_io_buffer_size);
    f("log.cleaner.io.buffer.load.factor", c.log_cleaner_io_buffer_load_factor);
    f("log.cleaner.backoff.ms", c.log_cleaner_backoff_ms);
    f("fetch.max.bytes", c.fetch_max_bytes);
    f("max.incremental.fetch.session.cache.slots", c.max_incremental_fetch_session_cache_slots);
    f("group.initial.rebalance.delay.ms", c.group_initial_rebalance_delay_ms);
    f("group.min.session.timeout.ms", c.group_min_session_timeout_ms);
    f("group.max.session.timeout.ms", c.group_max_session_timeout_ms);
    f("group.max.size", c.group_max_size);
    f("offset.metadata.max.bytes", c.offset_metadata_max_bytes);
    f("offsets.commit.timeout.ms", c.offsets_commit_timeout_ms);
    f("offsets.retention.minutes", c.offsets_retention_minutes);
    f("offsets.retention.check.interval.ms", c.offsets_retention_check_interval_ms);
    f("offsets.topic.compression.codec", c.offsets_topic_compression_codec);
    f("quota.window.num", c.quota_window_num);
    f("quota.window.size.seconds", c.quota_window_size_seconds);
    f("controller.quota.window.num", c.controller_quota_window_num);
    f("controller.quota.window.size.seconds", c.controller_quota_window_size_seconds);
    f("metadata.log.segment.bytes", c.metadata_log_segment_bytes);
    f("metadata.log.segment.ms", c.metadata_log_segment_ms);
    f("metadata.log.max.record.bytes.between.snapshots", c.metadata_log_max_record_bytes_between_snapshots);
    f("metadata.log.max.snapshot.interval.ms", c.metadata_log_max_snapshot_interval_ms);
    f("metadata.max.retention.bytes", c.metadata_max_retention_bytes);
    f("metadata.max.retention.ms", c.metadata_max_retention_ms);
    f("broker.heartbeat.interval.ms", c.broker_heartbeat_interval_ms);
    f("broker.session.timeout.ms", c.broker_session_timeout_ms);
    f("controller.quorum.election.timeout.ms", c.quorum_election_timeout_ms);
    f("controller.quorum.election.backoff.max.ms", c.quorum_election_backoff_max_ms);
    f("controller.quorum.fetch.timeout.ms", c.quorum_fetch_timeout_ms);
    f("controller.quorum.request.timeout.ms", c.quorum_request_timeout_ms);
    f("controller.quorum.retry.backoff.ms", c.quorum_retry_backoff_ms);
    f("milena.shards", c.shards);
    f("milena.cluster.id", c.cluster_id);
    f("milena.tail.cache.bytes", c.tail_cache_bytes);
    f("milena.memory.requests.bytes", c.memory_requests_bytes);
    f("milena.writeback.bytes", c.writeback_bytes);
    f("milena.metrics.listener", c.metrics_listener);
    f("telemetry.max.bytes", c.telemetry_max_bytes);
    f("milena.metrics.lag.partitions.max", c.metrics_lag_partitions_max);
    f("milena.balancer.report.interval.ms", c.balancer_report_interval_ms);
}

// Those that need more than a conversion, or that the controller reads where it needs them; the ones behind the
// topics' defaults are found through the topics' table.
constexpr std::string_view read_otherwise[] = {
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "inter.broker.listener.name",
    "security.inter.broker.protocol",
    "controller.listener.names",
    "process.roles",
    "node.id",
    "broker.id",
    "controller.quorum.voters",
    "controller.quorum.bootstrap.servers",
    "controller.quorum.auto.join.enable",
    "log.dir",
    "log.dirs",
    "cordoned.log.dirs",
    "metadata.log.dir",
    "max.connections.per.ip.overrides",
    "offsets.topic.num.partitions",
    "offsets.topic.replication.factor",
    "offsets.topic.segment.bytes",
    "auto.leader.rebalance.enable",
    "leader.imbalance.check.interval.seconds",
    "unclean.leader.election.interval.ms",
    "milena.balancer.mode",
    "milena.balancer.moves.max",
    "milena.balancer.disk.max.percent",
    "milena.balancer.disk.tolerance.bytes",
    "milena.balancer.traffic.tolerance.bytes",
    "milena.balancer.away.ms",
    "milena.broker.placement",
};

void assign(int32_t& target, std::string_view text) { target = static_cast<int32_t>(parse_integer(text).value_or(0)); }
void assign(int64_t& target, std::string_view text) { target = parse_integer(text).value_or(0); }
void assign(double& target, std::string_view text) { target = parse_number(text).value_or(0); }
void assign(bool& target, std::string_view text) { target = parse_boolean(text).value_or(false); }
void assign(std::string& target, std::string_view text) { target = text; }

std::vector<std::string> log_dirs(const BrokerSettings& settings) {
    const std::optional<std::string> dirs = settings.text("log.dirs");
    return parse_list(dirs ? *dirs : settings.text("log.dir").value_or(""));
}

void read_log_dirs(const BrokerSettings& settings, BrokerConfig& config, Errors& errors) {
    config.log_dirs = log_dirs(settings);
    check(!config.log_dirs.empty());  // both settings are refused when they are empty
    config.metadata_log_dir = settings.text("metadata.log.dir").value_or(config.log_dirs.front());
    auto cordoned = cordoned_log_dirs(settings);
    if (cordoned.has_value())
        config.cordoned_log_dirs = std::move(*cordoned);
    else
        errors.push_back("cordoned.log.dirs: " + cordoned.error());
}

void read_per_ip_overrides(const BrokerSettings& settings, BrokerConfig& config, Errors& errors) {
    constexpr std::string_view name = "max.connections.per.ip.overrides";
    for (const std::string& entry : parse_list(settings.text(name).value_or(""))) {
        const size_t colon = entry.rfind(':');
        const std::optional<int64_t> limit =
            colon == std::string::npos ? std::nullopt : parse_integer(std::string_view(entry).substr(colon + 1));
        if (!limit || *limit < 0 || *limit > INT32_MAX) {
            errors.push_back(std::string(name) + ": \"" + entry + "\" isn't of the form address:count");
            continue;
        }
        const auto address = shortest_ip(entry.substr(0, colon));
        if (!address) {
            errors.push_back(std::string(name) + ": \"" + entry.substr(0, colon) +
                             "\" isn't an IP address; names of hosts aren't looked up");
            continue;
        }
        config.max_connections_per_ip_overrides[*address] = static_cast<int32_t>(*limit);
    }
    if (config.max_connections_per_ip == 0 && config.max_connections_per_ip_overrides.empty()) {
        errors.push_back("max.connections.per.ip may only be 0 with max.connections.per.ip.overrides");
    }
}

// Whoever is told of no controller but itself is alone, as with the file that Kafka ships for a single node.
void forget_itself(Quorum& quorum, const Listeners& listeners) {
    static constexpr std::array<std::string_view, 3> here{"localhost", "127.0.0.1", "::1"};
    const auto is_own = [&](const HostPort& server) {
        return std::ranges::any_of(listeners.advertised_controller, [&](const Endpoint& own) {
            const bool is_here = std::ranges::find(here, server.host) != here.end();
            return own.port == server.port && (is_here || own.host == server.host);
        });
    };
    if (std::ranges::all_of(quorum.bootstrap_servers, is_own)) quorum.bootstrap_servers.clear();
}

void require(bool condition, std::string_view sentence, Errors& errors) {
    if (!condition) errors.emplace_back(sentence);
}

// What would be taken to protect somebody, and wouldn't: better no broker than one that is open.
void refuse_false_safety(const BrokerSettings& settings, Errors& errors) {
    const auto is_set = [&](std::string_view name) { return !settings.text(name).value_or("").empty(); };
    require(!is_set("authorizer.class.name"),
            "authorizer.class.name: there is no authorizer here yet, everybody may do everything; leave it out only if "
            "that is meant",
            errors);
    for (const std::string_view name : {"create.topic.policy.class.name", "alter.config.policy.class.name"})
        require(!is_set(name),
                std::string(name) +
                    ": Java classes can't be loaded here, so that nothing would be refused; leave it "
                    "out only if that is meant",
                errors);
    require(settings.text("remote.log.storage.system.enable").value_or("") != "true",
            "remote.log.storage.system.enable: there is no remote storage here, records that were moved there can't be "
            "read; leave it out only if there are none",
            errors);
}

// What must hold between settings.
void check_together(const BrokerSettings& settings, const BrokerConfig& config, Errors& errors) {
    const TopicConfig& topic = config.topic_defaults;
    const auto number = [&](std::string_view name) {
        return parse_integer(settings.text(name).value_or("")).value_or(0);
    };
    require(topic.segment_ms >= 1, "log.roll.ms must be at least 1", errors);
    require(topic.segment_jitter_ms >= 0, "log.roll.jitter.ms must be at least 0", errors);
    require(topic.retention_ms != 0, "log.retention.ms must be at least 1, or -1 for no limit", errors);
    require(topic.min_compaction_lag_ms <= topic.max_compaction_lag_ms,
            "log.cleaner.min.compaction.lag.ms must not exceed log.cleaner.max.compaction.lag.ms", errors);
    require(number("replica.fetch.wait.max.ms") <= number("replica.socket.timeout.ms"),
            "replica.fetch.wait.max.ms must not exceed replica.socket.timeout.ms", errors);
    require(number("replica.fetch.wait.max.ms") <= number("replica.lag.time.max.ms"),
            "replica.fetch.wait.max.ms must not exceed replica.lag.time.max.ms", errors);
    const int64_t queued = number("queued.max.request.bytes");
    require(queued <= 0 || queued >= config.socket_request_max_bytes,
            "queued.max.request.bytes must be at least socket.request.max.bytes", errors);
    const int64_t cleaner_threads = std::max<int64_t>(1, number("log.cleaner.threads"));
    require(number("log.cleaner.dedupe.buffer.size") / cleaner_threads > (1 << 20),
            "log.cleaner.dedupe.buffer.size must be more than 1 MiB for each of log.cleaner.threads", errors);
    require(config.memory_requests_bytes >= config.socket_request_max_bytes,
            "milena.memory.requests.bytes must be at least socket.request.max.bytes", errors);
    require(config.connections_max_idle_ms < 0 ||
                number("connection.failed.authentication.delay.ms") < config.connections_max_idle_ms,
            "connection.failed.authentication.delay.ms must be less than connections.max.idle.ms", errors);
    require(config.offsets_topic_compression_codec >= 0 && config.offsets_topic_compression_codec <= 4,
            "offsets.topic.compression.codec must be 0 (none), 1 (gzip), 2 (snappy), 3 (lz4) or 4 (zstd)", errors);
    require(config.cluster_id.empty() || Uuid::parse(config.cluster_id).has_value(),
            "milena.cluster.id must be a UUID in Kafka's form, 22 characters, as kafka-storage random-uuid prints one",
            errors);
    require(config.replica_selector_class.empty() || config.replica_selector_class == rack_aware_selector,
            "replica.selector.class must be " + std::string(rack_aware_selector) + ", or empty", errors);
    require(config.default_replication_factor >= 1, "default.replication.factor must be at least 1", errors);
    require(config.metrics_listener.empty() || parse_host_port(config.metrics_listener),
            "milena.metrics.listener must be of the form host:port, or empty", errors);
}

}  // namespace

Result<BrokerConfig, Errors> broker_config(const BrokerSettings& settings, std::string_view host_name) {
    BrokerConfig config;
    Errors errors;
    each_setting(config,
                 [&](std::string_view name, auto& member) { assign(member, settings.text(name).value_or("")); });
    config.topic_defaults = topic_defaults(settings);
    // A file made for Kafka may allow larger requests than our default has room for.
    if (!settings.is_configured("milena.memory.requests.bytes")) {
        config.memory_requests_bytes = std::max<int64_t>(config.memory_requests_bytes, config.socket_request_max_bytes);
    }
    read_log_dirs(settings, config, errors);
    read_per_ip_overrides(settings, config, errors);
    check_together(settings, config, errors);
    refuse_false_safety(settings, errors);
    config.quorum = parse_quorum(settings, errors);
    config.listeners = parse_listeners(settings, config.quorum, host_name, errors);
    forget_itself(config.quorum, config.listeners);
    if (!errors.empty()) return unexpected(std::move(errors));
    return config;
}

Result<std::vector<std::string>, std::string> cordoned_log_dirs(const BrokerSettings& settings) {
    std::vector<std::string> dirs = log_dirs(settings);
    const std::vector<std::string> named = parse_list(settings.text("cordoned.log.dirs").value_or(""));
    const auto is_named = [&](const std::string& dir) { return std::ranges::find(named, dir) != named.end(); };
    if (is_named("*")) {
        if (named.size() > 1) return unexpected("When cordoned.log.dirs is set to *, it must not contain other values");
        return dirs;
    }
    std::vector<std::string> missing = named;
    std::erase_if(missing, [&](const std::string& dir) { return std::ranges::find(dirs, dir) != dirs.end(); });
    if (!missing.empty()) {
        std::string names = missing.front();
        for (size_t i = 1; i < missing.size(); ++i) names += ", " + missing[i];
        return unexpected(
            "All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries : " + names);
    }
    std::erase_if(dirs, [&](const std::string& dir) { return !is_named(dir); });
    return dirs;
}

std::vector<std::string_view> names_read() {
    std::vector<std::string_view> names(std::begin(read_otherwise), std::end(read_otherwise));
    BrokerConfig config;
    each_setting(config, [&](std::string_view name, auto&) { names.push_back(name); });
    std::ranges::sort(names);
    return names;
}

}  // namespace milena::settings
