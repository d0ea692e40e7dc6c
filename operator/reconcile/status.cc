#include "reconcile/status.h"

#include <nlohmann/json.hpp>

namespace milena::reconcile {

using nlohmann::json;

bool has_seen_own_writes(const Watches& watches, kube::OwnWrites& writes, const kube::ObjectKey& key, Instant now) {
    const kube::Seen seen{[&](const std::string& kind) { return watches.store(kind).resource_version(); },
                          [&](const std::string& kind, const kube::ObjectKey& object, const std::string& uid) {
                              const auto found = watches.store(kind).find(object);
                              return found && kube::uid_of(*found) == uid &&
                                     kube::metadata_text(*found, "deletionTimestamp").empty();
                          }};
    return writes.are_seen(key, seen, now);
}

kube::Outcome<void> write_status(kube::Client& client, kube::OwnWrites& writes, const execute::Subject& subject,
                                 const json& status, Instant now) {
    if (subject.object.value("status", json::object()) == status) return {};
    const auto kind = subject.object.at("kind").get<std::string>();
    const json object = {
        {"apiVersion", subject.object.at("apiVersion")},
        {"kind", kind},
        {"metadata",
         {{"name", subject.key.name}, {"namespace", subject.key.space}, {"uid", kube::uid_of(subject.object)}}},
        {"status", status}};
    ASSIGN_OR_RETURN(const json written, client.apply(kube::resource_type(kind), object, "status"));
    writes.note(subject.key, kind, kube::resource_version_of(written), now);
    return {};
}

}  // namespace milena::reconcile
