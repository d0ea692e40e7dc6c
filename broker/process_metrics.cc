#include <cstdio>
#include <optional>

#include <sys/resource.h>
#include <unistd.h>

#include "base/release.h"
#include "broker.h"
#include "controller/cluster_health.h"
#include "server/lag_metrics.h"

namespace milena {
namespace {

uint64_t resident_bytes() {
    unsigned long long total = 0;
    unsigned long long resident = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%llu %llu", &total, &resident) != 2) resident = 0;
        std::fclose(file);
    }
    return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// By the controller of this node.
struct ClusterAsSeen {
    controller::MoverMetrics moves;
    std::shared_ptr<const metadata::Image> image;
    std::optional<controller::RulesOfTopics> rules;
    controller::ElectionCounts elections;
    std::optional<server::RaftMetrics> raft;
};

}  // namespace

void Broker::answer_metrics(server::HttpServer::Respond respond) {
    const bool is_active = health_.progress == Phase::active;
    // Written by the first shard before it reports.
    const auto clients = std::make_shared<server::ClientMetricsReport>();
    const auto cluster = std::make_shared<ClusterAsSeen>();
    const auto finish = [this, respond, is_active, clients, cluster](const std::vector<server::ShardMetrics>& shards,
                                                                     const server::ConsumerLag& lag) {
        server::ProcessMetrics process;
        process.version = release.version;
        const auto age = std::chrono::duration_cast<Milliseconds>(clock_.now() - started_at_);
        process.start_time_seconds = static_cast<double>(clock_.wall().value - age.count()) / 1e3;
        process.cpu_seconds = cpu_seconds();
        process.resident_bytes = resident_bytes();
        process.is_active = is_active;
        process.is_active_controller = is_active && gate_->is_active();
        process.moves = cluster->moves;
        process.elections = cluster->elections;
        process.raft = cluster->raft;
        // The image never changes: no shard waits while it is looked through.
        if (process.is_active_controller) process.health = controller::cluster_health(*cluster->image, *cluster->rules);
        for (const server::ShardMetrics& shard : shards)
            process.metadata_offset = std::max(process.metadata_offset, shard.metadata_offset);
        respond({.content_type = "text/plain; version=0.0.4; charset=utf-8",
                 .body = server::render_metrics(shards, process) + server::render_lag(lag) +
                         server::render_client_metrics(*clients)});
    };
    if (!is_active) return finish({}, {});
    shards_->gather<server::ShardMetrics>(
        loop_,
        [this, clients, cluster](shard::Shard& shard, auto report) {
            const size_t i = shard.id().value;
            if (i == 0) {
                *clients = client_metrics_->report(shard.clock().now());
                cluster->moves = controller_->mover_metrics();
                cluster->elections = controller_->elections();
                cluster->raft = server::raft_metrics(*raft_);
                cluster->image = shard.image();
                cluster->rules.emplace(*cluster->image, controller_->settings());
            }
            server::collect_metrics(shard, *served_[i]->server,
                                    [this, report, id = shard.id()](server::ShardMetrics metrics) {
                                        metrics.streams = replication_->stream_metrics(id);
                                        report(std::move(metrics));
                                    });
        },
        [this, finish](std::vector<server::ShardMetrics> gathered) {
            const auto shards = std::make_shared<std::vector<server::ShardMetrics>>(std::move(gathered));
            lag_->read([finish, shards](const server::ConsumerLag& lag) { finish(*shards, lag); });
        });
}

}  // namespace milena
