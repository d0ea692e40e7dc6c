#include "controller_registrar.h"

#include <utility>

#include "base/log.h"
#include "metadata/feature_levels.h"

namespace milena {
namespace {

// While a cluster is upgraded, its controller may be too old to know the request.
constexpr Duration retry_interval = std::chrono::seconds(5);

}  // namespace

ControllerRegistrar::ControllerRegistrar(const Environment& environment,
                                         controller::ControllerRegistration registration)
    : environment_(environment), registration_(std::move(registration)) {}

ControllerRegistrar::~ControllerRegistrar() { environment_.loop.cancel(timer_); }

bool ControllerRegistrar::is_due() const {
    const metadata::Image& image = *environment_.controller.image();
    if (!metadata::knows_controllers(*image.features)) return false;
    const auto known = image.controllers->find(registration_.id);
    return known == image.controllers->end() || known->second.incarnation_id != registration_.incarnation_id ||
           known->second.endpoints != registration_.endpoints;
}

void ControllerRegistrar::image_changed() {
    if (is_asking_ || !is_due()) return;
    is_asking_ = true;
    environment_.gate.ask<controller::ControllerRegistration, void>(
        registration_, [this, alive = std::weak_ptr(alive_)](const Result<void>& outcome) {
            if (alive.lock()) answered(outcome);
        });
}

void ControllerRegistrar::answered(const Result<void>& outcome) {
    if (outcome) {
        log_info("controller registered", {{"node", registration_.id}});
        is_asking_ = false;
        return;
    }
    log_warn("controller not registered yet", {{"error", outcome.error()}});
    timer_ = environment_.loop.after(retry_interval, [this, alive = std::weak_ptr(alive_)] {
        if (!alive.lock()) return;
        is_asking_ = false;
        image_changed();
    });
}

}  // namespace milena
