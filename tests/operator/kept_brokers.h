// Brokers that do as they are told and remember it: who is registered, who is emptied, which settings were set while
// they ran. They have no objection to anything. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include <nlohmann/json.hpp>

#include "admin/brokers.h"
#include "operator/fake_kube/fake_kube.h"

namespace milena {

class KeptBrokers final : public admin::Brokers {
  public:
    plan::Answers ask(const plan::Questions& questions) override;
    Result<void, admin::Refusal> order(const plan::Action& order) override;

    // Those whose pods run are registered, and whoever is emptied gives a replica away.
    void go_on(const fake::FakeKube& fake);
    nlohmann::json state() const;

  private:
    struct Broker {
        bool is_active = false;
        plan::Placement placement = plan::Placement::open;
        uint64_t replicas = 2;
    };

    mutable std::mutex mutex_;
    std::map<int64_t, Broker> brokers_;
    std::map<std::string, std::string> config_;
    std::map<int64_t, std::map<std::string, std::string>> config_of_;  // of single brokers
};

}  // namespace milena
