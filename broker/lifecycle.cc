#include "lifecycle.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace milena {
namespace {

// While something is awaited: the own record in the log, the end of being fenced, leaderships that move away.
constexpr Duration impatient_interval = std::chrono::milliseconds(20);
constexpr Duration registration_retry_interval = std::chrono::milliseconds(200);
constexpr Duration leaving_max = std::chrono::seconds(20);
constexpr Duration leaving_look_interval = std::chrono::milliseconds(100);
constexpr Milliseconds longest_timeout = std::chrono::hours(24 * 365);  // "never" would overflow the clock

}  // namespace

Lifecycle::Lifecycle(const Environment& environment, const settings::BrokerConfig& config, Events events)
    : environment_(environment),
      heartbeat_interval_(Milliseconds(config.broker_heartbeat_interval_ms)),
      failure_timeout_(std::min(Milliseconds(config.log_dir_failure_timeout_ms), longest_timeout)),
      election_max_(Milliseconds(config.quorum_election_timeout_ms) * 2),
      hands_over_(config.controlled_shutdown_enable),
      events_(std::move(events)) {}

Lifecycle::~Lifecycle() {
    environment_.loop.cancel(timer_);
    environment_.loop.cancel(watching_);
}

void Lifecycle::start() { register_node(); }

void Lifecycle::register_node() {
    state_ = State::registering;
    environment_.gate.ask<controller::BrokerRegistration, controller::BrokerEpoch>(
        described(), if_alive([this](const Result<controller::BrokerEpoch>& epoch) { registered(epoch); }));
}

controller::BrokerRegistration Lifecycle::described() const {
    controller::BrokerRegistration registration = events_.describe();
    std::erase_if(registration.directories,
                  [this](const Uuid& id) { return std::ranges::find(failed_, id) != failed_.end(); });
    registration.is_local = environment_.controller.is_active();
    return registration;
}

void Lifecycle::registered(const Result<controller::BrokerEpoch>& epoch) {
    if (state_ != State::registering) return;
    if (!epoch) {
        const ErrorCode error = epoch.error();
        if (error == ErrorCode::inconsistent_cluster_id || error == ErrorCode::unsupported_version ||
            error == ErrorCode::invalid_registration)
            return events_.on_failed("the broker could not be registered: " + std::string(error_name(error)));
        log_warn("broker not registered yet", {{"error", error}});
        timer_ = environment_.loop.after(registration_retry_interval, if_alive([this] { register_node(); }));
        return;
    }
    epoch_ = epoch->value;
    state_ = State::starting;
    log_info("broker registered", {{"broker_epoch", epoch_}});
    environment_.gate.use_broker_epoch(epoch_);
    events_.on_registered(epoch_);
    image_changed();
    if (state_ == State::starting) beat();
}

// A process that registers once more keeps its epoch, and with it all that it leads.
void Lifecycle::tend_endpoints() {
    if (is_moving_ || (state_ != State::starting && state_ != State::active)) return;
    const metadata::BrokerImage* self = environment_.controller.image()->broker(environment_.gate.node());
    if (self == nullptr || self->epoch != epoch_) return;
    const controller::BrokerRegistration registration = described();
    if (self->endpoints == registration.endpoints) return;
    is_moving_ = true;
    environment_.gate.ask<controller::BrokerRegistration, controller::BrokerEpoch>(
        registration, if_alive([this](const Result<controller::BrokerEpoch>& epoch) { endpoints_told(epoch); }));
}

void Lifecycle::endpoints_told(const Result<controller::BrokerEpoch>& epoch) {
    if (epoch) log_info("broker registered elsewhere", {{"broker_epoch", epoch->value}});
    if (!epoch) log_warn("broker not registered elsewhere yet", {{"error", epoch.error()}});
    // The image may have the registration a little later than the answer; an epoch that isn't this one's is found out
    // by the next heartbeat.
    environment_.loop.after(registration_retry_interval, if_alive([this] {
                                is_moving_ = false;
                                tend_endpoints();
                            }));
}

// What the metadata log says of this registration is what all others go by.
void Lifecycle::image_changed() {
    tend_endpoints();
    if (state_ != State::starting) return;
    const metadata::BrokerImage* self = environment_.controller.image()->broker(environment_.gate.node());
    if (self == nullptr || self->epoch != epoch_ || self->is_fenced) return;
    if (environment_.gate.published_offset() < Offset(epoch_)) return;
    become_active();
}

void Lifecycle::become_active() {
    state_ = State::active;
    beat_after(heartbeat_interval_);
    if (!std::exchange(has_served_, true)) events_.on_active();
}

// Nobody could take over what this broker leads.
bool Lifecycle::is_alone() const { return environment_.controller.image()->brokers->size() <= 1; }

void Lifecycle::beat_after(Duration delay) {
    environment_.loop.cancel(timer_);
    timer_ = environment_.loop.after(delay, if_alive([this] { beat(); }));
}

void Lifecycle::directory_failed(const Uuid& directory) {
    if (std::ranges::find(failed_, directory) != failed_.end()) return;
    failed_.push_back(directory);
    environment_.loop.after(failure_timeout_, if_alive([this, count = failed_.size()] {
                                if (told_count_ < count && state_ != State::left)
                                    events_.on_failed("the controller could not be told of a failed log directory");
                            }));
    if (state_ == State::starting || state_ == State::active) beat_after(Duration{});
}

void Lifecycle::fullness_changed() {
    if (state_ == State::active) beat_after(Duration{});
}

void Lifecycle::beat() {
    if (std::exchange(is_beating_, true)) return;
    controller::BrokerHeartbeat heartbeat;
    heartbeat.broker = environment_.gate.node();
    heartbeat.broker_epoch = epoch_;
    heartbeat.metadata_offset = environment_.gate.published_offset();
    heartbeat.wants_shutdown = state_ == State::leaving;
    heartbeat.offline_directories = failed_;
    std::ranges::sort(heartbeat.offline_directories);
    heartbeat.cordoned_directories = events_.cordoned();
    heartbeat.full_directories = events_.full();
    environment_.gate.ask<controller::BrokerHeartbeat, controller::HeartbeatAnswer>(
        heartbeat,
        if_alive([this, asked_at = environment_.loop.clock().now(), told = failed_.size(),
                  told_full = heartbeat.full_directories](const Result<controller::HeartbeatAnswer>& answer) {
            if (answer) {
                events_.on_heard(asked_at);
                told_count_ = told;
                told_full_ = told_full;
            }
            heard(answer);
        }));
}

Duration Lifecycle::pause() const {
    if (state_ != State::active) return impatient_interval;
    const bool is_known = told_count_ == failed_.size() && told_full_ == events_.full();
    return is_known ? heartbeat_interval_ : std::min(registration_retry_interval, heartbeat_interval_);
}

void Lifecycle::heard(const Result<controller::HeartbeatAnswer>& answer) {
    is_beating_ = false;
    if (state_ == State::registering || state_ == State::left) return;
    if (state_ == State::leaving) {
        if (answer && answer->should_shut_down) return finish_leaving();
        return beat_after(impatient_interval);
    }
    const bool is_forgotten = !answer && (answer.error() == ErrorCode::stale_broker_epoch ||
                                          answer.error() == ErrorCode::broker_id_not_registered);
    if (is_forgotten) {
        log_warn("broker registers anew", {{"broker_epoch", epoch_}, {"error", answer.error()}});
        return register_node();
    }
    image_changed();
    beat_after(pause());
}

void Lifecycle::leave(std::function<void()> done) {
    left_ = std::move(done);
    const bool leads_for_others = hands_over_ && state_ == State::active && !is_alone();
    if (!leads_for_others) return finish_leaving();
    state_ = State::leaving;
    leader_heard_at_ = environment_.loop.clock().now();
    leaving_until_ = leader_heard_at_ + leaving_max;
    log_info("broker leaves", {{"broker_epoch", epoch_}});
    beat_after(Duration{});
    watch_leaving();
}

// Where the other voters are gone as well, or going, nobody is left who could decide who leads: not for longer than an
// election takes that a majority can hold. An answer that only takes its time is waited for.
void Lifecycle::watch_leaving() {
    const Instant now = environment_.loop.clock().now();
    const bool hears_leader = environment_.hears_leader();
    if (hears_leader) leader_heard_at_ = now;
    const bool is_leaderless = !hears_leader && now - leader_heard_at_ >= election_max_;
    if (!is_leaderless && now < leaving_until_) {
        watching_ = environment_.loop.after(leaving_look_interval, if_alive([this] { watch_leaving(); }));
        return;
    }
    const char* reason = is_leaderless ? "no controller" : "took too long";
    log_warn("broker leaves without having handed over", {{"reason", reason}});
    finish_leaving();
}

void Lifecycle::finish_leaving() {
    state_ = State::left;
    environment_.loop.cancel(timer_);
    environment_.loop.cancel(watching_);
    if (const auto left = std::exchange(left_, nullptr)) left();
}

}  // namespace milena
