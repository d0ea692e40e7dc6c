#include "operator.h"

#include <condition_variable>

#include "base/log.h"
#include "kube/cpprest_transport.h"
#include "metrics.h"

namespace milena {
namespace {

// How often it is looked whether everything was seen, and the lease is ours, before the workers begin.
constexpr std::chrono::milliseconds look_again{50};

}  // namespace

Operator::Operator(OperatorConfig config, std::shared_ptr<kube::Access> access, const reconcile::BrokersOf& brokers_of,
                   reconcile::TopicsOf topics_of, env::Clock& clock, env::Random& random)
    : config_(std::move(config)),
      clock_(clock),
      election_transport_(kube::make_cpprest_transport(access)),
      transport_(kube::make_cpprest_transport(access)),
      election_client_(*election_transport_),
      client_(*transport_, [this] { return is_leader(); }),
      events_(client_, clock, config_.instance),
      clusters_(clock, random),
      topics_(clock, random),
      watches_(client_, config_.watches, clusters_, topics_, clock, random),
      election_(election_client_, config_.election, clock, [this] { return watches_.version_seen(); }),
      cluster_reconciler_(watches_, client_, events_, clock, brokers_of, config_.settings),
      cluster_controller_(
          "KafkaCluster", clusters_, [this](const kube::ObjectKey& key) { return cluster_reconciler_.reconcile(key); },
          clock),
      topic_reconciler_(watches_, client_, events_, topics_, clock, brokers_of, std::move(topics_of), config_.topics),
      topic_controller_(
          "KafkaTopic", topics_,
          [this](const std::vector<kube::ObjectKey>& keys) { return topic_reconciler_.reconcile(keys); },
          reconcile::TopicReconciler::keys_max, clock) {
    client_.set_deadline(config_.deadline);
}

Operator::~Operator() { stop(); }

void Operator::start() {
    watches_.start();
    if (!config_.elects) return;
    election_thread_ = std::thread([this] {
        const bool has_ended_well = election_.run();
        {
            const std::lock_guard lock(mutex_);
            has_lost_ = !has_ended_well;
        }
        changed_.notify_all();
    });
}

bool Operator::run() {
    std::unique_lock lock(mutex_);
    const auto is_over = [this] { return is_stopped_ || has_lost_; };
    while (!is_over() && !may_begin()) changed_.wait_for(lock, look_again, is_over);
    if (!is_over()) {
        log_info("operator begins", {{"instance", config_.instance}, {"workers", config_.workers}});
        cluster_controller_.start(config_.workers);
        topic_controller_.start(config_.workers);
    }
    changed_.wait(lock, is_over);
    return !has_lost_;
}

// A13: nothing is done by an API server that doesn't know yet what the one who led before has seen.
bool Operator::may_begin() {
    if (!is_leader() || !is_ready()) return false;
    if (!config_.elects) return true;
    watches_.require(election_.version_before());
    return !watches_.are_behind();
}

void Operator::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify_all();
    cluster_controller_.stop();
    topic_controller_.stop();
    watches_.stop();
    election_.stop();
    if (election_thread_.joinable()) {
        election_thread_.join();
        election_.release();
    }
}

bool Operator::is_live() const {
    const Instant now = clock_.now();
    for (const auto& [kind, watched] : watches_.kinds()) {
        const auto& config = watched.reflector->config();
        const auto heard_at = watched.reflector->stats().heard_at;
        // Twice what its own watchdog allows; while the API server is away nothing is mended by a restart.
        const bool has_error = watched.reflector->stats().error.has_value();
        if (heard_at && !has_error && now - *heard_at > 2 * (config.watch_timeout + config.idle_margin)) return false;
    }
    return true;
}

std::string Operator::metrics() {
    OperatorMetrics metrics;
    metrics.add_leader(is_leader());
    metrics.add_requests(client_.requests());
    metrics.add_requests(election_client_.requests());
    for (const auto& [kind, watched] : watches_.kinds())
        metrics.add_watch(kind, watched.reflector->stats(), watched.store->size(), watched.store->bytes(),
                          clock_.now());
    metrics.add_controller(cluster_controller_);
    metrics.add_controller(topic_controller_);
    metrics.add_steps("KafkaCluster", cluster_reconciler_.steps());
    metrics.add_steps("KafkaTopic", topic_reconciler_.steps());
    const kube::Store& clusters = watches_.store("KafkaCluster");
    for (const kube::ObjectKey& key : clusters.keys())
        if (const auto object = clusters.find(key)) metrics.add_cluster(*object, clock_.wall());
    for (const auto& [cluster, ready, count] : watches_.topic_counts()) metrics.add_topics(cluster, ready, count);
    const size_t topics = watches_.store("KafkaTopic").size();
    metrics.add_brake("KafkaTopic", watches_.vanishing_topics().are_many(topics, clock_.now()));
    return metrics.text();
}

}  // namespace milena
