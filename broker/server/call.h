// Call: one decoded request on its way to its answer. Lives as long as anybody works on it; what the request points
// into (its frame) lives as long. respond() belongs to the shard of the connection: who gathers on other shards comes
// back to `context.shard` first.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

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
};

template <class RequestType, class ResponseType>
class Call {
  public:
    using Request = RequestType;
    using Response = ResponseType;

    Call(Caller caller, Request decoded) : caller_(std::move(caller)), request(std::move(decoded)) {}

    Context& context() const { return caller_.context; }
    const Caller& caller() const { return caller_; }
    wire::Version version() const { return caller_.version(); }

    // Exactly once.
    void respond(const Response& response) const {
        caller_.connection->answer(caller_.slot,
                                   wire::encode_response(response, version(), caller_.header.correlation_id));
    }
    void respond_nothing() const { caller_.connection->answer_nothing(caller_.slot); }
    void close_connection(std::string_view reason) const { caller_.connection->close(reason); }
    // `call` runs if the connection ends before the answer.
    void on_close(std::function<void()> call) const { caller_.connection->on_close(caller_.slot, std::move(call)); }

  private:
    const Caller caller_;

  public:
    const Request request;
};

}  // namespace milena::server
