#include "broker.h"

#include <algorithm>
#include <csignal>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <sys/resource.h>

#include "base/log.h"
#include "env/posix/processors.h"
#include "metadata/feature_levels.h"
#include "storage/log_directory.h"
#include "version.h"

namespace milena {
namespace {

constexpr Duration raft_tick_interval = std::chrono::seconds(1);
constexpr size_t main_descriptors_max = 16;

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
    return exit_status_;
}

// --- the way up ------------------------------------------------------------------------------------------------------

Result<void, std::string> Broker::start() {
    RETURN_IF_ERROR(bind_listeners());
    RETURN_IF_ERROR(start_http());
    ASSIGN_OR_RETURN(dirs_, open_log_dirs(disk_, random_, config_));
    identity_ = {dirs_.cluster_id, config_.quorum.node_id};
    RETURN_IF_ERROR(start_peer_server());
    start_shards();
    phase_ = Phase::recovering;
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

Result<void, std::string> Broker::start_peer_server() {
    const std::vector<settings::Endpoint> endpoints = config_.listeners.of_peers();
    if (endpoints.empty()) return {};
    for (const settings::Endpoint& endpoint : endpoints)
        if (endpoint.protocol != settings::SecurityProtocol::plaintext &&
            endpoint.protocol != settings::SecurityProtocol::grpc)
            return unexpected("listener " + endpoint.listener_name + ": only PLAINTEXT is there yet, not " +
                              std::string(settings::protocol_name(endpoint.protocol)));
    peer::Identity identity{identity_.cluster_id, config_.quorum.node_id, {}, std::string(version)};
    for (const shard::DirectoryAtStart& directory : dirs_.directories) identity.directory_ids.push_back(directory.id);
    admin_ = std::make_unique<peer::AdminService>(std::move(identity), phase_);
    ASSIGN_OR_RETURN(peer_server_, peer::Server::start(endpoints, {admin_.get()}));
    return {};
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
                                .directories = dirs_.directories}));
        served_.push_back(std::make_unique<Served>());
    }
    shards_ = std::make_unique<shard::Shards>(std::move(shards));
    groups_ = std::make_unique<server::GroupGate>(*shards_);
    lag_ = std::make_unique<server::ConsumerLagReader>(*shards_, *groups_, loop_,
                                                       static_cast<size_t>(config_.metrics_lag_partitions_max));
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
        controller::Controller::Environment{*raft_, first.random()}, config_.quorum.node_id, loaded_.settings,
        [this](const metadata::Delta& delta, std::function<void()> published) {
            publish(delta, std::move(published));
        });
    gate_ = std::make_unique<server::ControllerGate>(*shards_, *controller_, config_.quorum.node_id);
    controller_->start([this] { register_node(); }, [this](const std::string& reason) { fail(reason); });
}

Result<void, std::string> Broker::open_raft() {
    shard::Shard& first = shards_->first();
    raft::Options options;
    options.node = config_.quorum.node_id;
    options.directory_id = dirs_.metadata_directory_id;
    options.cluster_id = dirs_.cluster_id;
    options.log_dir = config_.metadata_log_dir;
    options.voters = raft_voters(config_);
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
void Broker::publish(const metadata::Delta& delta, std::function<void()> published) {
    adopt_settings(*delta.after);
    report_cordoned(*delta.after);
    limiter_->adopt(delta.after->client_quotas);
    auto shared = std::make_shared<const metadata::Delta>(delta);
    auto missing = std::make_shared<size_t>(shards_->size());
    shard::Shard& first = shards_->first();
    for (size_t i = 0; i < shards_->size(); ++i) {
        shard::Shard& target = (*shards_)[i];
        target.post([this, &target, &first, shared, missing, published, config = live_config_] {
            target.apply(*shared, config);
            groups_->apply(target, *shared);
            first.post([missing, published] {
                if (--*missing == 0) published();
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
    auto config = settings::broker_config(live, config_.listeners.advertised_broker.front().host);
    if (!config.has_value()) {
        for (const std::string& reason : config.error()) log_warn("dynamic setting ignored", {{"reason", reason}});
        return;
    }
    // Who we are and where we listen was decided at start.
    config->quorum = config_.quorum;
    config->listeners = config_.listeners;
    if (*config == *live_config_) return;
    live_config_ = std::make_shared<const settings::BrokerConfig>(std::move(*config));
    limiter_->configure(connection_limits(*live_config_, descriptors_limit()));
}

std::vector<Uuid> Broker::cordoned_directories() const {
    std::vector<Uuid> cordoned;
    for (const shard::DirectoryAtStart& directory : dirs_.directories)
        if (std::ranges::find(live_config_->cordoned_log_dirs, directory.path) != live_config_->cordoned_log_dirs.end())
            cordoned.push_back(directory.id);
    std::ranges::sort(cordoned);
    return cordoned;
}

// Once this run is registered, what is cordoned follows the settings. It is proposed before whoever changed them is
// answered; so no request after that finds the brokers as they were.
void Broker::report_cordoned(const metadata::Image& image) {
    const metadata::BrokerImage* registered = image.broker(config_.quorum.node_id);
    if (registered == nullptr || registered->incarnation_id != incarnation_id_) return;
    if (!metadata::knows_cordoned_directories(*image.features)) return;
    controller::CordonDirectories request{config_.quorum.node_id, cordoned_directories()};
    if (registered->cordoned_directories == request.directories) return;
    shards_->first().post([this, request] { controller_->submit(request, [](const Result<void>&) {}); });
}

void Broker::register_node() {
    controller::BrokerRegistration registration;
    registration.id = config_.quorum.node_id;
    registration.incarnation_id = incarnation_id_;
    for (const settings::Endpoint& advertised : config_.listeners.advertised_broker) {
        uint16_t port = advertised.port;
        for (const BoundListener& bound : listeners_)
            if (port == 0 && bound.endpoint.listener_name == advertised.listener_name) port = bound.sockets.port;
        registration.endpoints.push_back({advertised.listener_name, advertised.host, port, advertised.protocol});
    }
    if (!config_.rack.empty()) registration.rack = config_.rack;
    for (const shard::DirectoryAtStart& directory : dirs_.directories) registration.directories.push_back(directory.id);
    std::ranges::sort(registration.directories);
    registration.cordoned_directories = cordoned_directories();
    controller_->submit(registration, [this](Result<controller::BrokerEpoch> epoch) {
        if (!epoch.has_value())
            return fail("the broker could not be registered: " + std::string(error_name(epoch.error())));
        shards_->ask_all<bool>(
            loop_,
            [this](shard::Shard& shard) {
                start_serving(shard);
                return true;
            },
            [this](const std::vector<bool>&) { serving(); });
    });
}

void Broker::start_serving(shard::Shard& shard) {
    Served& served = *served_[shard.id().value];
    server::Server::Options options;
    options.memory_bytes_max = static_cast<size_t>(config_.memory_requests_bytes) / shards_->size();
    options.limits.frame_bytes_max = static_cast<size_t>(config_.socket_request_max_bytes);
    options.idle_max = Milliseconds(config_.connections_max_idle_ms);
    const size_t sessions_max = static_cast<size_t>(config_.max_incremental_fetch_session_cache_slots);
    served.sessions = std::make_unique<server::FetchSessions>(
        shard.random(), server::FetchSessions::Options{.sessions_max = sessions_max / shards_->size(),
                                                       .shard = shard.id().value,
                                                       .shard_count = static_cast<uint32_t>(shards_->size())});
    const server::Context context{.shards = *shards_,
                                  .shard = shard,
                                  .identity = identity_,
                                  .settings = loaded_.settings,
                                  .controller = *gate_,
                                  .fetch_sessions = *served.sessions,
                                  .groups = *groups_,
                                  .quotas = quotas_->of(shard),
                                  .all_quotas = *quotas_,
                                  .client_metrics = *client_metrics_};
    groups_->open(shard);
    shard.partitions().when_caught_up([this, &shard](const replica::PartitionKey& key, const Uuid& directory) {
        auto request = std::make_shared<const controller::AssignDirectory>(
            controller::AssignDirectory{config_.quorum.node_id, key.topic_id, key.partition, directory});
        gate_->submit<controller::AssignDirectory, Result<void>>(shard, request, [](const Result<void>&) {});
    });
    served.server = std::make_unique<server::Server>(context, *limiter_, options);
    for (const BoundListener& listener : listeners_)
        served.server->listen(listener.sockets.descriptors[shard.id().value], config_.socket_listen_backlog_size,
                              listener.endpoint.listener_name);
    served.maintenance = std::make_unique<Maintenance>(shard, config_);
    if (shard.id() == ShardId{0}) tick_raft();
}

void Broker::tick_raft() {
    raft_->tick();
    shards_->first().loop().after(raft_tick_interval, [this] { tick_raft(); });
}

void Broker::serving() {
    if (phase_ == Phase::stopping) return;
    phase_ = Phase::active;
    checkpoints_ = std::make_unique<OffsetCheckpoints>(*shards_, loop_, disk_, dirs_.directories, config_);
    for (const BoundListener& listener : listeners_)
        log_info("listener open", {{"listener", listener.endpoint.listener_name},
                                   {"host", listener.endpoint.host.empty() ? "*" : listener.endpoint.host},
                                   {"port", listener.sockets.port}});
    const auto elapsed = std::chrono::duration_cast<Milliseconds>(clock_.now() - started_at_);
    log_info("broker ready", {{"node", config_.quorum.node_id},
                              {"cluster_id", dirs_.cluster_id},
                              {"version", version},
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
    const bool was_active = phase_ == Phase::active;
    phase_ = Phase::stopping;
    http_.reset();
    peer_server_.reset();
    checkpoints_.reset();
    // Nothing has been served yet: what was being recovered is recovered again.
    if (!was_active) return loop_.stop();
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
            if (shard.id() == ShardId{0}) end.all_closed = raft_->close().has_value() && end.all_closed;
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
            (void)storage::write_clean_marker(disk_, directory.path);
    log_info("broker stopped", {{"clean", is_clean}});
    loop_.stop();
}

// --- what probes and Prometheus see ----------------------------------------------------------------------------------

server::HttpResponse Broker::answer_http(const std::string& path) const {
    static constexpr std::array<std::string_view, 4> names{"starting", "recovering", "active", "stopping"};
    const Phase phase = phase_;
    server::HttpResponse response;
    if (path == "/healthz" || path == "/readyz") {
        const bool is_fine = path == "/healthz" || phase == Phase::active;
        response.status = is_fine ? 200 : 503;
        response.content_type = "application/json";
        response.body = "{\"phase\":\"" + std::string(names[static_cast<size_t>(phase)]) + "\",\"cluster_id\":\"" +
                        identity_.cluster_id + "\",\"node_id\":" + std::to_string(config_.quorum.node_id.value) + "}\n";
        return response;
    }
    return {.status = 404, .body = "/metrics, /healthz or /readyz\n"};
}

}  // namespace milena
