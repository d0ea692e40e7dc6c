#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "base/ip_text.h"
#include "controller/decide.h"
#include "controller/quota_names.h"

namespace milena::controller {
namespace {

using metadata::QuotaEntity;
using wire::AlterClientQuotasRequest;
using wire::AlterClientQuotasResponse;
using Limits = std::map<std::string, double>;

constexpr double epsilon = 1e-6;  // how far from a whole number a whole number may be

std::optional<std::string> reason_entity_refused(const QuotaEntity& entity) {
    if (entity.empty()) return "Invalid empty client quota entity";
    for (const auto& [type, name] : entity) {
        if (!is_quota_entity_type(type)) return "Unhandled client quota entity type: " + type;
        if (name && name->empty()) return "Empty " + type + " not supported";
    }
    const auto ip = entity.find(std::string(quota_ip));
    if (ip == entity.end()) return std::nullopt;
    if (entity.size() > 1)
        return "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId";
    if (ip->second && !shortest_ip(*ip->second)) return *ip->second + " is not a valid IP or resolvable host.";
    return std::nullopt;
}

std::optional<std::string> reason_value_refused(const QuotaEntity& entity, const std::string& key, double value) {
    const std::optional<QuotaKind> kind = quota_kind(entity, key);
    if (!kind) return "Invalid configuration key " + key;
    if (!(value > 0)) return "Quota " + key + " must be greater than 0";
    if (*kind == QuotaKind::number) return std::nullopt;
    const bool is_int = *kind == QuotaKind::int32;
    const double value_max = is_int ? std::numeric_limits<int32_t>::max() : 9223372036854775807.0;
    if (value > value_max) return "Proposed value for " + key + " is too large for " + (is_int ? "an INT." : "a LONG.");
    if (std::fmod(value, 1.0) > epsilon) return key + " cannot be a fractional value.";
    return std::nullopt;
}

// As Java prints the entity.
std::string text_of(const QuotaEntity& entity) {
    std::string text;
    for (const auto& [type, name] : entity) text += (text.empty() ? "" : ", ") + type + "=" + name.value_or("null");
    return "ClientQuotaEntity(entries={" + text + "})";
}

QuotaEntity entity_of(const AlterClientQuotasRequest::Entry& entry) {
    QuotaEntity entity;
    for (const AlterClientQuotasRequest::Entity& part : entry.entity)
        entity.insert_or_assign(std::string(part.entity_type),
                                part.entity_name ? std::optional(std::string(*part.entity_name)) : std::nullopt);
    return entity;
}

wire::ClientQuotaRecord record_of(const QuotaEntity& entity, const std::string& key) {
    wire::ClientQuotaRecord record;
    for (const auto& [type, name] : entity) {
        auto& part = record.entity.emplace_back();
        part.entity_type = type;
        part.entity_name = name;
    }
    record.key = key;
    return record;
}

// Why nothing of the entry is done, or its records.
Result<metadata::Records, std::string> alter(const Limits& current, const QuotaEntity& entity,
                                             const std::map<std::string, std::optional<double>>& wanted) {
    if (auto reason = reason_entity_refused(entity)) return unexpected(std::move(*reason));
    metadata::Records records;
    for (const auto& [key, value] : wanted) {
        const auto before = current.find(key);
        wire::ClientQuotaRecord record = record_of(entity, key);
        if (!value) {
            record.remove = true;
            if (before != current.end()) records.emplace_back(std::move(record));
            continue;
        }
        if (auto reason = reason_value_refused(entity, key, *value)) return unexpected(std::move(*reason));
        record.value = *value;
        if (before == current.end() || before->second != *value) records.emplace_back(std::move(record));
    }
    return records;
}

Result<metadata::Records, std::string> alter(const Context& context, const QuotaEntity& entity,
                                             const std::vector<AlterClientQuotasRequest::Op>& ops) {
    std::map<std::string, std::optional<double>> wanted;
    for (const AlterClientQuotasRequest::Op& op : ops)
        if (!wanted.emplace(op.key, op.remove ? std::nullopt : std::optional(op.value)).second)
            return unexpected("Ignoring duplicate entity " + text_of(entity));
    const auto current = context.image.client_quotas->find(entity);
    const Limits none;
    return alter(current == context.image.client_quotas->end() ? none : current->second, entity, wanted);
}

}  // namespace

// An entity that is named again is refused, and the first time counts; whoever asked is told of the refusal.
Decision<AlterClientQuotasResponse> decide(const Context& context, const AlterClientQuotasRequest& request) {
    Decision<AlterClientQuotasResponse> decision;
    std::map<QuotaEntity, std::optional<std::string>> refusals;  // by entity; nothing: done
    for (const AlterClientQuotasRequest::Entry& entry : request.entries) {
        const QuotaEntity entity = entity_of(entry);
        if (refusals.contains(entity)) {
            refusals[entity] = "Ignoring duplicate entity " + text_of(entity);
            continue;
        }
        auto records = alter(context, entity, entry.ops);
        refusals[entity] = records.has_value() ? std::nullopt : std::optional(std::move(records).error());
        if (!records.has_value()) continue;
        for (metadata::Record& record : *records) decision.records.push_back(std::move(record));
    }
    for (const auto& [entity, refusal] : refusals) {
        AlterClientQuotasResponse::Entry& answered = decision.response.entries.emplace_back();
        for (const auto& [type, name] : entity) answered.entity.push_back({type, name});
        if (!refusal) continue;
        answered.error_code = ErrorCode::invalid_request;
        answered.error_message = refusal;
    }
    if (request.validate_only) decision.records.clear();
    return decision;
}

}  // namespace milena::controller
