#include "server/client_metrics.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "base/utf8.h"
#include "settings/value.h"

namespace milena::server {
namespace {

using wire::Codec;
using GetRequest = wire::GetTelemetrySubscriptionsRequest;
using GetResponse = wire::GetTelemetrySubscriptionsResponse;
using PushRequest = wire::PushTelemetryRequest;

constexpr std::string_view all_metrics = "*";
constexpr int32_t default_interval_ms = 300'000;
constexpr Milliseconds forgotten_after_min{60'000};
constexpr size_t growth_max = 8;  // how much larger than telemetry.max.bytes a push may be when it is decompressed

std::string text_of(const metadata::Texts& texts, std::string_view name) {
    const auto at = texts.find(std::string(name));
    return at == texts.end() ? "" : at->second;
}

int32_t interval_of(const metadata::Texts& texts) {
    return static_cast<int32_t>(settings::parse_integer(text_of(texts, "interval.ms")).value_or(default_interval_ms));
}

// As Kafka computes it; where there are several metrics the order is ours.
int32_t subscription_id_of(const std::set<std::string>& metrics, int32_t interval_ms, const Uuid& client) {
    std::string text = "[";
    for (const std::string& metric : metrics) text += (text.size() == 1 ? "" : ", ") + metric;
    text += "]" + std::to_string(interval_ms);
    const uint64_t mixed = client.high ^ client.low;
    const uint32_t client_hash = static_cast<uint32_t>(mixed >> 32) ^ static_cast<uint32_t>(mixed);
    return static_cast<int32_t>(crc32c(std::as_bytes(std::span(text.data(), text.size()))) ^ client_hash);
}

bool is_codec(int8_t number) { return number >= 0 && number <= static_cast<int8_t>(Codec::zstd); }

size_t bytes_of(const ClientAttributes& attributes) {
    size_t bytes = 0;
    for (const auto& [name, value] : attributes) bytes += name.size() + value.size();
    return bytes;
}

}  // namespace

// Whatever other settings change, clients are told anew only when theirs do.
void ClientMetrics::learn_subscriptions(const metadata::Image& image) {
    if (image.configs == configs_) return;
    configs_ = image.configs;
    std::map<std::string, metadata::Texts> texts;
    for (const auto& config : *configs_)
        if (config->resource.type == metadata::ConfigResourceType::client_metrics)
            texts[config->resource.name] = config->values;
    if (texts == texts_) return;
    texts_ = std::move(texts);
    ++version_;
    subscriptions_.clear();
    for (const auto& [name, values] : texts_) {
        Subscription& subscription = subscriptions_.emplace_back();
        const std::vector<std::string> metrics = settings::parse_list(text_of(values, "metrics"));
        subscription.metrics.insert(metrics.begin(), metrics.end());
        subscription.interval_ms = interval_of(values);
        subscription.match = ClientMatch::parse(text_of(values, "match"));
    }
}

void ClientMetrics::subscribe(const Uuid& id, Instance& instance) const {
    instance.version = version_;
    instance.metrics.clear();
    instance.interval_ms = default_interval_ms;
    for (const Subscription& subscription : subscriptions_) {
        if (!subscription.match.fits(instance.client.attributes)) continue;
        instance.metrics.insert(subscription.metrics.begin(), subscription.metrics.end());
        instance.interval_ms = std::min(instance.interval_ms, subscription.interval_ms);
    }
    if (instance.metrics.contains(std::string(all_metrics))) instance.metrics = {std::string(all_metrics)};
    instance.subscription_id = subscription_id_of(instance.metrics, instance.interval_ms, id);
    instance.last_get.reset();
    instance.last_push.reset();
    instance.is_terminating = false;
    instance.last_error = ErrorCode::none;
}

ClientMetrics::Instance& ClientMetrics::instance(const Uuid& id, const TelemetryClient& client, Instant now) {
    expire(now);
    auto at = instances_.find(id);
    if (at != instances_.end() && at->second.client.connection.expired()) {
        forget(id);
        at = instances_.end();
    }
    if (at == instances_.end()) {
        if (instances_.size() >= clients_max) forget(Uuid(by_age_.front()));
        at = instances_.try_emplace(id).first;
        at->second.client = client;
        at->second.client.attributes["client_instance_id"] = id.to_string();
        at->second.age = by_age_.insert(by_age_.end(), id);
        attributes_bytes_ += bytes_of(at->second.client.attributes);
        while (attributes_bytes_ > attributes_bytes_max && by_age_.front() != id) forget(Uuid(by_age_.front()));
        subscribe(id, at->second);
    } else if (at->second.version != version_) {
        subscribe(id, at->second);
    }
    Instance& found = at->second;
    found.expires = now + std::max(forgotten_after_min, 3 * Milliseconds(found.interval_ms));
    by_age_.splice(by_age_.end(), by_age_, found.age);
    return found;
}

void ClientMetrics::forget(const Uuid& id) {
    const auto at = instances_.find(id);
    if (at == instances_.end()) return;
    attributes_bytes_ -= bytes_of(at->second.client.attributes);
    values_count_ -= at->second.values.size();
    by_age_.erase(at->second.age);
    instances_.erase(at);
}

void ClientMetrics::expire(Instant now) {
    while (!by_age_.empty() && instances_.at(by_age_.front()).expires <= now) forget(Uuid(by_age_.front()));
}

GetResponse ClientMetrics::subscriptions(const Moment& moment, const GetRequest& request,
                                         const TelemetryClient& client) {
    learn_subscriptions(moment.image);
    Uuid id = request.client_instance_id;
    if (id == Uuid{}) id = Uuid::from_random(environment_.random.next(), environment_.random.next());
    Instance& known = instance(id, client, moment.now);
    GetResponse response;
    const std::optional<Instant> last = std::max(known.last_get, known.last_push);
    const bool is_due = !last || moment.now - *last >= Milliseconds(known.interval_ms);
    // Who was told that it has the wrong subscription is expected to ask for the right one.
    const bool must_ask = known.last_error == ErrorCode::unknown_subscription_id ||
                          known.last_error == ErrorCode::unsupported_compression_type;
    if (!is_due && !must_ask) {
        response.error_code = ErrorCode::throttling_quota_exceeded;
        return response;
    }
    if (is_due) known.last_get = moment.now;
    known.last_error = ErrorCode::none;
    response.client_instance_id = id;
    response.subscription_id = known.subscription_id;
    for (const Codec codec : {Codec::zstd, Codec::lz4, Codec::gzip, Codec::snappy})
        response.accepted_compression_types.push_back(static_cast<int8_t>(codec));
    response.push_interval_ms = known.interval_ms;
    response.telemetry_max_bytes = moment.bytes_max;
    response.delta_temporality = true;
    response.requested_metrics.assign(known.metrics.begin(), known.metrics.end());
    return response;
}

// A push may follow at once on the subscriptions, another one after the interval, the last one any time.
ErrorCode ClientMetrics::check_push(const Moment& moment, const PushRequest& request, Instance& known) const {
    if (known.is_terminating) return ErrorCode::invalid_request;
    const bool is_due = known.last_get > known.last_push || !known.last_push ||
                        moment.now - *known.last_push >= Milliseconds(known.interval_ms);
    if (is_due) known.last_push = moment.now;
    if (!is_due && !request.terminating) return ErrorCode::throttling_quota_exceeded;
    if (request.subscription_id != known.subscription_id) return ErrorCode::unknown_subscription_id;
    if (!is_codec(request.compression_type)) return ErrorCode::unsupported_compression_type;
    if (request.metrics.size() > static_cast<size_t>(moment.bytes_max)) return ErrorCode::telemetry_too_large;
    return ErrorCode::none;
}

ErrorCode ClientMetrics::push(const Moment& moment, const PushRequest& request, const TelemetryClient& client) {
    learn_subscriptions(moment.image);
    constexpr Uuid reserved{0, 1};
    if (request.client_instance_id == Uuid{} || request.client_instance_id == reserved)
        return ErrorCode::invalid_request;
    Instance& known = instance(request.client_instance_id, client, moment.now);
    ErrorCode error = check_push(moment, request, known);
    known.is_terminating = request.terminating;
    if (error == ErrorCode::none && !request.metrics.empty()) error = take_in(moment, request, known);
    known.last_error = error;
    ++(error == ErrorCode::none ? pushes_ : pushes_refused_);
    return error;
}

ErrorCode ClientMetrics::take_in(const Moment& moment, const PushRequest& request, Instance& known) {
    std::vector<std::byte> data;
    const auto codec = static_cast<Codec>(request.compression_type);
    const size_t bytes_max = static_cast<size_t>(moment.bytes_max) * growth_max;
    const auto decompressed = environment_.decompressor.decompress_all(codec, request.metrics.span(), bytes_max, data);
    if (!decompressed.has_value())
        return decompressed.error() == ErrorCode::message_too_large ? ErrorCode::telemetry_too_large
                                                                    : ErrorCode::invalid_record;
    const auto values = read_otlp(data);
    if (!values.has_value()) return values.error();
    for (const auto& [metric, value] : *values) {
        const auto at = known.values.find(metric);
        if (at == known.values.end()) {
            if (values_count_ >= values_max) {
                ++values_dropped_;
                continue;
            }
            ++values_count_;
            known.values.emplace(metric, value);
        } else {
            const double before = value.is_total && value.is_delta ? at->second.value : 0;
            at->second = value;
            at->second.value += before;
        }
    }
    return ErrorCode::none;
}

// Clients with the same id are one to whoever looks at them.
ClientMetricsReport ClientMetrics::report(Instant now) {
    expire(now);
    std::map<std::pair<std::string, std::string>, OtlpValue> together;
    for (const auto& [id, known] : instances_) {
        const auto client_id = known.client.attributes.find("client_id");
        const std::string label = client_id == known.client.attributes.end() ? "" : to_utf8(client_id->second);
        for (const auto& [metric, value] : known.values) {
            const auto [at, is_new] = together.try_emplace({label, to_utf8(metric)}, value);
            if (is_new) continue;
            at->second.value =
                value.is_total ? at->second.value + value.value : std::max(at->second.value, value.value);
        }
    }
    ClientMetricsReport report{.values = {},
                               .clients = instances_.size(),
                               .pushes = pushes_,
                               .pushes_refused = pushes_refused_,
                               .values_dropped = values_dropped_};
    for (const auto& [key, value] : together)
        report.values.push_back({key.first, key.second, value.value, value.is_total});
    return report;
}

}  // namespace milena::server
