// ClientMetrics: what clients are asked to tell of themselves, and what they have told (KIP-714). Subscriptions come
// from the image; a client that pushes is remembered until it is silent for three intervals or its connection has
// ended. Its numbers are shown by /metrics until then. Lives on the first shard; asks nobody for the time.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "env/random.h"
#include "metadata/image.h"
#include "server/client_match.h"
#include "server/otlp.h"
#include "wire/compression.h"
#include "wire/messages/telemetry.h"

namespace milena::server {

// Who asks; `connection` expires when the connection has ended.
struct TelemetryClient {
    ClientAttributes attributes;
    std::weak_ptr<const void> connection;
};

// One value as /metrics shows it.
struct ClientMetricValue {
    std::string client_id;
    std::string metric;
    double value = 0;
    bool is_total = false;
};

struct ClientMetricsReport {
    std::vector<ClientMetricValue> values;
    size_t clients = 0;
    uint64_t pushes = 0;
    uint64_t pushes_refused = 0;
    uint64_t values_dropped = 0;  // there was no room for them
};

class ClientMetrics {
  public:
    static constexpr size_t clients_max = 16'384;
    static constexpr size_t attributes_bytes_max = 16U << 20;  // clients call themselves what they like
    static constexpr size_t values_max = 10'000;               // of all clients together

    struct Environment {
        env::Random& random;
        wire::Decompressor& decompressor;
    };
    // What a request is answered with: the cluster and the time as they are now.
    struct Moment {
        const metadata::Image& image;
        Instant now;
        int32_t bytes_max = 0;  // telemetry.max.bytes
    };

    explicit ClientMetrics(const Environment& environment) : environment_(environment) {}
    ClientMetrics(const ClientMetrics&) = delete;
    ClientMetrics& operator=(const ClientMetrics&) = delete;

    wire::GetTelemetrySubscriptionsResponse subscriptions(const Moment& moment,
                                                          const wire::GetTelemetrySubscriptionsRequest& request,
                                                          const TelemetryClient& client);
    ErrorCode push(const Moment& moment, const wire::PushTelemetryRequest& request, const TelemetryClient& client);

    ClientMetricsReport report(Instant now);
    size_t attributes_bytes() const { return attributes_bytes_; }

  private:
    struct Subscription {
        std::set<std::string> metrics;
        int32_t interval_ms = 0;
        ClientMatch match;
    };
    struct Instance {
        TelemetryClient client;
        uint64_t version = 0;  // of the subscriptions that it was told
        int32_t subscription_id = 0;
        std::set<std::string> metrics;
        int32_t interval_ms = 0;
        std::optional<Instant> last_get;
        std::optional<Instant> last_push;
        bool is_terminating = false;
        ErrorCode last_error = ErrorCode::none;  // of a push
        Instant expires;
        std::map<std::string, OtlpValue, std::less<>> values;
        std::list<Uuid>::iterator age;
    };

    void learn_subscriptions(const metadata::Image& image);
    Instance& instance(const Uuid& id, const TelemetryClient& client, Instant now);
    void subscribe(const Uuid& id, Instance& instance) const;
    void forget(const Uuid& id);
    void expire(Instant now);
    ErrorCode check_push(const Moment& moment, const wire::PushTelemetryRequest& request, Instance& instance) const;
    ErrorCode take_in(const Moment& moment, const wire::PushTelemetryRequest& request, Instance& instance);

    const Environment environment_;
    std::shared_ptr<const metadata::Configs> configs_;  // that subscriptions_ were made of
    std::map<std::string, metadata::Texts> texts_;      // those of them that are about clients
    std::vector<Subscription> subscriptions_;
    uint64_t version_ = 1;
    std::unordered_map<Uuid, Instance> instances_;
    std::list<Uuid> by_age_;  // who spoke longest ago comes first
    size_t attributes_bytes_ = 0;
    size_t values_count_ = 0;
    uint64_t pushes_ = 0;
    uint64_t pushes_refused_ = 0;
    uint64_t values_dropped_ = 0;
};

// The lines that /metrics shows of it.
std::string render_client_metrics(const ClientMetricsReport& report);

}  // namespace milena::server
