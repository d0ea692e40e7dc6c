// What one run of a scenario has led to, as it is compared with that of another run.
#pragma once

#include <nlohmann/json.hpp>

#include "operator/fake_kube/fake_kube.h"

namespace milena {

// All objects but events, without what is another one each time: who they are and when they were made.
nlohmann::json end_state(const fake::FakeKube& fake);

// Pods, claims and sets that went, and how often each: since the history had so many entries.
nlohmann::json disruption(fake::FakeKube& fake, size_t begin = 0);

}  // namespace milena
