// Runs the steps of plans, each plan's in their order: those for Kubernetes one request at a time; what several plans
// order of the brokers at the same time goes out together. Once a step has failed nothing disruptive follows in that
// plan, and nothing of the brokers; what is merely applied goes on, so that one object that is refused doesn't hold up
// the others. An accessory that is refused for good holds up nothing.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "admin/brokers.h"
#include "env/clock.h"
#include "kube/client.h"
#include "kube/events.h"
#include "kube/own_writes.h"

namespace milena::execute {

// On whose behalf: a custom resource as it was when the plan was made.
struct Subject {
    kube::ObjectKey key;
    const nlohmann::json& object;
};

struct Failure {
    std::string step;  // "apply StatefulSet a/demo-brokers"
    kube::Error error;
    bool is_of_config = false;  // the settings that the user has for all brokers
};

struct Done {
    int steps = 0;  // that were done, events aside
    std::vector<Failure> failures;
    std::vector<Failure> shortfalls;  // of accessories that were refused for good
    bool was_interrupted = false;     // steps were left out after a failure
    // The subject, if its finalizers were written: as it is now.
    std::optional<nlohmann::json> object = std::nullopt;
};

// One plan and whose it is. Points to what its owner keeps.
struct Work {
    const std::vector<plan::Step>& steps;
    Subject subject;
};

// Gives orders to brokers, and says what became of each.
using Orders = std::function<std::vector<kube::Outcome<void>>(const std::vector<plan::Action>&)>;

// Of the steps of all plans so far, events aside.
struct StepCounts {
    uint64_t done = 0;
    std::map<std::string, uint64_t> refused;  // by the reason, as Kubernetes names it
};

class Executor {
  public:
    Executor(kube::Client& client, kube::EventRecorder& events, kube::OwnWrites& writes, env::Clock& clock)
        : client_(client), events_(events), writes_(writes), clock_(clock) {}

    Done run(const std::vector<plan::Step>& steps, const Subject& subject, admin::Brokers& brokers);
    // In the same order. All of one cluster, whose brokers `orders` reaches.
    std::vector<Done> run(const std::vector<Work>& all, const Orders& orders);
    StepCounts counts() const;

  private:
    using Outcome = kube::Outcome<void>;

    // How far a plan has come.
    struct Progress {
        size_t next = 0;
        Done done;
    };

    const plan::Step* advance(const Work& work, Progress& progress);
    void count(const plan::Step& step, const Outcome& outcome);
    void conclude(const Outcome& outcome, const Work& work, Progress& progress);
    std::vector<Outcome> give(const std::vector<plan::Action>& actions, const Orders& orders);
    Outcome run(const plan::Action& action, const Subject& subject, Done& done);
    Outcome apply(const plan::Apply& step, const Subject& subject);
    Outcome remove(const plan::Delete& step, const Subject& subject);
    Outcome patch(const plan::Patch& step, const Subject& subject);
    Outcome set_finalizer(const plan::SetFinalizer& step, const Subject& subject, Done& done);
    kube::Outcome<std::string> uid_to_take(const kube::ResourceType& type, const plan::Apply& step,
                                           const Subject& subject);
    void note(const Subject& subject, const std::string& kind, const nlohmann::json& written);

    kube::Client& client_;
    kube::EventRecorder& events_;
    kube::OwnWrites& writes_;
    env::Clock& clock_;
    mutable std::mutex mutex_;
    StepCounts counts_;
};

// Refused for good it is invalid; else the same order may go well another time.
kube::Outcome<void> outcome_of(const Result<void, admin::Refusal>& said);

// "delete Pod demo-brokers-1", for people and logs.
std::string text_of(const plan::Action& action);

}  // namespace milena::execute
