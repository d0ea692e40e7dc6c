#include "broker.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <sys/resource.h>

#include "base/log.h"
#include "base/release.h"
#include "env/posix/processors.h"
#include "metadata/feature_levels.h"
#include "settings/advertised.h"
#include "storage/log_directory.h"

namespace milena {
namespace {

constexpr size_t main_descriptors_max = 16;

// Enough for thousands of votes and deleted topics.
constexpr uint64_t metadata_reserve_bytes = 1U << 20;

// Logs may keep a quarter of the process's descriptors open; connections get the rest.
size_t descriptors_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    constexpr rlim_t needed_max = 1'000'000;
    return static_cast<size_t>(std::min<rlim_t>(limit.rlim_cur, needed_max));
}

server::ConnectionLimiter::Limits connection_limits(const settings::BrokerConfig& config, size_t descriptors) {
    constexpr size_t reserved = 200;  // for the metadata log, HTTP and the process itself
    const size_t room = descriptors - descriptors / 4;
    server::ConnectionLimiter::Limits limits;
    limits.total_max = std::min(static_cast<size_t>(config.max_connections), room > reserved ? room - reserved : 1);
    limits.per_ip_max = static_cast<size_t>(config.max_connections_per_ip);
    for (const auto& [ip, count] : config.max_connections_per_ip_overrides)
        limits.per_ip_overrides[ip] = static_cast<size_t>(count);
    return limits;
}

size_t shard_count_of(const settings::BrokerConfig& config) {
    return config.shards > 0 ? static_cast<size_t>(config.shards) : env::shards_for(env::available_processors());
}

server::QuotaWindow quota_window(int32_t samples, int32_t seconds) {
    return {.samples = samples, .sample_length = std::chrono::seconds(seconds)};
}

// A window is what Kafka's response is: what may be under way at once. It is never larger than ours, which is enough.
replica::LeaderStreamLimits stream_limits(const settings::BrokerConfig& config) {
    replica::LeaderStreamLimits limits;
    const auto response_bytes_max = static_cast<uint64_t>(config.replica_fetch_response_max_bytes);
    limits.window_bytes = std::clamp<uint64_t>(response_bytes_max, 1, limits.window_bytes);
    limits.backoff_max = std::max<Duration>(limits.backoff_min, Milliseconds(config.replica_fetch_backoff_ms));
    return limits;
}

std::map<std::string, metadata::SupportedFeature> supported_levels() {
    std::map<std::string, metadata::SupportedFeature> levels;
    for (const metadata::SupportedLevels& feature : metadata::supported_features())
        levels[std::string(feature.name)] = {feature.level_min, feature.level_max};
    return levels;
}

std::vector<raft::VoterEndpoint> voter_endpoints(const settings::Listeners& listeners) {
    std::vector<raft::VoterEndpoint> endpoints;
    for (const settings::Endpoint& endpoint : listeners.advertised_controller)
        endpoints.push_back({endpoint.listener_name, endpoint.host, endpoint.port});
    return endpoints;
}

// As the metadata log has them, so that the two can be compared: with the protocols that Kafka knows.
std::vector<metadata::Endpoint> registered_endpoints(const std::vector<settings::Endpoint>& advertised) {
    std::vector<metadata::Endpoint> endpoints;
    for (const settings::Endpoint& endpoint : advertised) {
        const auto protocol = static_cast<settings::SecurityProtocol>(settings::protocol_number(endpoint.protocol));
        endpoints.push_back({endpoint.listener_name, endpoint.host, endpoint.port, protocol});
    }
    return endpoints;
}

std::vector<raft::Voter> raft_voters(const settings::BrokerConfig& config) {
    std::vector<raft::Voter> voters;
    const std::string listener =
        config.listeners.controller_names.empty() ? "" : config.listeners.controller_names.front();
    for (const settings::Voter& voter : config.quorum.voters)
        voters.push_back({.id = voter.id, .endpoints = {{listener, voter.host, voter.port}}});
    return voters;
}

}  // namespace

Broker::Broker(settings::Loaded loaded)
    : loaded_(std::move(loaded)),
      config_(loaded_.config),
      started_at_(clock_.now()),
      loop_(clock_),
      disk_(disk_threads_, {.descriptors_max = main_descriptors_max,
                            .post = [this](shard::Task task) { loop_.post(std::move(task)); }}),
      incarnation_id_(Uuid::from_random(random_.next(), random_.next())),
      images_(config_.quorum.node_id, incarnation_id_),
      controller_endpoint_({.controller = [this] { return controller_.get(); },
                            .server = [this] { return served_.front()->server.get(); }}),
      admin_endpoint_({.controller = [this] { return controller_.get(); },
                       .raft = [this] { return raft_.get(); },
                       .shards = [this] { return shards_.get(); },
                       .client = [this] { return peers_ == nullptr ? nullptr : peers_->admin_client(); }},
                      config_),
      live_config_(std::make_shared<const settings::BrokerConfig>(config_)) {}

Broker::~Broker() { loop_.discard(); }

int Broker::run() {
    // Also blocks them in the threads that start later.
    ::signal(SIGPIPE, SIG_IGN);
    asio::signal_set signals(loop_.io(), SIGTERM, SIGINT);
    signals.async_wait([this](const asio::error_code& error, int number) {
        if (error) return;
        log_info("broker stopping", {{"signal", number}});
        stop();
    });
    for (const std::string& notice : loaded_.notices) log_info("setting noted", {{"notice", notice}});
    const Result<void, std::string> started = start();
    if (!started.has_value()) {
        log_error("broker failed", {{"reason", started.error()}});
        exit_status_ = 1;
    } else {
        loop_.run();
    }
    if (shards_)
        for (size_t i = 0; i < shards_->size(); ++i) (*shards_)[i].stop();
    disk_threads_.stop();
    if (exit_status_ != 0) halt();
    return exit_status_;
}

// What has failed is left as it is, like Kafka's brokers: calls that wait for each other on all shards can't be taken
// apart one shard after the other, and nobody is left to answer them. Nothing goes with it that a kill wouldn't take.
void Broker::halt() const {
    std::fflush(nullptr);
    std::_Exit(exit_status_);
}

// --- the way up ------------------------------------------------------------------------------------------------------

Result<void, std::string> Broker::start() {
    RETURN_IF_ERROR(bind_listeners());
    RETURN_IF_ERROR(start_http());
    ASSIGN_OR_RETURN(dirs_, open_log_dirs(disk_, random_, config_));
    identity_ = {dirs_.cluster_id, config_.quorum.node_id};
    start_shards();
    RETURN_IF_ERROR(start_peers());
    health_.progress = Phase::recovering;
    shards_->first().post([this] { start_controller(); });
    return {};
}

Result<void, std::string> Broker::bind_listeners() {
    for (const settings::Endpoint& endpoint : config_.listeners.broker) {
        if (endpoint.protocol != settings::SecurityProtocol::plaintext)
            return unexpected("listener " + endpoint.listener_name + ": only PLAINTEXT is there yet, not " +
                              std::string(settings::protocol_name(endpoint.protocol)));
        const server::ListenAddress address{.host = endpoint.host,
                                            .port = endpoint.port,
                                            .send_buffer_bytes = config_.socket_send_buffer_bytes,
                                            .receive_buffer_bytes = config_.socket_receive_buffer_bytes};
        ASSIGN_OR_RETURN(server::BoundSockets sockets, server::bind_sockets(address, shard_count_of(config_)));
        listeners_.push_back({endpoint, std::move(sockets)});
    }
    return {};
}

Result<void, std::string> Broker::start_http() {
    const std::string& where = config_.metrics_listener;
    if (where.empty()) return {};
    const size_t colon = where.rfind(':');
    const std::string host = where.substr(0, colon);
    const int port = std::atoi(where.c_str() + colon + 1);
    const auto bound = server::bind_sockets({.host = host, .port = static_cast<uint16_t>(port)}, 1);
    if (!bound.has_value()) return unexpected("milena.metrics.listener: " + bound.error());
    http_ = std::make_unique<server::HttpServer>(loop_, bound->descriptors.front(),
                                                 [this](const std::string& path, server::HttpServer::Respond respond) {
                                                     if (path == "/metrics") return answer_metrics(std::move(respond));
                                                     respond(answer_http(path));
                                                 });
    return {};
}

// What arrives before the controller is there comes to nobody, and is sent again.
Result<void, std::string> Broker::start_peers() {
    peer::Identity identity{identity_.cluster_id, config_.quorum.node_id, {}, std::string(release.version)};
    for (const shard::DirectoryAtStart& directory : dirs_.directories) identity.directory_ids.push_back(directory.id);
    replication_ = std::make_unique<Replication>(
        *shards_,
        Replication::Options{
            .cluster_id = identity_.cluster_id,
            .node = config_.quorum.node_id,
            .listener = config_.listeners.inter_broker_name,
            .save_offsets = [this](const replica::PartitionKey& key,
                                   std::function<void(ErrorCode)> done) { save_offsets(key, std::move(done)); },
            .limits = stream_limits(config_),
            .partition_bytes_max = static_cast<uint64_t>(config_.replica_fetch_max_bytes),
            .lost = [this](NodeId node) { lost(node); }});
    peer::QuorumService::Handlers quorum;
    quorum.receive = [this](const raft::Request& request, raft::Raft::Answer answer) {
        if (raft_ != nullptr) raft_->receive(request, std::move(answer));
    };
    quorum.lost = [this](NodeId node) { lost(node); };
    ASSIGN_OR_RETURN(peers_, Peers::start(shards_->first(), config_,
                                          {.identity = std::move(identity),
                                           .health = health_,
                                           .admin = admin_endpoint_,
                                           .quorum = std::move(quorum),
                                           .controller = controller_endpoint_,
                                           .others = {&replication_->service()}}));
    return {};
}

// Evidence that a broker has gone, for the controller, if that is here. A connection on which it waits for news of the
// metadata log breaks at once; between two such waits only who follows it can tell.
void Broker::lost(NodeId node) {
    if (controller_ != nullptr) controller_->connection_broke(node);
}

void Broker::ask_whether_gone(NodeId node, std::function<void(bool)> done) {
    const metadata::BrokerImage* broker = shards_->first().image()->broker(node);
    const metadata::Endpoint* at = broker == nullptr ? nullptr : broker->endpoint(config_.listeners.inter_broker_name);
    if (at == nullptr) return done(false);
    peers_->admin_client()->use_broker_address(node, at->host, at->port);
    peers_->admin_client()->ask_identity(
        node, [done = std::move(done)](auto error) { done(error == peer::CallError::unreachable); });
}

// Of a log that was truncated the files must not say more than there is.
void Broker::save_offsets(const replica::PartitionKey& key, std::function<void(ErrorCode)> done) {
    loop_.post([this, key, done = std::move(done)] {
        const auto saved = [this, key, done](bool is_saved) {
            const ErrorCode error = is_saved ? ErrorCode::none : ErrorCode::kafka_storage_error;
            shards_->owner_of(key).post([done, error] { done(error); });
        };
        if (checkpoints_ == nullptr) return saved(false);
        checkpoints_->save(saved);
    });
}

void Broker::start_shards() {
    const size_t count = shard_count_of(config_);
    const size_t descriptors = descriptors_limit();
    limiter_ = std::make_unique<server::ConnectionLimiter>(
        connection_limits(config_, descriptors),
        quota_window(config_.quota_window_num, config_.quota_window_size_seconds));
    std::vector<std::unique_ptr<shard::Shard>> shards;
    for (size_t i = 0; i < count; ++i) {
        shards.push_back(std::make_unique<shard::Shard>(
            disk_threads_,
            shard::ShardOptions{.id = ShardId(static_cast<uint32_t>(i)),
                                .shard_count = static_cast<uint32_t>(count),
                                .node = config_.quorum.node_id,
                                .descriptors_max = descriptors / 4 / count,
                                .tail_cache_bytes = static_cast<size_t>(config_.tail_cache_bytes) / count,
                                .writeback_bytes = static_cast<uint64_t>(config_.writeback_bytes),
                                .directories = dirs_.directories,
                                .directories_offline = dirs_.offline.size(),
                                .opened = [this] { ++health_.logs_opened; }}));
        served_.push_back(std::make_unique<Served>());
    }
    shards_ = std::make_unique<shard::Shards>(std::move(shards));
    groups_ = std::make_unique<server::GroupGate>(*shards_);
    using Lags = server::LagMeter::Lags;
    lag_ = std::make_unique<server::ConsumerLagReader>(server::ConsumerLagReader::Environment{
        .shards = *shards_,
        .groups = *groups_,
        .home = loop_,
        .node = config_.quorum.node_id,
        .partitions_max = static_cast<size_t>(config_.metrics_lag_partitions_max),
        .ask_leader = [this](NodeId leader, std::vector<replica::LagPosition> positions,
                             std::function<void(Lags)> done) {
            shards_->first().post([this, leader, positions = std::move(positions), done = std::move(done)]() mutable {
                admin_endpoint_.ask_lags(leader, std::move(positions), [this, done = std::move(done)](Lags lags) {
                    loop_.post([done, lags = std::move(lags)]() mutable { done(std::move(lags)); });
                });
            });
        }});
    quotas_ = std::make_unique<server::QuotaGate>(
        *shards_, quota_window(config_.quota_window_num, config_.quota_window_size_seconds),
        quota_window(config_.controller_quota_window_num, config_.controller_quota_window_size_seconds));
    shard::Shard& first = shards_->first();
    client_metrics_ = std::make_unique<server::ClientMetrics>(
        server::ClientMetrics::Environment{first.random(), first.codecs().decompressor});
    for (size_t i = 0; i < count; ++i) (*shards_)[i].start();
}

void Broker::start_controller() {
    const auto opened = open_raft();
    if (!opened.has_value()) return fail(opened.error());
    shard::Shard& first = shards_->first();
    controller_ = std::make_unique<controller::Controller>(
        controller::Controller::Environment{*raft_, first.random(), &first.clock(), identity_.cluster_id},
        config_.quorum.node_id, loaded_.settings,
        [this](const metadata::Delta& delta, std::function<void()> published) {
            publish(delta, std::move(published));
        });
    gate_ = std::make_unique<server::ControllerGate>(*shards_, *controller_, peers_->remote_controller(),
                                                     config_.quorum.node_id);
    if (config_.quorum.is_controller)
        registrar_ = std::make_unique<ControllerRegistrar>(
            ControllerRegistrar::Environment{first.loop(), *gate_, *controller_}, controller_registration());
    leader_check_ = std::make_unique<server::LeaderCheck>(
        *shards_, [this](NodeId node, std::function<void(bool)> done) { ask_whether_gone(node, std::move(done)); });
    replication_->watch(*gate_);
    watch_directories();
    controller_->start([this] { begin_lifecycle(); }, [this](const std::string& reason) { fail(reason); },
                       [this](bool is_active) { gate_->use_active(is_active); },
                       [this](int16_t level) { gate_->use_kraft_version(level); });
    tick_raft();
}

Result<void, std::string> Broker::open_raft() {
    shard::Shard& first = shards_->first();
    raft::Options options;
    options.node = config_.quorum.node_id;
    options.directory_id = dirs_.metadata_directory_id;
    options.cluster_id = dirs_.cluster_id;
    options.log_dir = config_.metadata_log_dir;
    options.voters = raft_voters(config_);
    options.transport = peers_->transport();
    options.bootstrap_count = config_.quorum.bootstrap_servers.size();
    options.auto_join =
        config_.quorum.is_controller && loaded_.settings.text("controller.quorum.auto.join.enable") == "true";
    options.endpoints = voter_endpoints(config_.listeners);
    options.election_timeout = Milliseconds(config_.quorum_election_timeout_ms);
    options.election_backoff_max = Milliseconds(config_.quorum_election_backoff_max_ms);
    options.fetch_timeout = Milliseconds(config_.quorum_fetch_timeout_ms);
    options.request_timeout = Milliseconds(config_.quorum_request_timeout_ms);
    options.retry_backoff = Milliseconds(config_.quorum_retry_backoff_ms);
    options.reserve_bytes = metadata_reserve_bytes;
    options.segment_bytes = static_cast<uint32_t>(config_.metadata_log_segment_bytes);
    options.segment_ms = Milliseconds(config_.metadata_log_segment_ms);
    options.snapshot_bytes_max = config_.metadata_log_max_record_bytes_between_snapshots;
    options.snapshot_interval = Milliseconds(config_.metadata_log_max_snapshot_interval_ms);
    options.retention_bytes = config_.metadata_max_retention_bytes;
    options.retention_ms = Milliseconds(config_.metadata_max_retention_ms);
    ASSIGN_OR_RETURN(raft_, raft::Raft::open({first.disk(), first.clock(), first.random()}, options));
    return {};
}

// Every shard gets the image and opens, closes and promotes what is its own; the controller is told when all have.
// Before this process is registered none does.
void Broker::publish(const metadata::Delta& delta, std::function<void()> published) {
    adopt_settings(*delta.after);
    report_health(*delta.after);
    report_cordoned(*delta.after);
    limiter_->adopt(delta.after->client_quotas);
    shard::Shard& first = shards_->first();
    std::optional<metadata::Delta> seen = config_.quorum.is_broker ? images_.next(delta) : delta;
    if (!seen) return first.post(std::move(published));
    auto shared = std::make_shared<const metadata::Delta>(*std::move(seen));
    auto missing = std::make_shared<size_t>(shards_->size());
    for (size_t i = 0; i < shards_->size(); ++i) {
        shard::Shard& target = (*shards_)[i];
        target.post([this, &target, &first, shared, missing, published, config = live_config_] {
            target.apply(*shared, config);
            groups_->apply(target, *shared);
            first.post([this, missing, published, offset = shared->after->offset] {
                if (--*missing > 0) return;
                gate_->published(offset);
                leader_check_->published();
                published();
                if (registrar_) registrar_->image_changed();
                if (lifecycle_) lifecycle_->image_changed();
            });
        });
    }
}

// A dynamic setting that was fine when it was set but isn't for this node leaves everything as it was.
void Broker::adopt_settings(const metadata::Image& image) {
    const settings::BrokerSettings live =
        loaded_.settings.with_dynamic(image.broker_config(config_.quorum.node_id), image.broker_defaults());
    for (const std::string& notice : settings::dynamic_notices(live_settings_, live))
        log_info("setting noted", {{"notice", notice}});
    live_settings_ = live;
    const auto& advertised = config_.listeners.advertised_broker;
    auto config = settings::broker_config(live, advertised.empty() ? std::string() : advertised.front().host);
    if (!config.has_value()) {
        for (const std::string& reason : config.error()) log_warn("dynamic setting ignored", {{"reason", reason}});
        return;
    }
    // Who we are and where we listen was decided at start; where others find it may change.
    config->quorum = config_.quorum;
    config->listeners = settings::readdressed(config_.listeners, live);
    *config = with_absolute_dirs(std::move(*config));
    if (*config == *live_config_) return;
    const bool has_moved = config->listeners.advertised_controller != live_config_->listeners.advertised_controller;
    live_config_ = std::make_shared<const settings::BrokerConfig>(std::move(*config));
    limiter_->configure(connection_limits(*live_config_, descriptors_limit()));
    if (has_moved) readdress_controller();
}

// The broker is registered elsewhere by its lifecycle, which compares what it finds in the image.
void Broker::readdress_controller() {
    raft_->use_endpoints(voter_endpoints(live_config_->listeners));
    if (registrar_) registrar_->use_endpoints(controller_registration().endpoints);
}

std::vector<Uuid> Broker::cordoned_directories() const {
    std::vector<Uuid> cordoned;
    for (const shard::DirectoryAtStart& directory : dirs_.directories)
        if (std::ranges::find(live_config_->cordoned_log_dirs, directory.path) != live_config_->cordoned_log_dirs.end())
            cordoned.push_back(directory.id);
    std::ranges::sort(cordoned);
    return cordoned;
}

// Until the first image is in use everywhere, its replicas of this node are what is recovered.
void Broker::report_health(const metadata::Image& image) {
    const NodeId self = config_.quorum.node_id;
    const metadata::BrokerImage* registered = image.broker(self);
    health_.is_fenced = registered != nullptr && registered->incarnation_id == incarnation_id_ && registered->is_fenced;
    if (health_.logs_count > 0) return;
    uint32_t count = 0;
    for (const auto& topic : image.topics->by_id)
        for (const auto& partition : topic->partitions) count += partition->has_replica(self) ? 1U : 0U;
    health_.logs_count = std::max(count, 1U);
}

// Once this run is registered, what is cordoned follows the settings. It is proposed before whoever changed them is
// answered; so no request after that finds the brokers as they were.
void Broker::report_cordoned(const metadata::Image& image) {
    const metadata::BrokerImage* registered = image.broker(config_.quorum.node_id);
    if (registered == nullptr || registered->incarnation_id != incarnation_id_) return;
    if (!metadata::knows_cordoned_directories(*image.features)) return;
    controller::CordonDirectories request{config_.quorum.node_id, cordoned_directories()};
    if (registered->cordoned_directories == request.directories) return;
    shards_->first().post([this, request]() mutable {
        request.broker_epoch = gate_->broker_epoch();
        gate_->ask<controller::CordonDirectories, void>(request, [](const Result<void>&) {});
    });
}

controller::BrokerRegistration Broker::registration() const {
    controller::BrokerRegistration registration;
    registration.id = config_.quorum.node_id;
    registration.incarnation_id = incarnation_id_;
    registration.cluster_id = identity_.cluster_id;
    registration.endpoints = registered_endpoints(live_config_->listeners.advertised_broker);
    for (metadata::Endpoint& endpoint : registration.endpoints)
        for (const BoundListener& bound : listeners_)
            if (endpoint.port == 0 && bound.endpoint.listener_name == endpoint.name) endpoint.port = bound.sockets.port;
    if (!config_.rack.empty()) registration.rack = config_.rack;
    for (const shard::DirectoryAtStart& directory : dirs_.directories) registration.directories.push_back(directory.id);
    std::ranges::sort(registration.directories);
    registration.cordoned_directories = cordoned_directories();
    registration.previous_epoch = dirs_.closed_by;
    registration.features = supported_levels();
    return registration;
}

controller::ControllerRegistration Broker::controller_registration() const {
    return {.id = config_.quorum.node_id,
            .incarnation_id = incarnation_id_,
            .endpoints = registered_endpoints(live_config_->listeners.advertised_controller),
            .features = supported_levels(),
            .cluster_id = identity_.cluster_id};
}

// The cluster is known here: this node may become one of its brokers.
void Broker::begin_lifecycle() {
    loop_.post([this] {
        checkpoints_ = std::make_unique<OffsetCheckpoints>(*shards_, loop_, disk_, dirs_.directories, config_,
                                                           tell_directory_failed());
    });
    if (!config_.quorum.is_broker) return open_listeners();
    const auto report_interval = [this] {
        const settings::BrokerConfig& config = *live_config_;
        return Milliseconds(config.balancer_report_interval_ms);
    };
    loads_ = std::make_unique<LoadReporter>(LoadReporter::Environment{*shards_, *gate_, *controller_, report_interval});
    lifecycle_ = std::make_unique<Lifecycle>(
        Lifecycle::Environment{shards_->first().loop(), *gate_, *controller_,
                               [this] { return raft_->is_hearing_leader(); }},
        config_,
        Lifecycle::Events{.describe = [this] { return registration(); },
                          .cordoned = [this] { return cordoned_directories(); },
                          .full = [this] { return full_directories(); },
                          .on_registered =
                              [this](int64_t epoch) {
                                  replication_->registered(epoch);
                                  assignments_->registered();
                                  loads_->registered();
                              },
                          .on_heard =
                              [this](Instant asked_at) {
                                  for (size_t i = 0; i < shards_->size(); ++i) {
                                      shard::Shard& shard = (*shards_)[i];
                                      run_on(shard,
                                             [&shard, asked_at] { shard.partitions().heard_by_controller(asked_at); });
                                  }
                              },
                          .on_active = [this] { open_listeners(); },
                          .on_failed = [this](const std::string& reason) { fail(reason); }});
    for (const Uuid& directory : failed_directories_) lifecycle_->directory_failed(directory);
    lifecycle_->start();
}

void Broker::watch_directories() {
    assignments_ = std::make_unique<DirectoryAssignments>(shards_->first().loop(), *gate_);
    for (size_t i = 0; i < shards_->size(); ++i) {
        shard::Shard& shard = (*shards_)[i];
        run_on(shard, [this, &shard] {
            shard.when_directory_fails(tell_directory_failed());
            shard.when_directory_fills([this, id = shard.id()](const Uuid& directory, bool is_full) {
                shards_->first().post([this, id, directory, is_full] { directory_filled(id, directory, is_full); });
            });
            shard.partitions().when_placed([this](std::vector<replica::Placement> placements) {
                shards_->first().post([this, placements = std::move(placements)] { assignments_->ask(placements); });
            });
        });
    }
}

// For whoever finds it out, on any thread.
std::function<void(const Uuid&)> Broker::tell_directory_failed() {
    return [this](const Uuid& directory) { shards_->first().post([this, directory] { directory_failed(directory); }); };
}

// One shard's calls have found it out, which the others are told as well. As in Kafka, a broker goes on without a
// directory as long as it has another one, and the metadata log.
void Broker::directory_failed(const Uuid& directory) {
    if (std::ranges::find(failed_directories_, directory) != failed_directories_.end()) return;
    failed_directories_.push_back(directory);
    if (failed_directories_.size() == dirs_.directories.size()) return fail("no log directory works any more");
    if (directory == dirs_.metadata_directory_id) return fail("the directory of the metadata log has failed");
    for (size_t i = 0; i < shards_->size(); ++i) {
        shard::Shard& shard = (*shards_)[i];
        shard.post([&shard, directory] { shard.partitions().fail_directory(directory); });
    }
    if (lifecycle_) lifecycle_->directory_failed(directory);
}

// It is full as long as any shard finds it so.
void Broker::directory_filled(ShardId shard, const Uuid& directory, bool is_full) {
    std::set<ShardId>& shards = full_for_[directory];
    if (is_full)
        shards.insert(shard);
    else
        shards.erase(shard);
    if (shards.empty()) full_for_.erase(directory);
    if (lifecycle_) lifecycle_->fullness_changed();
}

std::vector<Uuid> Broker::full_directories() const {
    std::vector<Uuid> full;
    for (const auto& [directory, shards] : full_for_) full.push_back(directory);
    return full;
}

void Broker::open_listeners() {
    shards_->ask_all<bool>(
        loop_,
        [this](shard::Shard& shard) {
            start_serving(shard);
            return true;
        },
        [this](const std::vector<bool>&) { serving(); });
}

void Broker::start_serving(shard::Shard& shard) {
    Served& served = *served_[shard.id().value];
    server::Server::Options options;
    options.memory_bytes_max = static_cast<size_t>(config_.memory_requests_bytes) / shards_->size();
    options.limits.frame_bytes_max = static_cast<size_t>(config_.socket_request_max_bytes);
    options.idle_max = Milliseconds(config_.connections_max_idle_ms);
    constexpr size_t sessions_bytes_max = 32U << 20;
    const size_t sessions_max = static_cast<size_t>(config_.max_incremental_fetch_session_cache_slots);
    served.sessions = std::make_unique<server::FetchSessions>(
        shard.random(), server::FetchSessions::Options{.sessions_max = sessions_max / shards_->size(),
                                                       .bytes_max = sessions_bytes_max / shards_->size(),
                                                       .shard = shard.id().value,
                                                       .shard_count = static_cast<uint32_t>(shards_->size())});
    const server::Context context{.shards = *shards_,
                                  .shard = shard,
                                  .identity = identity_,
                                  .settings = loaded_.settings,
                                  .controller = *gate_,
                                  .leader_check = *leader_check_,
                                  .fetch_sessions = *served.sessions,
                                  .groups = *groups_,
                                  .quotas = quotas_->of(shard),
                                  .all_quotas = *quotas_,
                                  .client_metrics = *client_metrics_};
    groups_->open(shard);
    served.server = std::make_unique<server::Server>(context, *limiter_, options);
    for (const BoundListener& listener : listeners_)
        served.server->listen(listener.sockets.descriptors[shard.id().value], config_.socket_listen_backlog_size,
                              listener.endpoint.listener_name);
    served.maintenance = std::make_unique<Maintenance>(shard, config_);
}

void Broker::tick_raft() {
    raft_->tick();
    controller_->tick();
    shards_->first().loop().after(raft_->tick_interval(), [this] { tick_raft(); });
}

void Broker::serving() {
    if (health_.progress == Phase::stopping) return;
    health_.progress = Phase::active;
    for (const BoundListener& listener : listeners_)
        log_info("listener open", {{"listener", listener.endpoint.listener_name},
                                   {"host", listener.endpoint.host.empty() ? "*" : listener.endpoint.host},
                                   {"port", listener.sockets.port}});
    const auto elapsed = std::chrono::duration_cast<Milliseconds>(clock_.now() - started_at_);
    log_info("broker ready", {{"node", config_.quorum.node_id},
                              {"cluster_id", dirs_.cluster_id},
                              {"version", release.version},
                              {"shards", shards_->size()},
                              {"after_ms", elapsed.count()}});
}

void Broker::fail(const std::string& reason) {
    log_error("broker failed", {{"reason", reason}});
    loop_.post([this] {
        exit_status_ = 1;
        loop_.stop();
    });
}

// --- the way down ----------------------------------------------------------------------------------------------------

void Broker::stop() {
    const bool was_active = health_.progress == Phase::active;
    health_.progress = Phase::stopping;
    http_.reset();
    checkpoints_.reset();
    // Nothing has been served yet: what was being recovered is recovered again.
    if (!was_active) return loop_.stop();
    shards_->first().post([this] {
        const auto left = [this] {
            raft_->step_down();
            loop_.post([this] { drain(); });
        };
        if (lifecycle_ == nullptr) return left();
        lifecycle_->leave(left);
    });
}

void Broker::drain() {
    peers_->stop_listening();
    shards_->first().post([this] { replication_->close(); });
    auto missing = std::make_shared<size_t>(shards_->size());
    for (size_t i = 0; i < shards_->size(); ++i) {
        (*shards_)[i].post([this, i, missing] {
            served_[i]->maintenance.reset();
            groups_->close((*shards_)[i]);
            served_[i]->server->drain([this, missing] {
                loop_.post([this, missing] {
                    if (--*missing == 0) flush_logs();
                });
            });
        });
    }
}

void Broker::flush_logs() {
    auto missing = std::make_shared<size_t>(shards_->size());
    for (size_t i = 0; i < shards_->size(); ++i) {
        shard::Shard& shard = (*shards_)[i];
        shard.post([this, &shard, missing] {
            shard.partitions().flush_all([this, missing] {
                loop_.post([this, missing] {
                    if (--*missing == 0) close_logs();
                });
            });
        });
    }
}

void Broker::close_logs() {
    shards_->ask_all<MaintenanceEnd>(
        loop_,
        [this](shard::Shard& shard) {
            MaintenanceEnd end;
            end.all_closed = shard.partitions().close_all();
            end.offsets = offsets_of(shard);
            if (shard.id() == ShardId{0}) {
                end.all_closed = raft_->close().has_value() && end.all_closed;
                end.broker_epoch = gate_->broker_epoch();
            }
            return end;
        },
        [this](const std::vector<MaintenanceEnd>& ends) { logs_closed(ends); });
}

void Broker::logs_closed(const std::vector<MaintenanceEnd>& ends) {
    std::vector<std::vector<replica::DirectoryOffsets>> by_shard;
    for (const MaintenanceEnd& end : ends) by_shard.push_back(end.offsets);
    for (size_t i = 0; i < dirs_.directories.size(); ++i)
        (void)replica::write_offsets(disk_, dirs_.directories[i].path, offsets_of_all(by_shard, i));
    const bool is_clean = std::ranges::all_of(ends, &MaintenanceEnd::all_closed);
    if (is_clean)
        for (const shard::DirectoryAtStart& directory : dirs_.directories)
            (void)storage::write_clean_marker(disk_, directory.path, {ends.front().broker_epoch});
    log_info("broker stopped", {{"clean", is_clean}});
    loop_.stop();
}

// --- what probes and Prometheus see ----------------------------------------------------------------------------------

server::HttpResponse Broker::answer_http(const std::string& path) const {
    const Phase phase = health_.phase();
    server::HttpResponse response;
    if (path == "/healthz" || path == "/readyz") {
        const bool is_fine = path == "/healthz" || phase == Phase::active;
        response.status = is_fine ? 200 : 503;
        response.content_type = "application/json";
        response.body = "{\"phase\":\"" + std::string(peer::phase_name(phase)) +
                        "\",\"recovered_percent\":" + std::to_string(health_.recovered_percent()) +
                        ",\"cluster_id\":\"" + identity_.cluster_id +
                        "\",\"node_id\":" + std::to_string(config_.quorum.node_id.value) + "}\n";
        return response;
    }
    return {.status = 404, .body = "/metrics, /healthz or /readyz\n"};
}

}  // namespace milena
