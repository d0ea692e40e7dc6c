#include "controller/decide.h"
#include "metadata/feature_levels.h"

namespace milena::controller {
namespace {

wire::RegisterControllerRecord record_of(const ControllerRegistration& registration) {
    wire::RegisterControllerRecord record;
    record.controller_id = registration.id.value;
    record.incarnation_id = registration.incarnation_id;
    for (const metadata::Endpoint& e : registration.endpoints)
        record.end_points.push_back({e.name, e.host, e.port, settings::protocol_number(e.security_protocol)});
    for (const auto& [name, levels] : registration.features)
        record.features.push_back({name, levels.level_min, levels.level_max});
    return record;
}

}  // namespace

Decision<Result<void>> decide(const Context& context, const ControllerRegistration& registration) {
    const auto refused = [](ErrorCode code) { return Decision<Result<void>>{{}, unexpected(code)}; };
    if (registration.id.value < 0) return refused(ErrorCode::invalid_request);
    if (!registration.cluster_id.empty() && !context.cluster_id.empty() &&
        registration.cluster_id != context.cluster_id)
        return refused(ErrorCode::inconsistent_cluster_id);
    if (!metadata::knows_controllers(*context.image.features)) return refused(ErrorCode::unsupported_version);
    const auto existing = context.image.controllers->find(registration.id);
    const bool is_known = existing != context.image.controllers->end() &&
                          existing->second.incarnation_id == registration.incarnation_id &&
                          existing->second.endpoints == registration.endpoints;
    if (is_known) return {};
    Decision<Result<void>> decision;
    decision.records.emplace_back(record_of(registration));
    return decision;
}

}  // namespace milena::controller
