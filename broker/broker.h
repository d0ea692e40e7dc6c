// Broker: the whole process put together. Opens the log directories, starts the shards, the metadata log and its
// controller on the first of them, registers this node, opens the listeners; and takes everything down again in the
// opposite order. Lives on the main thread, which has a loop of its own for signals, the HTTP endpoint and checkpoint
// files; owns all parts, and decides nothing that a request could notice.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin_endpoint.h"
#include "controller/controller.h"
#include "controller/registered_images.h"
#include "controller_endpoint.h"
#include "controller_registrar.h"
#include "directory_assignments.h"
#include "env/posix/disk_threads.h"
#include "env/posix/posix_disk.h"
#include "lifecycle.h"
#include "load_reporter.h"
#include "log_dirs.h"
#include "maintenance.h"
#include "offset_checkpoints.h"
#include "peers.h"
#include "raft/raft.h"
#include "replication.h"
#include "server/client_metrics.h"
#include "server/connection_limiter.h"
#include "server/consumer_lag.h"
#include "server/context.h"
#include "server/controller_gate.h"
#include "server/fetch_sessions.h"
#include "server/group_gate.h"
#include "server/http.h"
#include "server/leader_check.h"
#include "server/listener.h"
#include "server/metrics.h"
#include "server/quota_gate.h"
#include "server/server.h"
#include "settings/load.h"
#include "shard/shard.h"

namespace milena {

class Broker {
  public:
    explicit Broker(settings::Loaded loaded);
    ~Broker();
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    // Serves until SIGTERM or SIGINT; the exit status of the process. Doesn't return when it has failed: the process
    // ends with status 1.
    int run();

  private:
    using Phase = peer::Phase;

    struct BoundListener {
        settings::Endpoint endpoint;
        server::BoundSockets sockets;
    };

    // What one shard serves with; touched by its thread only.
    struct Served {
        std::unique_ptr<server::FetchSessions> sessions;
        std::unique_ptr<server::Server> server;
        std::unique_ptr<Maintenance> maintenance;
    };

    Result<void, std::string> start();
    Result<void, std::string> bind_listeners();
    Result<void, std::string> start_http();
    Result<void, std::string> start_peers();
    void lost(NodeId node);
    void ask_whether_gone(NodeId node, std::function<void(bool)> done);
    void save_offsets(const replica::PartitionKey& key, std::function<void(ErrorCode)> done);
    void start_shards();
    void start_controller();  // the next ones run on the first shard
    Result<void, std::string> open_raft();
    void publish(const metadata::Delta& delta, std::function<void()> published);
    void adopt_settings(const metadata::Image& image);
    void readdress_controller();
    void report_health(const metadata::Image& image);
    void report_cordoned(const metadata::Image& image);
    std::vector<Uuid> cordoned_directories() const;
    [[noreturn]] void halt() const;
    void watch_directories();
    std::function<void(const Uuid&)> tell_directory_failed();
    void directory_failed(const Uuid& directory);
    void directory_filled(ShardId shard, const Uuid& directory, bool is_full);
    std::vector<Uuid> full_directories() const;
    void begin_lifecycle();
    controller::BrokerRegistration registration() const;
    controller::ControllerRegistration controller_registration() const;
    void open_listeners();
    void start_serving(shard::Shard& shard);  // on each shard
    void tick_raft();
    void serving();
    void fail(const std::string& reason);  // any thread

    void stop();
    void drain();
    void flush_logs();
    void close_logs();
    void logs_closed(const std::vector<MaintenanceEnd>& ends);
    server::HttpResponse answer_http(const std::string& path) const;
    void answer_metrics(server::HttpServer::Respond respond);

    const settings::Loaded loaded_;
    const settings::BrokerConfig& config_;
    env::SystemClock clock_;
    env::SystemRandom random_;
    const Instant started_at_;
    peer::Health health_;
    shard::Loop loop_;  // of the main thread

    env::DiskThreads disk_threads_;
    env::PosixDisk disk_;  // of the main thread
    LogDirs dirs_;
    server::NodeIdentity identity_;
    const Uuid incarnation_id_;            // of this run
    controller::RegisteredImages images_;  // what the shards are given
    std::vector<BoundListener> listeners_;
    std::unique_ptr<shard::Shards> shards_;
    std::unique_ptr<server::ConnectionLimiter> limiter_;
    std::vector<std::unique_ptr<Served>> served_;  // by shard
    std::unique_ptr<server::GroupGate> groups_;
    std::unique_ptr<server::ClientMetrics> client_metrics_;  // used by the first shard
    std::unique_ptr<server::ConsumerLagReader> lag_;
    std::unique_ptr<server::QuotaGate> quotas_;
    std::unique_ptr<server::HttpServer> http_;
    ControllerEndpoint controller_endpoint_;
    AdminEndpoint admin_endpoint_;
    std::unique_ptr<Replication> replication_;
    std::unique_ptr<Peers> peers_;

    // On the first shard.
    std::unique_ptr<raft::Raft> raft_;
    std::unique_ptr<controller::Controller> controller_;
    std::unique_ptr<server::ControllerGate> gate_;
    std::unique_ptr<server::LeaderCheck> leader_check_;
    std::unique_ptr<ControllerRegistrar> registrar_;  // null: no controller
    std::unique_ptr<Lifecycle> lifecycle_;
    std::unique_ptr<DirectoryAssignments> assignments_;
    std::unique_ptr<LoadReporter> loads_;
    std::vector<Uuid> failed_directories_;
    std::map<Uuid, std::set<ShardId>> full_for_;  // directories, and the shards that find them full
    settings::BrokerSettings live_settings_;      // with what is dynamic
    std::shared_ptr<const settings::BrokerConfig> live_config_;

    std::unique_ptr<OffsetCheckpoints> checkpoints_;

    int exit_status_ = 0;
};

}  // namespace milena
