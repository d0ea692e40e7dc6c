#include "server/controller_gate.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using Response = wire::InitProducerIdResponse;

Response refused(ErrorCode error) {
    Response response;
    response.error_code = error;
    response.producer_id = no_producer_id.value;
    response.producer_epoch = wire::no_producer_epoch;
    return response;
}

}  // namespace

void init_producer_id(CallPtr<wire::InitProducerIdRequest, Response> call) {
    // No broker coordinates transactions yet, so no partition of that coordinator is here.
    if (call->request.transactional_id.has_value()) {
        const bool is_empty = call->request.transactional_id->empty();
        return call->respond(refused(is_empty ? ErrorCode::invalid_request : ErrorCode::not_coordinator));
    }
    call->context().controller.next_producer_id(call->context().shard, [call](const Result<ProducerId>& id) {
        if (!id.has_value()) return call->respond(refused(ErrorCode::coordinator_load_in_progress));
        Response response;
        response.producer_id = id->value;
        call->respond(response);
    });
}

}  // namespace milena::server::handlers
