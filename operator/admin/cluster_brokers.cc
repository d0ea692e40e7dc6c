#include "admin/cluster_brokers.h"

#include "admin/cluster_admin.h"

namespace milena::admin {
namespace {

class ClusterBrokers final : public Brokers {
  public:
    ClusterBrokers(std::map<int64_t, std::string> nodes, std::vector<BrokerAddress> listeners)
        : cluster_(std::move(nodes)), kafka_(std::move(listeners)) {}

    plan::Answers ask(const plan::Questions& questions) override {
        plan::Answers answers = cluster_.ask(questions);
        if (questions.widest_topic) answers.widest_topic = kafka_.widest_topic();
        if (!questions.settings.empty()) answers.refused_settings = kafka_.refused_settings(questions.settings);
        return answers;
    }

    Result<void, Refusal> order(const plan::Action& action) override {
        return std::visit(
            [this](const auto& order) -> Result<void, Refusal> {
                if constexpr (requires { cluster_.order(order); })
                    return cluster_.order(order);
                else if constexpr (requires { kafka_.order(order); })
                    return kafka_.order(order);
                else
                    return unexpected(Refusal{"this is no order to brokers", true});
            },
            action);
    }

  private:
    ClusterAdmin cluster_;
    KafkaClient kafka_;
};

}  // namespace

std::shared_ptr<Brokers> make_cluster_brokers(std::map<int64_t, std::string> nodes,
                                              std::vector<BrokerAddress> listeners) {
    return std::make_shared<ClusterBrokers>(std::move(nodes), std::move(listeners));
}

}  // namespace milena::admin
