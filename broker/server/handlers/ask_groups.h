// What the handlers of groups share: one question to the coordinator of one group, or many to many, gathered.
// Shard of the connection.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ip_text.h"
#include "server/group_gate.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {

// As Java prints the address of a client.
inline std::string java_host(const Caller& caller) {
    const std::string& address = caller.connection->client().address;
    return "/" + java_ip(address.substr(0, address.rfind(':')));
}

// Who is named again is answered again, as in Kafka, but not thousands of times: an answer may be a thousand times as
// long as a name.
inline constexpr size_t answers_each_max = 8;

// In their order, none of a name more often than that.
template <class Item, class NameOf = std::identity>
std::vector<Item> at_most(size_t times, const std::vector<Item>& items, NameOf name_of = {}) {
    std::vector<Item> kept;
    std::unordered_map<std::string_view, size_t> seen;
    for (const Item& item : items)
        if (++seen[std::invoke(name_of, item)] <= times) kept.push_back(item);
    return kept;
}

// work(coordinator, reply) for the group; finish(Result<Response>) here.
template <class Response, class CallType, class Work, class Finish>
void ask_group(const std::shared_ptr<CallType>& call, std::string_view group_id, Work work, Finish finish) {
    call->context().groups.template ask<Response>(
        call->context().shard, group_id, std::move(work),
        group::Reply<Response>([call, finish = std::move(finish)](Result<Response> result) {
            if (!result && result.error() == ErrorCode::not_coordinator) call->caller().connection->send_away();
            finish(std::move(result));
        }));
}

// Results that come one by one, in any order; finish() gets all of them, in theirs.
template <class Response>
class Gathered {
  public:
    using Finish = std::function<void(std::vector<Result<Response>>)>;

    Gathered(size_t count, Finish finish)
        : results_(count, unexpected(ErrorCode::unknown_server_error)), missing_(count), finish_(std::move(finish)) {}

    static std::shared_ptr<Gathered> begin(size_t count, Finish finish) {
        auto gathered = std::make_shared<Gathered>(count, std::move(finish));
        if (count == 0) gathered->finish_({});
        return gathered;
    }
    void take(size_t i, Result<Response> result) {
        results_[i] = std::move(result);
        if (--missing_ == 0) finish_(std::move(results_));
    }

  private:
    std::vector<Result<Response>> results_;
    size_t missing_;
    const Finish finish_;
};

}  // namespace milena::server::handlers
