// What the reconcilers of all our kinds do at the beginning of a pass and at its end. Any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "execute/executor.h"
#include "reconcile/watches.h"

namespace milena::reconcile {

// Whether the stores show all that was written on behalf of `key`.
bool has_seen_own_writes(const Watches& watches, kube::OwnWrites& writes, const kube::ObjectKey& key, Instant now);

// Only where it says something else: a status that is written for nothing wakes everybody who watches.
kube::Outcome<void> write_status(kube::Client& client, kube::OwnWrites& writes, const execute::Subject& subject,
                                 const nlohmann::json& status, Instant now);

}  // namespace milena::reconcile
