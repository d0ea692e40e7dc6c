#include "execute/executor.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/kafka_topic.h"
#include "api/metadata.h"
#include "base/log.h"

namespace milena::execute {
namespace {

using kube::Error;
using kube::Reason;
using nlohmann::json;

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};

bool is_for_kubernetes(const plan::Action& action) {
    return std::holds_alternative<plan::Apply>(action) || std::holds_alternative<plan::Delete>(action) ||
           std::holds_alternative<plan::Patch>(action) || std::holds_alternative<plan::SetFinalizer>(action) ||
           std::holds_alternative<plan::Event>(action);
}

// What may follow a failure: it changes nothing that is there beyond its own fields, whatever else is the case.
bool is_independent(const plan::Step& step) {
    const bool is_harmless =
        std::holds_alternative<plan::Apply>(step.action) || std::holds_alternative<plan::Event>(step.action);
    return is_harmless && !step.is_disruptive && !step.needs_all_before;
}

Error unknown_kind(const std::string& kind) { return {Reason::unknown, 0, "no known kind: " + kind}; }

}  // namespace

std::string text_of(const plan::Action& action) {
    return std::visit(
        Overloaded{
            [](const plan::Apply& s) {
                return "apply " + api::text_at(s.object, "kind") + " " + kube::key_of(s.object).name;
            },
            [](const plan::Delete& s) { return "delete " + s.kind + " " + s.name; },
            [](const plan::Patch& s) { return "patch " + s.kind + " " + s.name; },
            [](const plan::SetFinalizer& s) { return std::string(s.is_present ? "add" : "remove") + " finalizer"; },
            [](const plan::Place& s) { return "place broker " + std::to_string(s.broker); },
            [](const plan::AlterBrokerConfig& s) {
                return s.broker ? "alter settings of broker " + std::to_string(*s.broker)
                                : "alter the brokers' settings";
            },
            [](const plan::UnregisterBroker& s) { return "unregister broker " + std::to_string(s.broker); },
            [](const plan::CreateTopic& s) { return "create topic " + s.name; },
            [](const plan::DeleteTopic& s) { return "delete topic " + s.name; },
            [](const plan::CreatePartitions& s) { return "add partitions to " + s.name; },
            [](const plan::AlterTopicConfig& s) { return "alter settings of topic " + s.name; },
            [](const plan::Reassign& s) { return "reassign " + s.name; },
            [](const plan::Event& s) { return "event " + s.reason; }},
        action);
}

kube::Outcome<void> outcome_of(const Result<void, admin::Refusal>& said) {
    if (said) return {};
    return unexpected(Error{said.error().is_final ? Reason::invalid : Reason::no_answer, 0, said.error().text});
}

Done Executor::run(const std::vector<plan::Step>& steps, const Subject& subject, admin::Brokers& brokers) {
    const Orders one_by_one = [&](const std::vector<plan::Action>& actions) {
        std::vector<Outcome> outcomes;
        for (const plan::Action& action : actions) outcomes.push_back(outcome_of(brokers.order(action)));
        return outcomes;
    };
    return std::move(run({Work{steps, subject}}, one_by_one).front());
}

std::vector<Done> Executor::run(const std::vector<Work>& all, const Orders& orders) {
    std::vector<Progress> progress(all.size());
    while (true) {
        std::vector<plan::Action> due;
        std::vector<size_t> of;
        for (size_t i = 0; i < all.size(); ++i)
            if (const plan::Step* step = advance(all[i], progress[i])) {
                due.push_back(step->action);
                of.push_back(i);
            }
        if (due.empty()) break;
        const std::vector<Outcome> outcomes = give(due, orders);
        for (size_t i = 0; i < due.size(); ++i) conclude(outcomes[i], all[of[i]], progress[of[i]]);
    }
    std::vector<Done> done;
    for (Progress& each : progress) done.push_back(std::move(each.done));
    return done;
}

// Up to the next order to brokers, which is still to be given; nullptr: there is none any more.
const plan::Step* Executor::advance(const Work& work, Progress& progress) {
    while (progress.next < work.steps.size()) {
        const plan::Step& step = work.steps[progress.next];
        if (!progress.done.failures.empty() && !is_independent(step)) {
            progress.done.was_interrupted = true;
            ++progress.next;
            continue;
        }
        if (!is_for_kubernetes(step.action)) return &step;
        conclude(run(step.action, work.subject, progress.done), work, progress);
    }
    return nullptr;
}

void Executor::count(const plan::Step& step, const Outcome& outcome) {
    const std::lock_guard lock(mutex_);
    if (!outcome) ++counts_.refused[std::string(kube::reason_name(outcome.error().reason))];
    if (outcome && !std::holds_alternative<plan::Event>(step.action)) ++counts_.done;
}

StepCounts Executor::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

void Executor::conclude(const Outcome& outcome, const Work& work, Progress& progress) {
    const plan::Step& step = work.steps[progress.next++];
    const std::string what = text_of(step.action);
    const std::string of = work.subject.key.to_string();
    count(step, outcome);
    if (!outcome) {
        log_warn("step failed", {{"of", of}, {"step", what}, {"error", outcome.error().to_string()}});
        const auto* alter = std::get_if<plan::AlterBrokerConfig>(&step.action);
        const bool is_of_config = alter != nullptr && !alter->broker;
        // Nobody would listen to the rest.
        const Reason reason = outcome.error().reason;
        const bool is_over = reason == Reason::not_leader || reason == Reason::namespace_terminating;
        const bool is_shortfall = step.is_accessory && !is_over && !outcome.error().is_transient();
        auto& failures = is_shortfall ? progress.done.shortfalls : progress.done.failures;
        failures.push_back({what, outcome.error(), is_of_config});
        if (is_over) progress.next = work.steps.size();
    } else if (!std::holds_alternative<plan::Event>(step.action)) {
        log_info("step done", {{"of", of}, {"step", what}, {"disruptive", step.is_disruptive}});
        ++progress.done.steps;
    }
}

// The lease may have been lost since the plan was made, and brokers take orders from anybody.
std::vector<Executor::Outcome> Executor::give(const std::vector<plan::Action>& actions, const Orders& orders) {
    if (client_.may_write()) return orders(actions);
    const Error error{Reason::not_leader, 0, "another process may have the lease"};
    return std::vector<Outcome>(actions.size(), Outcome(unexpected(error)));
}

Executor::Outcome Executor::run(const plan::Action& action, const Subject& subject, Done& done) {
    if (const auto* step = std::get_if<plan::Apply>(&action)) return apply(*step, subject);
    if (const auto* step = std::get_if<plan::Delete>(&action)) return remove(*step, subject);
    if (const auto* step = std::get_if<plan::Patch>(&action)) return patch(*step, subject);
    if (const auto* step = std::get_if<plan::SetFinalizer>(&action)) return set_finalizer(*step, subject, done);
    const auto& event = std::get<plan::Event>(action);
    events_.record(subject.object, {event.is_warning, event.reason, "Reconcile", event.message});
    return {};
}

// An object that isn't known yet may be there all the same: made by us, with the answer lost, or somebody else's, which
// is spared.
kube::Outcome<std::string> Executor::uid_to_take(const kube::ResourceType& type, const plan::Apply& step,
                                                 const Subject& subject) {
    if (!step.uid.empty()) return step.uid;
    const auto live = client_.read(type, kube::key_of(step.object));
    if (!live && live.error().reason == Reason::not_found) return std::string();
    if (!live) return unexpected(live.error());
    if (api::is_owned_by(*live, kube::uid_of(subject.object))) return kube::uid_of(*live);
    return unexpected(Error{Reason::conflict, 0,
                            type.kind + " " + kube::key_of(step.object).to_string() +
                                " is there and isn't ours; rename it or the resource"});
}

Executor::Outcome Executor::apply(const plan::Apply& step, const Subject& subject) {
    const std::string kind = api::text_at(step.object, "kind");
    const auto* type = kube::find_resource_type(api::text_at(step.object, "apiVersion"), kind);
    if (type == nullptr) return unexpected(unknown_kind(kind));
    ASSIGN_OR_RETURN(const std::string uid, uid_to_take(*type, step, subject));
    json object = step.object;
    if (!uid.empty()) object["metadata"]["uid"] = uid;
    ASSIGN_OR_RETURN(const json written, client_.apply(*type, object));
    note(subject, kind, written);
    return {};
}

Executor::Outcome Executor::remove(const plan::Delete& step, const Subject& subject) {
    const auto* type = kube::find_resource_type(step.api_version, step.kind);
    if (type == nullptr) return unexpected(unknown_kind(step.kind));
    const kube::ObjectKey key{subject.key.space, step.name};
    RETURN_IF_ERROR(client_.remove(*type, key,
                                   {.uid = step.uid,
                                    .resource_version = step.resource_version,
                                    .propagation = step.orphans_children ? "Orphan" : "Background"}));
    writes_.note_removed(subject.key, step.kind, key, step.uid, clock_.now());
    return {};
}

Executor::Outcome Executor::patch(const plan::Patch& step, const Subject& subject) {
    const auto* type = kube::find_resource_type(step.api_version, step.kind);
    if (type == nullptr) return unexpected(unknown_kind(step.kind));
    json patch = step.patch;
    if (!step.uid.empty()) patch["metadata"]["uid"] = step.uid;
    ASSIGN_OR_RETURN(const json written, client_.merge_patch(*type, {subject.key.space, step.name}, patch));
    note(subject, step.kind, written);
    return {};
}

// The list is replaced as a whole, so it must still be the one that was read.
Executor::Outcome Executor::set_finalizer(const plan::SetFinalizer& step, const Subject& subject, Done& done) {
    const std::string kind = api::text_at(subject.object, "kind");
    const auto* type = kube::find_resource_type(api::text_at(subject.object, "apiVersion"), kind);
    if (type == nullptr) return unexpected(unknown_kind(kind));
    json finalizers = subject.object.at("metadata").value("finalizers", json::array());
    const auto own = std::find(finalizers.begin(), finalizers.end(), json(api::topic_finalizer));
    if ((own != finalizers.end()) == step.is_present) return {};
    if (step.is_present)
        finalizers.push_back(api::topic_finalizer);
    else
        finalizers.erase(own);
    const json patch = {{"metadata",
                         {{"finalizers", finalizers},
                          {"uid", kube::uid_of(subject.object)},
                          {"resourceVersion", kube::resource_version_of(subject.object)}}}};
    ASSIGN_OR_RETURN(json written, client_.merge_patch(*type, subject.key, patch));
    note(subject, kind, written);
    done.object.emplace(std::move(written));
    return {};
}

void Executor::note(const Subject& subject, const std::string& kind, const json& written) {
    writes_.note(subject.key, kind, kube::resource_version_of(written), clock_.now());
}

}  // namespace milena::execute
