// What is asked of the metadata log itself, and answered by the controller's replica of it.
#include "server/controller_gate.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {

using Request = wire::DescribeQuorumRequest;
using Response = wire::DescribeQuorumResponse;

// The leader has always just heard of itself.
void describe_quorum(CallPtr<Request, Response> call) {
    std::shared_ptr<const Request> request(call, &call->request);
    call->context().controller.submit<Request, Response>(
        call->context().shard, std::move(request), [call](Response response) {
            const int64_t now = call->context().shard.clock().wall().value;
            for (Response::Topic& topic : response.topics)
                for (Response::Partition& partition : topic.partitions)
                    for (Response::ReplicaState& replica : partition.current_voters)
                        replica.last_fetch_timestamp = replica.last_caught_up_timestamp = now;
            call->respond(response);
        });
}

}  // namespace milena::server::handlers
