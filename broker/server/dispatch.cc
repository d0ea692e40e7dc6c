#include "server/dispatch.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/log.h"
#include "server/controller_gate.h"
#include "server/handlers/handlers.h"

namespace milena::server {
namespace {

struct Handler {
    const wire::Api* api = nullptr;
    // False if the body is malformed.
    bool (*run)(Caller caller) = nullptr;
    bool is_decided_by_controller = false;
};

bool log_refused(const Caller& caller, std::string_view reason, size_t offset = 0) {
    const wire::ApiInfo* info = wire::find_api(caller.header.api_key);
    log_warn("request refused", {{"client", caller.connection->client().address},
                                 {"client_id", caller.client_id()},
                                 {"api", info != nullptr ? info->name : std::string_view("unknown")},
                                 {"key", caller.header.api_key},
                                 {"version", caller.header.api_version},
                                 {"reason", reason},
                                 {"offset", offset}});
    return false;
}

void log_received(const Caller& caller) {
    const wire::ApiInfo* info = wire::find_api(caller.header.api_key);
    log_debug("request received", {{"client", caller.connection->client().address},
                                   {"client_id", caller.client_id()},
                                   {"api", info != nullptr ? info->name : std::string_view("unknown")},
                                   {"version", caller.header.api_version},
                                   {"bytes", caller.frame.size()}});
}

// What follows a request is passed over, as in Kafka: librdkafka asks for all topics with four bytes for a length that
// takes one.
template <class Request>
Result<Request, wire::DecodeError> decode_body(const Caller& caller) {
    const Bytes body = caller.frame.slice(caller.header.size);
    wire::Decoder from(body);
    from.begin(caller.version(), Request::api.is_flexible(caller.version()));
    Request request;
    wire::read(from, request);
    if (from.has_failed()) return unexpected(from.fault());
    return request;
}

// A call may be let go of last by another shard; its connection is destroyed on its own one all the same.
template <class Pending>
std::shared_ptr<Pending> come_home(Pending* call) {
    shard::Shard& home = call->context().shard;
    return std::shared_ptr<Pending>(
        call, [&home](Pending* finished) { shard::run_on(home, [finished] { delete finished; }); });
}

template <auto function>
struct Serves;

template <class Request, class Response, Response (*function)(const Request&, const Caller&)>
struct Serves<function> {
    static constexpr Handler handler{&Request::api, [](Caller caller) {
                                         const auto request = decode_body<Request>(caller);
                                         if (!request.has_value())
                                             return log_refused(caller, request.error().reason, request.error().offset);
                                         const Response response = function(*request, caller);
                                         answer(caller, response, caller.charge());
                                         return true;
                                     }};
};

template <class Request, class Response, void (*function)(std::shared_ptr<Call<Request, Response>>)>
struct Serves<function> {
    static constexpr Handler handler{
        &Request::api, [](Caller caller) {
            auto request = decode_body<Request>(caller);
            if (!request.has_value()) return log_refused(caller, request.error().reason, request.error().offset);
            function(come_home(new Call<Request, Response>(std::move(caller), std::move(*request))));
            return true;
        }};
};

template <auto function>
constexpr Handler serves() {
    return Serves<function>::handler;
}

template <auto function>
constexpr Handler decided_by_controller() {
    Handler handler = Serves<function>::handler;
    handler.is_decided_by_controller = true;
    return handler;
}

// Ascending by key.
constexpr std::array handlers_by_key{
    serves<handlers::produce>(),
    serves<handlers::fetch>(),
    serves<handlers::list_offsets>(),
    serves<handlers::metadata>(),
    serves<handlers::offset_commit>(),
    serves<handlers::offset_fetch>(),
    serves<handlers::find_coordinator>(),
    serves<handlers::join_group>(),
    serves<handlers::heartbeat>(),
    serves<handlers::leave_group>(),
    serves<handlers::sync_group>(),
    serves<handlers::describe_groups>(),
    serves<handlers::list_groups>(),
    serves<handlers::api_versions>(),
    decided_by_controller<handlers::create_topics>(),
    decided_by_controller<handlers::delete_topics>(),
    serves<handlers::delete_records>(),
    serves<handlers::init_producer_id>(),
    serves<handlers::offset_for_leader_epoch>(),
    serves<handlers::describe_acls>(),
    serves<handlers::create_acls>(),
    serves<handlers::delete_acls>(),
    serves<handlers::describe_configs>(),
    decided_by_controller<handlers::alter_configs>(),
    serves<handlers::alter_replica_log_dirs>(),
    serves<handlers::describe_log_dirs>(),
    decided_by_controller<handlers::create_partitions>(),
    serves<handlers::create_delegation_token>(),
    serves<handlers::renew_delegation_token>(),
    serves<handlers::expire_delegation_token>(),
    serves<handlers::describe_delegation_token>(),
    serves<handlers::delete_groups>(),
    decided_by_controller<handlers::elect_leaders>(),
    decided_by_controller<handlers::incremental_alter_configs>(),
    decided_by_controller<handlers::alter_partition_reassignments>(),
    serves<handlers::list_partition_reassignments>(),
    serves<handlers::offset_delete>(),
    serves<handlers::describe_client_quotas>(),
    decided_by_controller<handlers::alter_client_quotas>(),
    serves<handlers::describe_user_scram_credentials>(),
    decided_by_controller<handlers::alter_user_scram_credentials>(),
    decided_by_controller<handlers::describe_quorum>(),
    decided_by_controller<handlers::update_features>(),
    serves<handlers::describe_cluster>(),
    serves<handlers::describe_producers>(),
    decided_by_controller<handlers::unregister_broker>(),
    serves<handlers::telemetry_subscriptions>(),
    serves<handlers::push_telemetry>(),
    serves<handlers::list_config_resources>(),
    serves<handlers::describe_topic_partitions>(),
    decided_by_controller<handlers::add_raft_voter>(),
    decided_by_controller<handlers::remove_raft_voter>(),
};
static_assert(std::ranges::is_sorted(handlers_by_key, {}, [](const Handler& handler) { return handler.api->key; }));

const Handler* find_handler(int16_t key) {
    const auto at =
        std::ranges::lower_bound(handlers_by_key, key, {}, [](const Handler& handler) { return handler.api->key; });
    return at != handlers_by_key.end() && at->api->key == key ? &*at : nullptr;
}

// The active controller is on another node: it gets the request as it came. If nobody answers it, the handler here says
// NOT_CONTROLLER in the form that the API has for it.
void forward(const Handler& handler, Caller caller) {
    shard::Shard& home = caller.context.shard;
    const controller::ForwardedRequest request{caller.frame, caller.connection->client().address, caller.listener()};
    const auto shared = std::shared_ptr<Caller>(new Caller(std::move(caller)), [&home](Caller* finished) {
        shard::run_on(home, [finished] { delete finished; });
    });
    shared->context.controller.forward(home, request, [&handler, shared](Result<Bytes> answer) {
        if (!shared->connection->is_open()) return;
        if (!answer) {
            if (!handler.run(*shared)) shared->connection->close("");
            return;
        }
        shared->connection->answer(shared->slot, wire::framed(*answer));
    });
}

// Levels of loggers are a process's own: they are set where they are asked for.
bool is_for_this_process(const Caller& caller) {
    if (caller.header.api_key != wire::IncrementalAlterConfigsRequest::api.key) return false;
    const auto request = decode_body<wire::IncrementalAlterConfigsRequest>(caller);
    constexpr auto logger = static_cast<int8_t>(metadata::ConfigResourceType::broker_logger);
    return !request || std::ranges::any_of(request->resources, [](const auto& r) { return r.resource_type == logger; });
}

// librdkafka takes a broker for ancient unless Produce begins at version 0, so Kafka says that it does, and refuses
// these versions when they come (KAFKA-18659).
wire::Version advertised_min(const wire::Api& api) {
    constexpr int16_t produce_key = 0;
    return api.key == produce_key ? wire::Version{0} : api.min;
}

}  // namespace

std::span<const ServedApi> served_apis() {
    static const std::vector<ServedApi> served = [] {
        std::vector<ServedApi> all;
        for (const Handler& handler : handlers_by_key)
            all.push_back({wire::find_api(handler.api->key), advertised_min(*handler.api), handler.api->stable});
        return all;
    }();
    return served;
}

bool dispatch(Context& context, Connection& connection, SlotId slot, const Bytes& frame) {
    Caller caller{context, connection.shared_from_this(), slot, {}, frame};
    const auto header = wire::decode_request_header(frame);
    if (!header.has_value()) return log_refused(caller, header.error().reason, header.error().offset);
    caller.header = *header;
    connection.remember_client_id(caller.client_id());
    connection.times(slot).api_key = header->api_key;
    context.quotas.adopt(context.image().client_quotas);
    const Handler* handler = find_handler(header->api_key);
    if (is_logged(LogLevel::debug)) log_received(caller);
    if (handler == nullptr) return log_refused(caller, "this API is not served");
    if (header->api_version < handler->api->min || header->api_version > handler->api->stable) {
        if (header->api_key != wire::api_versions_key) return log_refused(caller, "this version is not served");
        handlers::refuse_api_versions(caller);
        return true;
    }
    const bool may_forward = handler->is_decided_by_controller && context.controller.is_elsewhere();
    if (!may_forward || connection.client().is_relayed || is_for_this_process(caller))
        return handler->run(std::move(caller));
    forward(*handler, std::move(caller));
    return true;
}

}  // namespace milena::server
