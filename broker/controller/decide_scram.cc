#include <map>
#include <utility>

#include "controller/decide.h"
#include "controller/scram_keys.h"
#include "metadata/feature_levels.h"

namespace milena::controller {
namespace {

using wire::AlterUserScramCredentialsRequest;
using wire::AlterUserScramCredentialsResponse;

constexpr int32_t iterations_min = 4096;
constexpr int32_t iterations_max = 16384;

// Either of the two changes, or why there is none.
struct Change {
    const AlterUserScramCredentialsRequest::Deletion* deletion = nullptr;
    const AlterUserScramCredentialsRequest::Upsertion* upsertion = nullptr;
    Refusal refusal;
};

Refusal refusal_of_credential(const Context& context, std::string_view user, int8_t mechanism) {
    if (metadata::metadata_version(*context.image.features) < metadata::metadata_version_scram)
        return {ErrorCode::unsupported_version, "The current metadata.version does not support SCRAM"};
    if (user.empty()) return {ErrorCode::unacceptable_credential, "Username must not be empty"};
    if (!scram_mechanism(mechanism)) return {ErrorCode::unsupported_sasl_mechanism, "Unknown SCRAM mechanism"};
    return {};
}

Refusal refusal_of(const Context& context, const AlterUserScramCredentialsRequest::Deletion& deletion) {
    Refusal refusal = refusal_of_credential(context, deletion.name, deletion.mechanism);
    if (refusal.code != ErrorCode::none) return refusal;
    if (!context.image.scram_credentials->contains({deletion.mechanism, std::string(deletion.name)}))
        return {ErrorCode::resource_not_found, "Attempt to delete a user credential that does not exist"};
    return {};
}

Refusal refusal_of(const Context& context, const AlterUserScramCredentialsRequest::Upsertion& upsertion) {
    Refusal refusal = refusal_of_credential(context, upsertion.name, upsertion.mechanism);
    if (refusal.code != ErrorCode::none) return refusal;
    if (upsertion.iterations < iterations_min) return {ErrorCode::unacceptable_credential, "Too few iterations"};
    if (upsertion.iterations > iterations_max) return {ErrorCode::unacceptable_credential, "Too many iterations"};
    // No key can be made of it, which Kafka notices by an exception that it has no answer to.
    if (upsertion.salted_password.empty()) return {ErrorCode::unknown_server_error, std::nullopt};
    return {};
}

// A user can be named once in a request; who is named again is refused, unless it was refused already.
void add(std::map<std::string, Change>& changes, std::string_view user, Change change) {
    const auto [at, is_new] = changes.try_emplace(std::string(user), std::move(change));
    if (is_new || at->second.refusal.code != ErrorCode::none) return;
    at->second = {
        .refusal = {ErrorCode::duplicate_resource, "A user credential cannot be altered twice in the same request"}};
}

metadata::Record record_of(const std::string& user, const Change& change) {
    if (change.deletion != nullptr)
        return wire::RemoveUserScramCredentialRecord{.name = user, .mechanism = change.deletion->mechanism};
    const AlterUserScramCredentialsRequest::Upsertion& upsertion = *change.upsertion;
    ScramKeys keys = scram_keys(*scram_mechanism(upsertion.mechanism), upsertion.salted_password);
    return wire::UserScramCredentialRecord{.name = user,
                                           .mechanism = upsertion.mechanism,
                                           .salt = Bytes::copy_of(upsertion.salt.span()),
                                           .stored_key = std::move(keys.stored_key),
                                           .server_key = std::move(keys.server_key),
                                           .iterations = upsertion.iterations};
}

}  // namespace

Decision<AlterUserScramCredentialsResponse> decide(const Context& context,
                                                   const AlterUserScramCredentialsRequest& request) {
    std::map<std::string, Change> changes;
    for (const AlterUserScramCredentialsRequest::Deletion& deletion : request.deletions)
        add(changes, deletion.name, {.deletion = &deletion, .refusal = refusal_of(context, deletion)});
    for (const AlterUserScramCredentialsRequest::Upsertion& upsertion : request.upsertions)
        add(changes, upsertion.name, {.upsertion = &upsertion, .refusal = refusal_of(context, upsertion)});
    Decision<AlterUserScramCredentialsResponse> decision;
    for (auto& [user, change] : changes) {
        if (change.refusal.code == ErrorCode::none) decision.records.push_back(record_of(user, change));
        decision.response.results.push_back(
            {.user = user, .error_code = change.refusal.code, .error_message = std::move(change.refusal.message)});
    }
    return decision;
}

}  // namespace milena::controller
