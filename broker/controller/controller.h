// Controller: the one writer of cluster metadata. A request is decided against the newest proposed image (pure
// functions in decide.h), its records are appended to the metadata log, and it is answered once they are committed,
// applied and published. Requests don't wait for each other's fsync: many share one. Lives on shard 0, which also owns
// the metadata log's disk; never asks the operating system for anything.
//
//     submit ─▶ decide(request, proposed image) ─▶ records ─▶ raft.propose ─▶ committed ─▶ apply ─▶ publish ─▶ done
//                        ▲                           │
//                        └──── proposed image ◀──────┘
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "controller/decide.h"
#include "env/random.h"
#include "metadata/delta.h"
#include "metadata/image.h"
#include "raft/raft.h"
#include "settings/broker_settings.h"

namespace milena::controller {

template <class T>
using Done = std::function<void(T)>;

// Gives a newly committed image to the shards and calls `published` when all of them use it. Called in log order; the
// next image may be published before the former one has been answered for.
using Publish = std::function<void(const metadata::Delta& delta, std::function<void()> published)>;

class Controller : public raft::StateMachine {
  public:
    // The environment outlives the controller. `settings` are those of this node as its files say.
    struct Environment {
        raft::Raft& raft;
        env::Random& random;
    };
    Controller(const Environment& environment, NodeId node, settings::BrokerSettings settings, Publish publish);
    ~Controller() override;
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;

    // Loads the log and takes the lead. `ready` is called when requests are answered; with an error if the log can't be
    // used, then or at any later time: the process can't go on.
    void start(std::function<void(Result<void, std::string>)> ready);

    // Requests of clients. What `request` points into may die after the call; `done` is called exactly once, with
    // NOT_CONTROLLER in it if the metadata log has failed.
    void submit(const wire::CreateTopicsRequest& request, Done<wire::CreateTopicsResponse> done);
    void submit(const wire::DeleteTopicsRequest& request, Done<wire::DeleteTopicsResponse> done);
    void submit(const wire::CreatePartitionsRequest& request, Done<wire::CreatePartitionsResponse> done);
    void submit(const wire::AlterConfigsRequest& request, Done<wire::AlterConfigsResponse> done);
    void submit(const wire::IncrementalAlterConfigsRequest& request, Done<wire::IncrementalAlterConfigsResponse> done);

    // Requests of brokers; here of the one in this process.
    void submit(const BrokerRegistration& registration, Done<Result<BrokerEpoch>> done);
    void submit(const AllocateProducerIds& request, Done<Result<ProducerIdBlock>> done);

    // The newest committed image. Never null.
    const std::shared_ptr<const metadata::Image>& image() const { return committed_; }

  private:
    std::shared_ptr<const metadata::Image> committed_;
};

}  // namespace milena::controller
