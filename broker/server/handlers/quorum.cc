// What is asked of the metadata log itself, and answered by the controller's replica of it.
#include "server/controller_gate.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {

using Request = wire::DescribeQuorumRequest;
using Response = wire::DescribeQuorumResponse;

void describe_quorum(CallPtr<Request, Response> call) {
    std::shared_ptr<const Request> request(call, &call->request);
    call->context().controller.submit<Request, Response>(call->context().shard, std::move(request),
                                                         [call](Response response) { call->respond(response); });
}

}  // namespace milena::server::handlers
