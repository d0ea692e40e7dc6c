// Runs the steps of a plan, one request at a time, in their order. Once a step has failed nothing disruptive follows,
// and nothing of the brokers; what is merely applied goes on, so that one object that is refused doesn't hold up the
// others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

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
};

struct Done {
    int steps = 0;  // that were done, events aside
    std::vector<Failure> failures;
    bool was_interrupted = false;  // steps were left out after a failure
};

class Executor {
  public:
    Executor(kube::Client& client, kube::EventRecorder& events, kube::OwnWrites& writes, env::Clock& clock)
        : client_(client), events_(events), writes_(writes), clock_(clock) {}

    Done run(const std::vector<plan::Step>& steps, const Subject& subject, admin::Brokers& brokers);

  private:
    using Outcome = kube::Outcome<void>;

    Outcome run(const plan::Action& action, const Subject& subject, admin::Brokers& brokers);
    Outcome apply(const plan::Apply& step, const Subject& subject);
    Outcome remove(const plan::Delete& step, const Subject& subject);
    Outcome patch(const plan::Patch& step, const Subject& subject);
    Outcome set_finalizer(const plan::SetFinalizer& step, const Subject& subject);
    kube::Outcome<std::string> uid_to_take(const kube::ResourceType& type, const plan::Apply& step,
                                           const Subject& subject);
    void note(const Subject& subject, const std::string& kind, const nlohmann::json& written);

    kube::Client& client_;
    kube::EventRecorder& events_;
    kube::OwnWrites& writes_;
    env::Clock& clock_;
};

// "delete Pod demo-brokers-1", for people and logs.
std::string text_of(const plan::Action& action);

}  // namespace milena::execute
