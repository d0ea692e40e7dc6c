// Call: one decoded request on its way to its answer. Lives as long as anybody works on it; what the request points
// into (its frame) lives as long. respond() belongs to the shard of the connection: who gathers on other shards comes
// back to `context.shard` first.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "server/client_quotas.h"
#include "server/connection.h"
#include "server/context.h"
#include "wire/header.h"

namespace milena::server {

// Who asks, and how: all of a request but its body.
struct Caller {
    Context& context;
    std::shared_ptr<Connection> connection;
    SlotId slot = 0;
    wire::RequestHeader header;
    Bytes frame;

    wire::Version version() const { return header.api_version; }
    std::string_view client_id() const { return header.client_id.value_or(std::string_view()); }
    const std::string& listener() const { return connection->client().listener; }
    QuotaClient quota_client() const { return {anonymous_user, client_id()}; }

    // He is looking for a leader or coordinator that this broker can't know of: it has been silent to the controller
    // for so long that another one may have been elected. Only another broker can help him, and clients ask the one
    // that they are connected with.
    bool must_ask_elsewhere() const { return connection->is_sent_away() && context.shard.partitions().may_be_fenced(); }

    // What the request costs its client: the time that its shard has spent on it, and what else it has used.
    Throttle charge() const;
    Throttle charge(QuotaType type, double amount) const;
    // Nothing more is read from the client for that long; the answer tells him so.
    void throttle(const Throttle& throttle) const;

    static constexpr std::string_view no_controller = "the controller hears nothing of this broker";
    static constexpr std::string_view anonymous_user = "ANONYMOUS";
};

template <class Response>
void answer(const Caller& caller, const Response& response, const Throttle& throttle) {
    const auto send = [&](const Response& final) {
        caller.connection->answer(caller.slot,
                                  wire::encode_response(final, caller.version(), caller.header.correlation_id));
    };
    if (throttle.time == Duration{}) return send(response);
    caller.throttle(throttle);
    Response told = response;
    if constexpr (requires { told.throttle_time_ms; })
        wire::plain(told.throttle_time_ms) =
            static_cast<int32_t>(std::chrono::duration_cast<Milliseconds>(throttle.time).count());
    send(told);
}

template <class RequestType, class ResponseType>
class Call {
  public:
    using Request = RequestType;
    using Response = ResponseType;

    Call(Caller caller, Request decoded) : caller_(std::move(caller)), request(std::move(decoded)) {}

    Context& context() const { return caller_.context; }
    const Caller& caller() const { return caller_; }
    wire::Version version() const { return caller_.version(); }

    // Exactly once. Where the request was charged before, with what came of it.
    void respond(const Response& response) const { respond(response, caller_.charge()); }
    void respond(const Response& response, const Throttle& throttle) const { answer(caller_, response, throttle); }
    void respond_nothing(const Throttle& throttle) const {
        if (throttle.time > Duration{}) caller_.throttle(throttle);
        caller_.connection->answer_nothing(caller_.slot);
    }
    Throttle charge(QuotaType type, double amount) const { return caller_.charge(type, amount); }
    void close_connection(std::string_view reason) const { caller_.connection->close(reason); }
    // See Connection::in_turn().
    void in_turn(std::function<void()> work) const { caller_.connection->in_turn(caller_.slot, std::move(work)); }
    // `call` runs if the connection ends before the answer.
    void on_close(std::function<void()> call) const { caller_.connection->on_close(caller_.slot, std::move(call)); }

  private:
    const Caller caller_;

  public:
    const Request request;
};

}  // namespace milena::server
