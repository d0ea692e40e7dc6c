#include "kube/election.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/metadata.h"
#include "api/time_text.h"
#include "base/check.h"
#include "base/log.h"

namespace milena::kube {
namespace {

using nlohmann::json;

constexpr const char* seen_key = "milena.dev/resource-version";

const json& spec_of(const json& lease) { return api::member(lease, "spec"); }

int64_t number_of(const json& spec, const char* key, int64_t fallback) {
    const json& found = api::member(spec, key);
    return found.is_number_integer() ? found.get<int64_t>() : fallback;
}

}  // namespace

Election::Election(Client& client, ElectionConfig config, env::Clock& clock, VersionSeen version_seen)
    : client_(client), config_(std::move(config)), clock_(clock), version_seen_(std::move(version_seen)) {
    check(config_.renew_deadline < config_.lease && config_.retry < config_.renew_deadline);
}

bool Election::is_leader() const { return clock_.now().since_start.count() < valid_until_ns_; }

void Election::tick() {
    const Instant asked_at = clock_.now();
    // No answer is waited for longer than the lease is ours: then the process has to end, answer or not.
    Duration patience = config_.renew_deadline / 2;
    if (is_leader()) patience = std::min(patience, Duration(valid_until_ns_) - asked_at.since_start);
    client_.set_deadline(std::max(std::chrono::ceil<Milliseconds>(patience), Milliseconds(1)));

    const ResourceType& type = resource_type("Lease");
    auto lease = client_.read(type, {config_.space, config_.name});
    if (!lease && lease.error().reason == Reason::not_found) {
        const json empty = {{"apiVersion", "coordination.k8s.io/v1"},
                            {"kind", "Lease"},
                            {"metadata", {{"name", config_.name}, {"namespace", config_.space}}}};
        return won(client_.create(type, held(empty)), asked_at);
    }
    if (!lease) {
        log_warn("lease unreadable", {{"error", lease.error().to_string()}});
        return;
    }
    if (!may_take(*lease, asked_at)) {
        valid_until_ns_ = INT64_MIN;
        return;
    }
    won(client_.replace(type, held(*std::move(lease))), asked_at);
}

// Ours, nobody's, or of one who has let it stand for as long as it promised to renew it. Its times are of another clock
// and only compared with each other.
bool Election::may_take(const json& lease, Instant now) {
    const json& spec = spec_of(lease);
    const std::string holder = api::text_at(spec, "holderIdentity");
    if (holder.empty() || holder == config_.identity) return true;
    const std::string renewed = api::text_at(spec, "renewTime");
    if (!observed_ || observed_->holder != holder || observed_->renewed != renewed) {
        const int64_t seconds = std::clamp<int64_t>(number_of(spec, "leaseDurationSeconds", 15), 1, 3600);
        observed_ = Observed{holder, renewed, now, std::chrono::seconds(seconds)};
        return false;
    }
    return now - observed_->since >= std::max<Duration>(observed_->lease, config_.lease);
}

json Election::held(json lease) {
    const json before = spec_of(lease);
    json& spec = lease["spec"];
    if (!spec.is_object()) spec = json::object();
    const std::string now = api::micro_time_text(clock_.wall());
    const bool is_ours = api::text_at(before, "holderIdentity") == config_.identity;
    spec["holderIdentity"] = config_.identity;
    spec["leaseDurationSeconds"] = std::max<int64_t>(1, std::chrono::ceil<std::chrono::seconds>(config_.lease).count());
    spec["renewTime"] = now;
    if (is_ours) {
        const std::string seen = version_seen_();
        if (seen.empty()) return lease;
        json& annotations = lease["metadata"]["annotations"];
        if (!annotations.is_object()) annotations = json::object();
        annotations[seen_key] = seen;
        return lease;
    }
    spec["acquireTime"] = now;
    spec["leaseTransitions"] = number_of(before, "leaseTransitions", -1) + 1;
    const std::lock_guard lock(mutex_);
    version_before_ = api::metadata_of(lease).annotations[seen_key];
    return lease;
}

std::string Election::version_before() const {
    const std::lock_guard lock(mutex_);
    return version_before_;
}

void Election::won(const Outcome<json>& answer, Instant asked_at) {
    if (!answer) {
        log_warn("lease not renewed", {{"error", answer.error().to_string()}});
        return;
    }
    if (!has_led_.exchange(true)) log_info("lease acquired", {{"identity", config_.identity}});
    // Counted from before the request: whoever looks at the lease saw it later.
    valid_until_ns_ = (asked_at + config_.renew_deadline).since_start.count();
}

bool Election::run() {
    while (true) {
        tick();
        if (has_led_ && !is_leader()) {
            log_error("lease lost", {{"identity", config_.identity}});
            return false;
        }
        Duration pause = config_.retry;
        if (has_led_) pause = std::min(pause, Duration(valid_until_ns_) - clock_.now().since_start);
        std::unique_lock lock(mutex_);
        if (stopped_.wait_for(lock, pause, [this] { return is_stopped_; })) return true;
        if (has_led_ && !is_leader()) return false;
    }
}

void Election::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
    }
    stopped_.notify_all();
}

void Election::release() {
    if (!is_leader()) return;
    const ResourceType& type = resource_type("Lease");
    auto lease = client_.read(type, {config_.space, config_.name});
    valid_until_ns_ = INT64_MIN;
    if (!lease || api::text_at(spec_of(*lease), "holderIdentity") != config_.identity) return;
    (*lease)["spec"]["holderIdentity"] = "";
    const auto released = client_.replace(type, *lease);
    if (!released) log_info("lease not released", {{"error", released.error().to_string()}});
}

}  // namespace milena::kube
