// Metrics of clients (KIP-714): whichever shard a client is connected to, the first one knows them all.
#include "base/ip_text.h"
#include "server/client_metrics.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

TelemetryClient client_of(const Caller& caller) {
    const std::string& address = caller.connection->client().address;
    const size_t colon = address.rfind(':');
    const Connection::Software& software = caller.connection->software();
    return {.attributes = {{"client_id", std::string(caller.client_id())},
                           {"client_software_name", software.name},
                           {"client_software_version", software.version},
                           {"client_source_address", java_ip(address.substr(0, colon))},
                           {"client_source_port", colon == std::string::npos ? "" : address.substr(colon + 1)}},
            .connection = caller.connection};
}

// answer(moment, client) on the first shard.
template <class Request, class Response, class Answer>
void ask_first_shard(const CallPtr<Request, Response>& call, Answer answer) {
    shard::Shard& first = call->context().shards.first();
    shard::run_on(first, [call, &first, answer, client = client_of(call->caller())] {
        const ClientMetrics::Moment moment{
            .image = *first.image(), .now = first.clock().now(), .bytes_max = first.config()->telemetry_max_bytes};
        const Response response = answer(moment, client);
        shard::run_on(call->context().shard, [call, response] { call->respond(response); });
    });
}

}  // namespace

void telemetry_subscriptions(
    CallPtr<wire::GetTelemetrySubscriptionsRequest, wire::GetTelemetrySubscriptionsResponse> call) {
    ask_first_shard(call, [call](const ClientMetrics::Moment& moment, const TelemetryClient& client) {
        return call->context().client_metrics.subscriptions(moment, call->request, client);
    });
}

void push_telemetry(CallPtr<wire::PushTelemetryRequest, wire::PushTelemetryResponse> call) {
    ask_first_shard(call, [call](const ClientMetrics::Moment& moment, const TelemetryClient& client) {
        wire::PushTelemetryResponse response;
        response.error_code = call->context().client_metrics.push(moment, call->request, client);
        return response;
    });
}

}  // namespace milena::server::handlers
