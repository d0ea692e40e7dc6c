#include "operator/stepped.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

using nlohmann::json;

struct LineBrokers final : admin::Brokers {
    explicit LineBrokers(SteppedWorld& its_world) : world(its_world) {}
    plan::Answers ask(const plan::Questions& questions) override {
        return world.line.call([&] { return world.brokers.ask(questions); });
    }
    Result<void, admin::Refusal> order(const plan::Action& order) override {
        return world.line.call([&] { return world.brokers.order(order); });
    }

    SteppedWorld& world;
};

struct LineTopics final : admin::Topics {
    explicit LineTopics(SteppedWorld& its_world) : world(its_world) {}
    Described describe(const std::vector<std::string>& names) override {
        return world.line.call([&] { return world.topics.describe(names); });
    }
    std::vector<Result<void, admin::Refusal>> order(const std::vector<plan::Action>& orders) override {
        return world.line.call([&] { return world.topics.order(orders); });
    }
    Result<Figures, std::string> measure() override {
        return world.line.call([&] { return world.topics.measure(); });
    }

    SteppedWorld& world;
};

reconcile::BrokersOf brokers_of(SteppedWorld& world) {
    return [&world](const auto&, const auto&) { return std::make_shared<LineBrokers>(world); };
}

reconcile::TopicsOf topics_of(SteppedWorld& world) {
    return [&world](const auto&, const auto&) { return std::make_shared<LineTopics>(world); };
}

bool is_meant(const reconcile::Watches::Watched& watched, const json& object) {
    return fake::Objects::matches(object, watched.reflector->config().label_selector);
}

}  // namespace

kube::Outcome<kube::HttpAnswer> LineTransport::call(const kube::HttpRequest& request) {
    fake::Request asked{.method = request.method, .path = {}, .query = {}, .headers = {}, .body = request.body};
    fake::parse_target(request.target, asked);
    asked.headers["content-type"] = request.content_type;
    const auto answered = [&] {
        const fake::Answer answer = world_.fake.answer(asked);
        return kube::HttpAnswer{answer.status, answer.body.dump(), {}};
    };
    return request.method == "GET" ? answered() : world_.line.call(answered);
}

kube::Outcome<std::shared_ptr<kube::HttpStream>> LineTransport::stream(const kube::HttpRequest&) {
    return unexpected(kube::Error{kube::Reason::no_answer, 0, "no streams here"});
}

SteppedOperator::SteppedOperator(SteppedWorld& world, const std::string& instance)
    : world_(world),
      transport_(world),
      client_(transport_),
      events_(client_, world.clock, instance),
      clusters_(world.clock, random_),
      topics_(world.clock, random_),
      watches_(client_, {}, clusters_, topics_, world.clock, random_),
      cluster_reconciler_(watches_, client_, events_, world.clock, brokers_of(world), {}),
      cluster_controller_(
          "KafkaCluster", clusters_, [this](const kube::ObjectKey& key) { return cluster_reconciler_.reconcile(key); },
          world.clock),
      topic_reconciler_(watches_, client_, events_, topics_, world.clock, brokers_of(world), topics_of(world)),
      topic_controller_(
          "KafkaTopic", topics_,
          [this](const std::vector<kube::ObjectKey>& keys) { return topic_reconciler_.reconcile(keys); },
          reconcile::TopicReconciler::keys_max, world.clock) {
    topics_.add(reconcile::all_topics, kube::Priority::resync);
}

void SteppedOperator::work() {
    int passes = 0;
    do {
        see();
    } while ((cluster_controller_.work_once() || topic_controller_.work_once()) && ++passes < 1000);
    EXPECT_LT(passes, 1000) << "it works in a hot loop";
}

// As reflectors would that are never late: a list, and then each event.
void SteppedOperator::see() {
    if (seen_ == 0)
        for (const auto& [kind, watched] : watches_.kinds()) {
            for (const json& object : world_.fake.list(kind))
                if (is_meant(watched, object)) watched.store->stage(object);
            const bool is_installed = kind != "PodMonitor";
            watched.store->swap_staged(is_installed ? std::to_string(world_.fake.version()) : "0");
        }
    world_.fake.change([this](fake::Objects& objects) {
        if (seen_ == 0) seen_ = objects.history().size();
        for (; seen_ < objects.history().size(); ++seen_) {
            const fake::Happened& happened = objects.history()[seen_];
            const auto watched = watches_.kinds().find(happened.object.value("kind", ""));
            if (watched == watches_.kinds().end() || !is_meant(watched->second, happened.object)) continue;
            if (happened.type == "DELETED")
                watched->second.store->remove(happened.object);
            else
                watched->second.store->put(happened.object);
        }
        for (const auto& [kind, watched] : watches_.kinds())
            if (kind != "PodMonitor") watched.store->observe(std::to_string(objects.version()));
    });
}

}  // namespace milena
