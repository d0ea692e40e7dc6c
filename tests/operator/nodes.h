// What Kubernetes' own controllers and kubelets do for StatefulSets, in one step: pods and claims that are missing
// appear, and are ready at once; those that are too many go; volumes grow. And brokers that have no objection to
// anything, and keep topics as they are told.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "admin/brokers.h"
#include "admin/topics.h"
#include "operator/fake_kube/fake_kube.h"

namespace milena {

void run_nodes(fake::FakeKube& fake);

// To all questions but those about brokers, their settings and their draining: no objection.
plan::Answers answers_without_objection(const plan::Questions& questions);

struct ContentBrokers final : admin::Brokers {
    plan::Answers ask(const plan::Questions& questions) override;
    Result<void, admin::Refusal> order(const plan::Action& action) override;

    std::atomic<int> orders = 0;
    std::atomic<bool> refuses_when_asked = false;    // the value "-5" of settings
    std::atomic<bool> refuses_when_ordered = false;  //
    std::atomic<int> asked = 0;
};

// Any thread: the operator's workers, and the test, which is the client that changes topics behind its back.
class KeptTopics final : public admin::Topics {
  public:
    Described describe(const std::vector<std::string>& names) override;
    std::vector<Result<void, admin::Refusal>> order(const std::vector<plan::Action>& orders) override;
    Result<Figures, std::string> measure() override;

    std::optional<plan::TopicInfo> find(const std::string& name) const;
    size_t size() const;
    nlohmann::json state() const;
    void change(const std::function<void(std::map<std::string, plan::TopicInfo>&)>& change);
    void refuse(const std::string& name) {
        change([&](auto&) { refused_.insert(name); });
    }

    std::atomic<int> requests = 0;
    std::atomic<int> measured = 0;  // of them
    std::atomic<Duration> measuring = Duration{0};

  private:
    Result<void, admin::Refusal> run(const plan::Action& order);
    plan::TopicInfo* known(const std::string& name);

    mutable std::mutex mutex_;
    std::map<std::string, plan::TopicInfo> topics_;
    std::set<std::string> refused_;
    std::map<std::string, uint64_t> ids_;  // how often a topic of this name was created
};

}  // namespace milena
