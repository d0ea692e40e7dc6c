#include "operator/kept_brokers.h"

#include "kube/object.h"
#include "operator/nodes.h"
#include "resource/objects.h"

namespace milena {
namespace {

const plan::ConfigSchema schema{{"log.retention.ms", {plan::Change::live, "604800000", "long"}},
                                {"num.io.threads", {plan::Change::restart, "8", "int"}}};

plan::Placement placement_after(plan::PlacementOrder order) {
    switch (order) {
        case plan::PlacementOrder::cordon: return plan::Placement::cordoned;
        case plan::PlacementOrder::drain: return plan::Placement::draining;
        case plan::PlacementOrder::uncordon:
        case plan::PlacementOrder::undrain: break;
    }
    return plan::Placement::open;
}

}  // namespace

plan::Answers KeptBrokers::ask(const plan::Questions& questions) {
    const std::lock_guard lock(mutex_);
    plan::Answers answers = answers_without_objection(questions);
    if (questions.config_schema) answers.config_schema = schema;
    if (questions.brokers) {
        plan::BrokersInfo info;
        info.controller = 0;
        for (const auto& [id, broker] : brokers_)
            info.brokers[id] = {broker.is_active, "", broker.placement, broker.replicas, {}};
        answers.brokers = info;
    }
    if (!questions.settings.empty()) answers.refused_settings = std::map<std::string, std::string>();
    for (const int64_t id : questions.drain) {
        const auto broker = brokers_.find(id);
        const bool is_known = broker != brokers_.end();
        answers.drain.emplace(id, plan::Drain{is_known ? broker->second.placement : plan::Placement::draining,
                                              is_known ? broker->second.replicas : 0,
                                              0,
                                              {},
                                              ""});
    }
    return answers;
}

Result<void, admin::Refusal> KeptBrokers::order(const plan::Action& order) {
    const std::lock_guard lock(mutex_);
    if (const auto* place = std::get_if<plan::Place>(&order)) {
        if (const auto broker = brokers_.find(place->broker); broker != brokers_.end())
            broker->second.placement = placement_after(place->order);
    } else if (const auto* alter = std::get_if<plan::AlterBrokerConfig>(&order)) {
        auto& config = alter->broker ? config_of_[*alter->broker] : config_;
        for (const auto& [name, value] : alter->set) config[name] = value;
        for (const std::string& name : alter->remove) config.erase(name);
    } else if (const auto* gone = std::get_if<plan::UnregisterBroker>(&order)) {
        brokers_.erase(gone->broker);
    } else {
        return unexpected(admin::Refusal{"no order to brokers", true});
    }
    return {};
}

void KeptBrokers::go_on(const fake::FakeKube& fake) {
    const std::lock_guard lock(mutex_);
    for (auto& [id, broker] : brokers_) broker.is_active = false;
    for (const nlohmann::json& pod : fake.list("Pod"))
        brokers_[resource::node_id_of(kube::key_of(pod).name)].is_active = true;
    for (auto& [id, broker] : brokers_) {
        if (broker.placement != plan::Placement::draining || broker.replicas == 0) continue;
        --broker.replicas;
        ++brokers_.at(0).replicas;
    }
}

nlohmann::json KeptBrokers::state() const {
    const std::lock_guard lock(mutex_);
    nlohmann::json state{{"config", config_}, {"brokers", nlohmann::json::array()}};
    for (const auto& [id, broker] : brokers_)
        state["brokers"].push_back({id, broker.is_active, static_cast<int>(broker.placement), broker.replicas});
    return state;
}

}  // namespace milena
