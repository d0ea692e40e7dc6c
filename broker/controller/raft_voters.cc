#include "controller/raft_voters.h"

#include <algorithm>
#include <utility>

#include "metadata/feature_levels.h"

namespace milena::controller {
namespace {

// What every node has to be able to read in the voters' messages to each other.
constexpr size_t endpoints_max = 64;
constexpr size_t listener_name_bytes_max = 255;
constexpr Milliseconds patience_max(20'000);  // less than whoever hands a request on waits for its answer

template <class Response>
Response answer_of(const Result<void, raft::VoterRefusal>& outcome) {
    Response response;
    if (outcome) return response;
    const raft::VoterRefusal& refusal = outcome.error();
    const bool is_elsewhere = refusal.error == ErrorCode::not_leader_or_follower;
    response.error_code = is_elsewhere ? ErrorCode::not_controller : refusal.error;
    if (!refusal.message.empty()) response.error_message = refusal.message;
    return response;
}

template <class Request>
Result<void, raft::VoterRefusal> check_cluster(const std::string& cluster_id, const Request& request) {
    if (!request.cluster_id || *request.cluster_id == cluster_id) return {};
    return unexpected(raft::VoterRefusal{ErrorCode::inconsistent_cluster_id,
                                         "The given id \"" + std::string(*request.cluster_id) +
                                             "\" doesn't match the cluster id \"" + cluster_id + "\""});
}

}  // namespace

void add_raft_voter(raft::Raft& raft, const std::string& cluster_id, const wire::AddRaftVoterRequest& request,
                    std::function<void(wire::AddRaftVoterResponse)> done) {
    using Response = wire::AddRaftVoterResponse;
    const auto checked = check_cluster(cluster_id, request);
    if (!checked) return done(answer_of<Response>(checked));
    raft::Voter voter{.id = NodeId(request.voter_id), .directory_id = request.voter_directory_id, .endpoints = {}};
    const auto is_endpoint = [](const auto& listener) {
        return !listener.name.empty() && listener.name.size() <= listener_name_bytes_max && !listener.host.empty() &&
               listener.host.size() <= listener_name_bytes_max && listener.port != 0;
    };
    if (request.listeners.size() > endpoints_max || !std::ranges::all_of(request.listeners, is_endpoint))
        return done(answer_of<Response>(
            unexpected(raft::VoterRefusal{ErrorCode::invalid_request,
                                          "Add voter request didn't include valid endpoints: each has a listener, a "
                                          "host of at most 255 bytes and a port, and there are at most 64"})));
    for (const auto& listener : request.listeners) {
        raft::VoterEndpoint endpoint{std::string(listener.name), std::string(listener.host), listener.port};
        if (std::ranges::find(voter.endpoints, endpoint.name, &raft::VoterEndpoint::name) == voter.endpoints.end())
            voter.endpoints.push_back(std::move(endpoint));
    }
    const Milliseconds timeout = std::clamp(Milliseconds(request.timeout_ms), Milliseconds(0), patience_max);
    raft.add_voter(voter, timeout, request.ack_when_committed,
                   [done = std::move(done)](const auto& outcome) { done(answer_of<Response>(outcome)); });
}

void remove_raft_voter(raft::Raft& raft, const std::string& cluster_id, const wire::RemoveRaftVoterRequest& request,
                       std::function<void(wire::RemoveRaftVoterResponse)> done) {
    using Response = wire::RemoveRaftVoterResponse;
    const auto checked = check_cluster(cluster_id, request);
    if (!checked) return done(answer_of<Response>(checked));
    raft.remove_voter({NodeId(request.voter_id), request.voter_directory_id},
                      [done = std::move(done)](const auto& outcome) { done(answer_of<Response>(outcome)); });
}

std::optional<int16_t> asked_kraft_version(const wire::UpdateFeaturesRequest& request) {
    const auto asked = std::ranges::find(request.feature_updates, metadata::kraft_version_feature,
                                         &wire::UpdateFeaturesRequest::FeatureUpdate::feature);
    if (asked == request.feature_updates.end()) return std::nullopt;
    return asked->max_version_level;
}

wire::UpdateFeaturesResponse refused_kraft_version(int16_t level, const raft::VoterRefusal& refusal) {
    wire::UpdateFeaturesResponse response;
    const bool is_elsewhere = refusal.error == ErrorCode::not_leader_or_follower;
    response.error_code = is_elsewhere ? ErrorCode::not_controller : refusal.error;
    if (!is_elsewhere)
        response.error_message =
            "The update failed for all features since the following feature had an error: Invalid update version " +
            std::to_string(level) + " for feature " + std::string(metadata::kraft_version_feature) + ". " +
            refusal.message;
    return response;
}

}  // namespace milena::controller
