#include "server/controller_gate.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {

using wire::InitProducerIdRequest;
using wire::InitProducerIdResponse;

void init_producer_id(CallPtr<InitProducerIdRequest, InitProducerIdResponse> call) {
    InitProducerIdResponse response;  // a refusal
    response.producer_epoch = -1;
    const InitProducerIdRequest& request = call->request;
    if (request.transactional_id) {
        // Kafka's answers while it has no coordinator for the id; an empty one is nobody's.
        response.error_code =
            request.transactional_id->empty() ? ErrorCode::invalid_request : ErrorCode::coordinator_not_available;
        return call->respond(response);
    }
    // Only with both can an id be told from another (KIP-360). Without a transaction the epoch is not raised: the
    // producer gets a new id.
    if ((request.producer_id == -1) != (request.producer_epoch == -1)) {
        response.error_code = ErrorCode::invalid_request;
        return call->respond(response);
    }
    call->context().controller.next_producer_id(call->context().shard, [call](const Result<ProducerId>& id) {
        InitProducerIdResponse answer;
        if (id.has_value()) {
            answer.producer_id = id->value;
        } else {
            answer.error_code = ErrorCode::coordinator_load_in_progress;  // ask again
            answer.producer_epoch = -1;
        }
        call->respond(answer);
    });
}

}  // namespace milena::server::handlers
