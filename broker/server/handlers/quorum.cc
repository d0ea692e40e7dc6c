// What is asked of the metadata log itself, and answered by the controller's replica of it.
#include "server/controller_gate.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

template <class Request, class Response>
void ask(const CallPtr<Request, Response>& call) {
    std::shared_ptr<const Request> request(call, &call->request);
    call->context().controller.template submit<Request, Response>(
        call->context().shard, std::move(request), [call](Response response) { call->respond(response); });
}

}  // namespace

void describe_quorum(CallPtr<wire::DescribeQuorumRequest, wire::DescribeQuorumResponse> call) { ask(call); }
void add_raft_voter(CallPtr<wire::AddRaftVoterRequest, wire::AddRaftVoterResponse> call) { ask(call); }
void remove_raft_voter(CallPtr<wire::RemoveRaftVoterRequest, wire::RemoveRaftVoterResponse> call) { ask(call); }

}  // namespace milena::server::handlers
