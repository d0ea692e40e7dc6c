#include "peer/quorum_client.h"

#include <array>

#include <quorum.pb.h>

#include "base/log.h"
#include "peer/quorum_messages.h"

namespace milena::peer {
namespace {

// A vote is answered by a vote, and so on.
bool is_answer_to(const raft::Response& response, size_t request_kind) {
    static const std::array<size_t, 6> kinds{0, 1, 1, 2, 3, 1};
    static_assert(std::variant_size_v<raft::Request> == 6 && std::variant_size_v<raft::Response> == 4);
    return response.index() == kinds[request_kind];
}

}  // namespace

void QuorumClient::send(NodeId to, const raft::Request& request, Milliseconds timeout, Done done) {
    const auto message = std::make_shared<quorum::v1::QuorumRequest>();
    write(request, *message);
    const auto answer = std::make_shared<quorum::v1::QuorumResponse>();
    const Outgoing::Call call{.to = to,
                              .method = "/milena.quorum.v1.Quorum/Exchange",
                              .request = message,
                              .response = answer,
                              .timeout = timeout};
    outgoing_.send(call, [to, kind = request.index(), answer, done = std::move(done)](std::optional<CallError> error) {
        if (error == CallError::unreachable) return done(unexpected(raft::SendError::unreachable));
        if (error == CallError::refused) log_warn("quorum request refused", {{"node", to}});
        if (error) return done(unexpected(raft::SendError::timed_out));
        Result<raft::Response, std::string> response = read(*answer);
        if (response.has_value() && is_answer_to(*response, kind)) return done(std::move(*response));
        const std::string reason = response.has_value() ? "it answers something else" : response.error();
        log_warn("quorum response not understood", {{"node", to}, {"reason", reason}});
        done(unexpected(raft::SendError::timed_out));
    });
}

}  // namespace milena::peer
