#include "reconcile/topic_reconciler.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "reconcile/status.h"

namespace milena::reconcile {

using nlohmann::json;
using plan::ClusterState;

namespace {

// Created, and seen; what is more will be seen the next time.
constexpr int rounds_max = 3;
constexpr Duration look_for_topics = std::chrono::seconds(1);

using Info = plan::Answer<std::optional<plan::TopicInfo>>;

Info info_of(const admin::Topics::Described& described, const admin::Topics::Figures& figures,
             const std::string& name) {
    Info info;
    const auto found = described.find(name);
    if (found == described.end()) return info;
    info.emplace(found->second);
    if (!info->has_value() || !info->value()) return info;
    if (const auto own = figures.find(name); own != figures.end()) info->value()->figures = own->second;
    return info;
}

bool has_order(const std::vector<plan::Step>& steps) {
    return std::ranges::any_of(steps, [](const plan::Step& step) {
        return !std::holds_alternative<plan::Event>(step.action) &&
               !std::holds_alternative<plan::SetFinalizer>(step.action);
    });
}

bool lets_go(const std::vector<plan::Step>& steps) {
    return std::ranges::any_of(steps, [](const plan::Step& step) {
        const auto* finalizer = std::get_if<plan::SetFinalizer>(&step.action);
        return finalizer != nullptr && !finalizer->is_present;
    });
}

execute::Orders orders_to(admin::Topics* topics) {
    return [topics](const std::vector<plan::Action>& actions) {
        if (topics == nullptr) {
            const kube::Error error{kube::Reason::no_answer, 0, "the cluster isn't there to be asked"};
            return std::vector<kube::Outcome<void>>(actions.size(), kube::Outcome<void>(unexpected(error)));
        }
        std::vector<kube::Outcome<void>> outcomes;
        for (const auto& said : topics->order(actions)) outcomes.push_back(execute::outcome_of(said));
        return outcomes;
    };
}

}  // namespace

// A topic in this pass.
struct TopicReconciler::Looked {
    kube::ObjectKey key;
    json object;
    api::KafkaTopic topic;
    Verdict& verdict;
    plan::TopicPlan next{};
    std::optional<kube::Error> failure{};
    bool has_gone = false;
};

// A cluster in this pass.
struct TopicReconciler::ClusterView {
    ClusterState state = ClusterState::missing;
    std::optional<api::KafkaCluster> cluster{};  // if it can be read
    std::string problem{};                       // why it can't be asked, though it should
    std::shared_ptr<admin::Topics> topics{};
    std::map<int64_t, std::string> open_brokers{};  // with their racks
    Figures figures = std::make_shared<const admin::Topics::Figures>();

    ClusterState state_for(const api::KafkaTopic& topic) const {
        if (!cluster || state == ClusterState::deleting) return state;
        const std::string& space = topic.metadata.name_space;
        if (space == cluster->metadata.name_space) return state;
        for (const std::string& allowed : cluster->spec.topic_namespaces)
            if (allowed == "*" || allowed == space) return state;
        return ClusterState::not_allowed;
    }
};

std::vector<Verdict> TopicReconciler::reconcile(const std::vector<kube::ObjectKey>& keys) {
    ask_namespaces(keys);
    std::vector<Verdict> verdicts(keys.size());
    std::vector<std::unique_ptr<Looked>> looks;
    std::map<kube::ObjectKey, std::vector<Looked*>> own_of;
    for (size_t i = 0; i < keys.size(); ++i) {
        if (keys[i] == all_topics) {
            verdicts[i] = look_at_all();
        } else if (auto looked = look(keys[i], verdicts[i])) {
            own_of[topic_place_of(looked->object).cluster].push_back(looked.get());
            looks.push_back(std::move(looked));
        }
    }
    for (const auto& [cluster, own] : own_of) care(cluster, own);
    return verdicts;
}

// Of those that go, whose namespace goes too. Where that may not be asked, nobody's does.
void TopicReconciler::ask_namespaces(const std::vector<kube::ObjectKey>& keys) {
    Vanishing& vanishing = watches_.vanishing_topics();
    std::set<std::string> spaces;
    for (const kube::ObjectKey& key : keys)
        if (vanishing.goes(key)) spaces.insert(key.space);
    for (const std::string& space : spaces) {
        const auto object = client_.read(kube::resource_type("Namespace"), {"", space});
        const bool goes = object ? !kube::metadata_text(*object, "deletionTimestamp").empty()
                                 : object.error().reason == kube::Reason::not_found;
        if (goes) vanishing.order(space);
    }
}

Verdict TopicReconciler::look_at_all() {
    if (!watches_.store("KafkaTopic").is_synced()) return {.look_again = look_for_topics};
    const auto keys = watches_.store("KafkaTopic").keys();
    for (const kube::ObjectKey& key : keys) queue_.add(key, kube::Priority::resync);
    return {.look_again = std::max<Duration>(times_.look, times_.look_each * static_cast<int64_t>(keys.size()))};
}

std::unique_ptr<TopicReconciler::Looked> TopicReconciler::look(const kube::ObjectKey& key, Verdict& verdict) {
    const bool has_seen = has_seen_own_writes(watches_, writes_, key, clock_.now());
    const auto object = watches_.store("KafkaTopic").find(key);
    if (!object) return nullptr;
    if (!has_seen) {
        verdict.waits = true;
        return nullptr;
    }
    const auto topic = api::read_topic(*object);
    if (!topic) {
        verdict = refuse(key, *object, topic.error());
        return nullptr;
    }
    if (topic->metadata.is_deleting())
        if (const Duration wait = watches_.vanishing_topics().settles_in(key, clock_.now()); wait > Duration{}) {
            verdict.look_again = wait;
            return nullptr;
        }
    return std::make_unique<Looked>(Looked{key, *object, *topic, verdict});
}

Verdict TopicReconciler::refuse(const kube::ObjectKey& key, const json& object, const api::FieldErrors& errors) {
    const execute::Subject subject{key, object};
    const plan::TopicPlan refused = plan::plan_invalid_topic(object, errors, clock_.wall());
    const auto done = executor_.run({execute::Work{refused.steps, subject}}, orders_to(nullptr)).front();
    if (!done.failures.empty()) return {.error = done.failures.front().error};
    if (lets_go(refused.steps)) return {};
    const auto written = write_status(client_, writes_, subject, api::written(refused.status), clock_.now());
    if (!written) return {.error = written.error()};
    return {};
}

void TopicReconciler::care(const kube::ObjectKey& cluster, std::vector<Looked*> looks) {
    const ClusterView seen = see(cluster);
    std::vector<Looked*> open = looks;
    for (int round = 0; round < rounds_max && !open.empty(); ++round) {
        if (round > 0)
            for (Looked* looked : open) looked->topic.status = looked->next.status;
        plan_all(seen, open);
        open = run_all(seen, open);
    }
    for (Looked* looked : looks) finish(*looked);
}

TopicReconciler::ClusterView TopicReconciler::see(const kube::ObjectKey& key) {
    ClusterView view;
    const auto object = watches_.store("KafkaCluster").find(key);
    if (!object) {
        const std::lock_guard lock(mutex_);
        measured_.erase(key);
        return view;
    }
    view.state = ClusterState::not_ready;
    if (const auto cluster = api::read_cluster(*object)) view.cluster = *cluster;
    if (!kube::metadata_text(*object, "deletionTimestamp").empty()) view.state = ClusterState::deleting;
    const bool is_ready = view.state == ClusterState::not_ready && view.cluster &&
                          api::validate(*view.cluster).empty() &&
                          api::is_true(view.cluster->status.conditions, api::condition::ready);
    if (!is_ready) return view;
    view.state = ClusterState::ready;
    ask_brokers(*view.cluster, view);
    if (view.problem.empty()) view.figures = figures_of(key, *view.topics);
    return view;
}

void TopicReconciler::ask_brokers(const api::KafkaCluster& cluster, ClusterView& view) {
    const plan::Observed observed = watches_.observe({cluster.metadata.name_space, cluster.metadata.name});
    view.topics = topics_of_(cluster, observed);
    const plan::Answers answers = brokers_of_(cluster, observed)->ask({.brokers = true});
    if (!answers.brokers || !answers.brokers->has_value()) {
        view.problem = answers.brokers ? answers.brokers->error() : "the brokers have said nothing of themselves";
        return;
    }
    for (const auto& [id, broker] : answers.brokers->value().brokers)
        if (broker.is_active && broker.placement == plan::Placement::open) view.open_brokers[id] = broker.rack;
}

// By whoever comes first when it is time; the others take what there is. Half an interval is enough: the next look at
// all topics comes an interval after the last one, which is sooner after what that one has measured.
TopicReconciler::Figures TopicReconciler::figures_of(const kube::ObjectKey& cluster, admin::Topics& topics) {
    {
        const std::lock_guard lock(mutex_);
        Measured& own = measured_[cluster];
        const bool is_due = !own.at || clock_.now() - *own.at >= times_.look / 2;
        if (!is_due || own.is_under_way) return own.figures;
        own.is_under_way = true;
    }
    auto measured = topics.measure();
    if (!measured) log_info("topics not measured", {{"cluster", cluster.to_string()}, {"error", measured.error()}});
    const std::lock_guard lock(mutex_);
    Measured& own = measured_[cluster];
    own.is_under_way = false;
    own.at = clock_.now();
    if (measured) own.figures = std::make_shared<const admin::Topics::Figures>(*std::move(measured));
    return own.figures;
}

void TopicReconciler::plan_all(const ClusterView& view, const std::vector<Looked*>& looks) {
    std::set<std::string> names;
    for (const Looked* looked : looks)
        if (view.state_for(looked->topic) == ClusterState::ready) names.insert(looked->topic.topic_name());
    admin::Topics::Described described;
    if (!names.empty() && view.problem.empty()) described = view.topics->describe({names.begin(), names.end()});
    const bool many_vanished = watches_.vanishing_topics().are_many(watches_.store("KafkaTopic").size(), clock_.now());
    for (Looked* looked : looks) {
        const api::KafkaTopic& topic = looked->topic;
        plan::TopicInput input{.topic = topic,
                               .cluster = view.state_for(topic),
                               .info = info_of(described, *view.figures, topic.topic_name())};
        if (input.cluster == ClusterState::ready && !view.problem.empty()) input.info.emplace(unexpected(view.problem));
        input.brokers = view.open_brokers;
        input.older_twin = twin_of(*looked);
        input.is_cluster_paused = view.cluster && view.cluster->spec.paused;
        input.is_namespace_deleting = watches_.vanishing_topics().was_ordered(looked->key);
        input.many_vanished = many_vanished;
        input.now = clock_.wall();
        looked->next = plan::plan_topic(input);
    }
}

std::vector<TopicReconciler::Looked*> TopicReconciler::run_all(const ClusterView& view,
                                                               const std::vector<Looked*>& looks) {
    std::vector<execute::Work> work;
    std::vector<Looked*> own;
    for (Looked* looked : looks) {
        if (looked->next.steps.empty()) continue;
        work.push_back({looked->next.steps, {looked->key, looked->object}});
        own.push_back(looked);
    }
    std::vector<execute::Done> all = executor_.run(work, orders_to(view.topics.get()));
    std::vector<Looked*> again;
    for (size_t i = 0; i < own.size(); ++i) {
        Looked& looked = *own[i];
        execute::Done& done = all[i];
        if (done.object) {
            looked.object = *std::move(done.object);
            looked.topic.metadata = api::metadata_of(looked.object);
        }
        if (!done.failures.empty()) {
            const execute::Failure& failure = done.failures.front();
            looked.failure = failure.error;
            // What the next attempt may well undo isn't said; that brokers don't answer is.
            const bool is_final = !failure.error.is_transient() && failure.error.reason != kube::Reason::not_leader;
            if (is_final || failure.error.reason == kube::Reason::no_answer)
                plan::say_failed(looked.next, looked.topic, failure.step + ": " + failure.error.message, is_final,
                                 clock_.wall());
        } else if (looked.topic.metadata.is_deleting()) {
            looked.has_gone = lets_go(looked.next.steps);
        } else if (has_order(looked.next.steps)) {
            again.push_back(&looked);
        }
    }
    return again;
}

// One whose last finalizer was ours has no status any more.
void TopicReconciler::finish(Looked& looked) {
    if (looked.has_gone) return;
    const auto written =
        write_status(client_, writes_, {looked.key, looked.object}, api::written(looked.next.status), clock_.now());
    if (looked.failure) {
        looked.verdict.error = looked.failure;
    } else if (!written) {
        looked.verdict.error = written.error();
    } else {
        looked.verdict.look_again = looked.next.look_again;
    }
}

std::string TopicReconciler::twin_of(const Looked& looked) const {
    std::vector<api::KafkaTopic> all;
    for (const json& object : watches_.topics_at(topic_place_of(looked.object)))
        if (auto topic = api::read_topic(object)) all.push_back(*std::move(topic));
    return plan::twin_that_has_it(looked.topic, all);
}

}  // namespace milena::reconcile
