// What Kubernetes' own controllers and kubelets do for StatefulSets, in one step: pods and claims that are missing
// appear, and are ready at once; those that are too many go. And brokers that have no objection to anything.
#pragma once

#include <nlohmann/json.hpp>

#include "admin/brokers.h"
#include "operator/fake_kube/fake_kube.h"

namespace milena {

void run_nodes(fake::FakeKube& fake);

struct ContentBrokers final : admin::Brokers {
    plan::Answers ask(const plan::Questions& questions) override;
    Result<void, std::string> order(const plan::Action&) override {
        ++orders;
        return {};
    }

    std::atomic<int> orders = 0;
    std::atomic<int> asked = 0;
};

}  // namespace milena
