#include "reconcile/letting_go.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/kafka_topic.h"
#include "execute/executor.h"

namespace milena::reconcile {
namespace {

using nlohmann::json;

constexpr int attempts_max = 5;  // while others write to the same topic

bool is_held(const json& topic) {
    const json finalizers = topic.at("metadata").value("finalizers", json::array());
    return std::ranges::find(finalizers, json(api::topic_finalizer)) != finalizers.end();
}

kube::Outcome<void> let_go(kube::Client& client, execute::Executor& executor, json topic) {
    const std::vector<plan::Step> steps{{plan::SetFinalizer{false}}};
    const kube::ObjectKey key = kube::key_of(topic);
    const execute::Orders none = [](const auto& orders) { return std::vector<kube::Outcome<void>>(orders.size()); };
    for (int attempt = 1;; ++attempt) {
        const execute::Done done = std::move(executor.run({execute::Work{steps, {key, topic}}}, none).front());
        if (done.failures.empty()) return {};
        const kube::Error& error = done.failures.front().error;
        if (error.reason == kube::Reason::not_found) return {};
        if (error.reason != kube::Reason::conflict || attempt == attempts_max) return unexpected(error);
        auto now = client.read(kube::resource_type("KafkaTopic"), key);
        if (!now && now.error().reason == kube::Reason::not_found) return {};
        if (!now) return unexpected(now.error());
        topic = *std::move(now);
    }
}

}  // namespace

kube::Outcome<size_t> let_go_of_topics(kube::Client& client, const std::string& space, env::Clock& clock) {
    kube::EventRecorder events(client, clock, "");
    kube::OwnWrites writes;
    execute::Executor executor(client, events, writes, clock);
    size_t count = 0;
    kube::ListQuery query;
    do {
        ASSIGN_OR_RETURN(const kube::ListPage page, client.list(kube::resource_type("KafkaTopic"), space, query));
        for (const json& topic : page.items) {
            if (!is_held(topic)) continue;
            RETURN_IF_ERROR(let_go(client, executor, topic));
            ++count;
        }
        query.continue_token = page.continue_token;
    } while (!query.continue_token.empty());
    return count;
}

}  // namespace milena::reconcile
