#include "admin/cluster_admin.h"

#include <chrono>

#include <admin.grpc.pb.h>
#include <grpcpp/create_channel.h>

namespace milena::admin {
namespace {

namespace pb = milena::admin::v1;

constexpr std::chrono::seconds patience{3};

template <class T>
using Said = Result<T, std::string>;

std::string partition_text(const std::string& topic, int partition, const std::string& reason) {
    return topic + "-" + std::to_string(partition) + ": " + reason;
}

plan::Placement placement_of(pb::Placement placement) {
    switch (placement) {
        case pb::PLACEMENT_CORDONED: return plan::Placement::cordoned;
        case pb::PLACEMENT_DRAINING: return plan::Placement::draining;
        default: return plan::Placement::open;
    }
}

plan::Change change_of(pb::ConfigSchemaResponse::Change change) {
    switch (change) {
        case pb::ConfigSchemaResponse::CHANGE_LIVE: return plan::Change::live;
        case pb::ConfigSchemaResponse::CHANGE_LIVE_PER_BROKER: return plan::Change::live_per_broker;
        case pb::ConfigSchemaResponse::CHANGE_IMMUTABLE: return plan::Change::immutable;
        default: return plan::Change::restart;
    }
}

plan::ConfigSchema schema_of(const pb::ConfigSchemaResponse& response) {
    plan::ConfigSchema schema;
    for (const auto& key : response.broker()) {
        plan::SettingSchema& setting = schema[key.name()];
        setting.change = change_of(key.change());
        if (key.has_default_value()) setting.default_value = key.default_value();
        setting.type = key.type();
    }
    return schema;
}

plan::BrokersInfo brokers_of(const pb::BrokersResponse& response) {
    plan::BrokersInfo info;
    info.controller = response.controller();
    for (const auto& broker : response.brokers()) {
        plan::BrokerInfo& own = info.brokers[broker.id()];
        own.is_active = broker.state() == pb::BROKER_STATE_ACTIVE;
        own.rack = broker.rack();
        own.placement = placement_of(broker.placement());
        own.replicas = broker.replicas();
    }
    return info;
}

plan::MayRestart may_restart_of(const pb::CanRestartResponse& response) {
    plan::MayRestart answer;
    answer.may = response.can_restart();
    if (response.has_quorum_reason()) answer.blocked_by = response.quorum_reason();
    if (response.blocking_size() > 0) {
        const auto& first = response.blocking(0);
        answer.blocked_by = partition_text(first.topic(), first.partition(), first.reason());
        if (response.blocking_size() > 1)
            answer.blocked_by += " (and " + std::to_string(response.blocking_size() - 1) + " more)";
    }
    for (const auto& each : response.unavoidable())
        answer.unavoidable.push_back(partition_text(each.topic(), each.partition(), each.reason()));
    // A broker that doesn't count them may mean any.
    const size_t count = response.has_only_copies() ? response.only_copies() : answer.unavoidable.size();
    const auto end = answer.unavoidable.begin() + static_cast<ptrdiff_t>(std::min(count, answer.unavoidable.size()));
    answer.only_copies.assign(answer.unavoidable.begin(), end);
    return answer;
}

plan::CaughtUp caught_up_of(const pb::HasCaughtUpResponse& response) {
    plan::CaughtUp answer{response.has_caught_up(), response.percent(), ""};
    if (response.behind_size() > 0) {
        const auto& first = response.behind(0);
        answer.behind = partition_text(first.topic(), first.partition(), first.reason());
    }
    return answer;
}

plan::Drain drain_of(const pb::DrainStatusResponse& response) {
    plan::Drain answer;
    answer.placement = placement_of(response.placement());
    answer.replicas_left = response.replicas_left();
    answer.bytes_left = response.bytes_left();
    if (response.has_seconds_left()) answer.seconds_left = response.seconds_left();
    for (int i = 0; i < std::min(response.stuck_size(), 3); ++i) {
        const auto& stuck = response.stuck(i);
        answer.stuck += (i > 0 ? "; " : "") + partition_text(stuck.topic(), stuck.partition(), stuck.reason());
    }
    return answer;
}

std::map<std::string, plan::Feature> features_of(const pb::FeatureLevelResponse& response) {
    std::map<std::string, plan::Feature> features;
    for (const auto& each : response.features()) features[each.name()] = {each.level_finalized(), each.level_max()};
    return features;
}

plan::Health health_of(const pb::HealthResponse& response) {
    const bool is_recovering = response.phase() == pb::PHASE_STARTING || response.phase() == pb::PHASE_RECOVERING;
    return {is_recovering, response.recovered_percent()};
}

template <class Request>
Request about(int64_t broker) {
    Request request;
    request.set_broker(static_cast<int32_t>(broker));
    return request;
}

}  // namespace

struct ClusterAdmin::Nodes {
    using Stub = pb::ClusterAdmin::Stub;
    template <class Request, class Response>
    using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

    std::map<int64_t, std::unique_ptr<Stub>> stubs;
    std::map<int64_t, std::string> addresses;

    template <class Request, class Response>
    Said<Response> call(int64_t node, Method<Request, Response> method, const Request& request) {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + patience);
        Response response;
        const grpc::Status status = (*stubs.at(node).*method)(&context, request, &response);
        if (status.ok()) return response;
        return unexpected("broker " + std::to_string(node) + " at " + addresses.at(node) + ": " +
                          status.error_message());
    }

    // Any node passes a question of the cluster on; the first one that answers is the next to be asked.
    template <class Request, class Response>
    Said<Response> call_any(Method<Request, Response> method, const Request& request) {
        std::string why = "no node has an address yet";
        std::vector<int64_t> order;
        if (answered_ >= 0) order.push_back(answered_);
        for (const auto& [node, stub] : stubs)
            if (node != answered_) order.push_back(node);
        for (const int64_t node : order) {
            auto response = call(node, method, request);
            if (response) {
                answered_ = node;
                return response;
            }
            why = response.error();
        }
        answered_ = -1;
        return unexpected(std::move(why));
    }

  private:
    int64_t answered_ = -1;
};

ClusterAdmin::ClusterAdmin(std::map<int64_t, std::string> nodes) : nodes_(std::make_unique<Nodes>()) {
    for (auto& [node, address] : nodes) {
        const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
        nodes_->stubs[node] = pb::ClusterAdmin::NewStub(channel);
        nodes_->addresses[node] = std::move(address);
    }
}

ClusterAdmin::~ClusterAdmin() = default;

namespace {

template <class T, class Response, class Read>
Said<T> read(const Said<Response>& response, Read read) {
    if (!response) return unexpected(response.error());
    return T(read(*response));
}

}  // namespace

plan::Answers ClusterAdmin::ask(const plan::Questions& questions) {
    using Stub = pb::ClusterAdmin::Stub;
    plan::Answers answers;
    Nodes& nodes = *nodes_;
    if (questions.config_schema)
        answers.config_schema =
            read<plan::ConfigSchema>(nodes.call_any(&Stub::ConfigSchema, pb::ConfigSchemaRequest()), schema_of);
    if (questions.brokers)
        answers.brokers = read<plan::BrokersInfo>(nodes.call_any(&Stub::Brokers, pb::BrokersRequest()), brokers_of);
    if (questions.features)
        answers.features = read<std::map<std::string, plan::Feature>>(
            nodes.call_any(&Stub::FeatureLevel, pb::FeatureLevelRequest()), features_of);
    if (questions.moves_left) {
        pb::RebalanceRequest dry_run;
        dry_run.set_dry_run(true);
        answers.moves_left = read<plan::MovesLeft>(nodes.call_any(&Stub::Rebalance, dry_run), [](const auto& response) {
            return plan::MovesLeft{static_cast<uint64_t>(response.moves_size()),
                                   {response.unheard().begin(), response.unheard().end()}};
        });
    }
    for (const int64_t broker : questions.may_restart)
        answers.may_restart.emplace(
            broker, read<plan::MayRestart>(nodes.call_any(&Stub::CanRestart, about<pb::CanRestartRequest>(broker)),
                                           may_restart_of));
    for (const int64_t broker : questions.caught_up)
        answers.caught_up.emplace(
            broker, read<plan::CaughtUp>(nodes.call_any(&Stub::HasCaughtUp, about<pb::HasCaughtUpRequest>(broker)),
                                         caught_up_of));
    for (const int64_t broker : questions.drain)
        answers.drain.emplace(
            broker,
            read<plan::Drain>(nodes.call_any(&Stub::DrainStatus, about<pb::DrainStatusRequest>(broker)), drain_of));
    for (const int64_t node : questions.health) {
        if (!nodes.stubs.contains(node)) continue;
        answers.health.emplace(node,
                               read<plan::Health>(nodes.call(node, &Stub::Health, pb::HealthRequest()), health_of));
    }
    return answers;
}

Result<void, Refusal> ClusterAdmin::order(const plan::Place& place) {
    using Stub = pb::ClusterAdmin::Stub;
    const auto request = about<pb::PlacementRequest>(place.broker);
    const auto outcome = [&]() -> Said<pb::PlacementResponse> {
        switch (place.order) {
            case plan::PlacementOrder::cordon: return nodes_->call_any(&Stub::Cordon, request);
            case plan::PlacementOrder::uncordon: return nodes_->call_any(&Stub::Uncordon, request);
            case plan::PlacementOrder::drain: return nodes_->call_any(&Stub::Drain, request);
            case plan::PlacementOrder::undrain: break;
        }
        return nodes_->call_any(&Stub::Undrain, request);
    }();
    if (!outcome) return unexpected(Refusal{outcome.error()});
    return {};
}

}  // namespace milena::admin
