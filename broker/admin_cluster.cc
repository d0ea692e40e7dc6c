#include "admin_cluster.h"

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <thread>

#include <admin.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include "base/bytes_text.h"
#include "base/time_text.h"
#include "peer/channel.h"

namespace milena {
namespace {

namespace proto = milena::admin::v1;

using Stub = proto::ClusterAdmin::Stub;
using Clock = std::chrono::steady_clock;

constexpr int message_bytes_max = 64 << 20;
constexpr std::chrono::seconds answer_patience(10);
constexpr std::chrono::seconds node_patience(2);
// A cluster that elects a controller is asked again for so long.
constexpr std::chrono::seconds election_patience(10);
constexpr std::chrono::milliseconds between_attempts(100);

std::unique_ptr<Stub> stub_of(const env::BrokerAddress& at) {
    return proto::ClusterAdmin::NewStub(peer::open_channel(at.text(), peer::Connection::shared, message_bytes_max));
}

// The first node that answers counts.
template <class Response, class Request>
Result<Response, std::string> ask(const std::vector<env::BrokerAddress>& nodes, const Request& request,
                                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
    const Clock::time_point end = Clock::now() + election_patience;
    for (std::string why;;) {
        bool may_be_better_soon = false;
        for (const env::BrokerAddress& at : nodes) {
            grpc::ClientContext context;
            context.set_deadline(std::chrono::system_clock::now() + answer_patience);
            Response response;
            const grpc::Status status = ((*stub_of(at)).*method)(&context, request, &response);
            if (status.ok()) return response;
            if (status.error_code() != grpc::StatusCode::UNAVAILABLE)
                return unexpected(status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED
                                      ? at.text() + ": no answer within 10 seconds"
                                      : status.error_message());
            const bool is_there = peer::call_error_of(status) == peer::CallError::unreachable &&
                                  status.error_message().find("connect") == std::string::npos;
            may_be_better_soon |= is_there;
            why = at.text() + ": " + (is_there ? status.error_message() : "no node answers");
        }
        if (!may_be_better_soon || Clock::now() >= end) return unexpected(std::move(why));
        std::this_thread::sleep_for(between_attempts);
    }
}

const char* state_name(proto::BrokerState state) {
    switch (state) {
        case proto::BROKER_STATE_ACTIVE: return "active";
        case proto::BROKER_STATE_LEAVING: return "leaving";
        default: return "fenced";
    }
}

template <class Partitions>
void print_reasons(const Partitions& partitions) {
    for (const auto& partition : partitions)
        std::printf("  %s-%d %s\n", partition.topic().c_str(), partition.partition(), partition.reason().c_str());
}

std::string phase_of(const env::BrokerAddress& at) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + node_patience);
    proto::HealthResponse health;
    if (!stub_of(at)->Health(&context, {}, &health).ok()) return "no answer";
    switch (health.phase()) {
        case proto::PHASE_STARTING: return "starting";
        case proto::PHASE_RECOVERING: return "recovering, " + std::to_string(health.recovered_percent()) + " %";
        case proto::PHASE_ACTIVE: return "active";
        case proto::PHASE_STOPPING: return "stopping";
        case proto::PHASE_FENCED: return "fenced";
        default: return "unknown";
    }
}

const char* placement_text(proto::Placement placement) {
    switch (placement) {
        case proto::PLACEMENT_CORDONED: return "cordoned";
        case proto::PLACEMENT_DRAINING: return "draining";
        default: return "open";
    }
}

using OrderMethod = grpc::Status (Stub::*)(grpc::ClientContext*, const proto::PlacementRequest&,
                                           proto::PlacementResponse*);

Asked place(const ClusterQuestion& question, OrderMethod method, const char* outcome) {
    proto::PlacementRequest request;
    request.set_broker(question.broker.value);
    ASSIGN_OR_RETURN(const auto answer, ask(question.nodes, request, method));
    std::printf("broker %d is %s: %s\n", question.broker.value, placement_text(answer.placement()), outcome);
    return Exit::yes;
}

template <class Numbers>
std::string numbers_text(const Numbers& numbers) {
    std::string text;
    for (const auto number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
    return text;
}

const char* change_name(proto::ConfigSchemaResponse::Change change) {
    switch (change) {
        case proto::ConfigSchemaResponse::CHANGE_LIVE: return "live";
        case proto::ConfigSchemaResponse::CHANGE_LIVE_PER_BROKER: return "live, per broker";
        case proto::ConfigSchemaResponse::CHANGE_IMMUTABLE: return "immutable";
        default: return "restart";
    }
}

template <class Keys>
void print_keys(const Keys& keys, const char* scope, const std::string& filter) {
    for (const auto& key : keys) {
        if (key.name().find(filter) == std::string::npos) continue;
        std::printf("%-6s  %-56s  %-16s  %-8s  %s%s\n", scope, key.name().c_str(), change_name(key.change()),
                    key.type().c_str(), key.has_default_value() ? key.default_value().c_str() : "none",
                    key.is_effective() ? "" : "  (accepted, without effect)");
    }
}

}  // namespace

Asked ask_can_restart(const ClusterQuestion& question) {
    proto::CanRestartRequest request;
    request.set_broker(question.broker.value);
    ASSIGN_OR_RETURN(const auto answer, ask(question.nodes, request, &Stub::CanRestart));
    const int id = question.broker.value;
    std::printf(answer.can_restart() ? "broker %d may restart\n" : "broker %d may not restart now\n", id);
    print_reasons(answer.blocking());
    if (answer.has_quorum_reason()) std::printf("  %s\n", answer.quorum_reason().c_str());
    if (answer.unavoidable_size() > 0) {
        std::printf("whenever it restarts, for want of replicas:\n");
        print_reasons(answer.unavoidable());
    }
    return answer.can_restart() ? Exit::yes : Exit::no;
}

Asked ask_caught_up(const ClusterQuestion& question) {
    proto::HasCaughtUpRequest request;
    request.set_broker(question.broker.value);
    ASSIGN_OR_RETURN(const auto answer, ask(question.nodes, request, &Stub::HasCaughtUp));
    const int id = question.broker.value;
    if (answer.has_caught_up()) {
        std::printf("broker %d has caught up: it is active, and in sync with all of its %u replicas\n", id,
                    answer.replicas());
        return Exit::yes;
    }
    std::printf("broker %d is %s, and at %.1f %%: in sync with %u of %u replicas, %s behind\n", id,
                state_name(answer.state()), answer.percent(), answer.replicas_in_sync(), answer.replicas(),
                bytes_text(answer.bytes_behind()).c_str());
    for (const auto& partition : answer.behind())
        std::printf("  %s-%d %s, %s behind\n", partition.topic().c_str(), partition.partition(),
                    partition.reason().c_str(), bytes_text(partition.bytes_behind()).c_str());
    return Exit::no;
}

Asked ask_features(const ClusterQuestion& question) {
    ASSIGN_OR_RETURN(const auto answer, ask(question.nodes, proto::FeatureLevelRequest(), &Stub::FeatureLevel));
    std::printf("%-40s  %9s  %5s  %5s\n", "feature", "finalized", "least", "most");
    for (const auto& feature : answer.features())
        std::printf("%-40s  %9d  %5d  %5d\n", feature.name().c_str(), feature.level_finalized(), feature.level_min(),
                    feature.level_max());
    if (answer.updates_size() > 0) std::printf("\n");
    for (const auto& update : answer.updates())
        std::printf("%s  %s from %d to %d by milena %s on node %d\n", time_text(Timestamp(update.at_ms())).c_str(),
                    update.name().c_str(), update.level_before(), update.level(), update.version().c_str(),
                    update.controller());
    return Exit::yes;
}

Asked ask_config_schema(const ClusterQuestion& question) {
    ASSIGN_OR_RETURN(const auto answer, ask(question.nodes, proto::ConfigSchemaRequest(), &Stub::ConfigSchema));
    std::printf("%-6s  %-56s  %-16s  %-8s  %s\n", "of", "setting", "change", "type", "default");
    print_keys(answer.broker(), "broker", question.filter);
    print_keys(answer.topic(), "topic", question.filter);
    return Exit::yes;
}

// Yes: all brokers are active.
Asked ask_health(const ClusterQuestion& question) {
    ASSIGN_OR_RETURN(const auto answer, ask(question.nodes, proto::BrokersRequest(), &Stub::Brokers));
    std::printf("%-6s  %-8s  %-18s  %-9s  %-10s  %8s  %9s  %7s  %11s  %s\n", "broker", "state", "phase", "placement",
                "rack", "replicas", "stored", "leaders", "written", "address");
    bool are_fine = true;
    for (const auto& broker : answer.brokers()) {
        const env::BrokerAddress at{broker.host(), std::to_string(broker.port())};
        const std::string phase = broker.host().empty() ? "no gRPC listener" : phase_of(at);
        are_fine = are_fine && broker.state() == proto::BROKER_STATE_ACTIVE;
        const std::string stored = broker.has_stored_bytes() ? bytes_text(broker.stored_bytes()) : "-";
        const std::string written =
            broker.has_bytes_in_per_second() ? bytes_text(broker.bytes_in_per_second()) + "/s" : "-";
        std::printf("%-6d  %-8s  %-18s  %-9s  %-10s  %8u  %9s  %7u  %11s  %s%s\n", broker.id(),
                    state_name(broker.state()), phase.c_str(), placement_text(broker.placement()),
                    broker.rack().empty() ? "-" : broker.rack().c_str(), broker.replicas(), stored.c_str(),
                    broker.leaders(), written.c_str(), broker.host().empty() ? "-" : at.text().c_str(),
                    broker.id() == answer.controller() ? ", active controller" : "");
    }
    return are_fine ? Exit::yes : Exit::no;
}

Asked order_cordon(const ClusterQuestion& question) {
    return place(question, &Stub::Cordon, "it gets no new replicas");
}
Asked order_uncordon(const ClusterQuestion& question) {
    return place(question, &Stub::Uncordon, "it may get replicas again");
}
Asked order_drain(const ClusterQuestion& question) {
    return place(question, &Stub::Drain, "what it leads and has moves away; drain-status tells how far it is");
}
Asked order_undrain(const ClusterQuestion& question) {
    return place(question, &Stub::Undrain, "moves that are under way come to their end, no others begin");
}

// Yes: nothing is left.
Asked ask_drain_status(const ClusterQuestion& question) {
    proto::DrainStatusRequest request;
    request.set_broker(question.broker.value);
    ASSIGN_OR_RETURN(const auto answer, ask(question.nodes, request, &Stub::DrainStatus));
    const int id = question.broker.value;
    if (answer.replicas_left() == 0) {
        std::printf("broker %d is %s and has no replica: it may go\n", id, placement_text(answer.placement()));
        return Exit::yes;
    }
    std::printf("broker %d is %s: %u replicas left, %u of them moving, %s to copy", id,
                placement_text(answer.placement()), answer.replicas_left(), answer.moving(),
                bytes_text(answer.bytes_left()).c_str());
    if (answer.has_seconds_left())
        std::printf(", about %llu s\n", static_cast<unsigned long long>(answer.seconds_left()));
    else
        std::printf("\n");
    if (answer.stuck_size() > 0) std::printf("stuck:\n");
    print_reasons(answer.stuck());
    return Exit::no;
}

Asked order_rebalance(const ClusterQuestion& question) {
    proto::RebalanceRequest request;
    request.set_dry_run(question.is_dry_run);
    ASSIGN_OR_RETURN(const auto answer, ask(question.nodes, request, &Stub::Rebalance));
    if (!answer.unheard().empty())
        std::printf("brokers %s haven't told yet what they store: until then replicas and leaders are only counted\n",
                    numbers_text(answer.unheard()).c_str());
    if (answer.moves().empty()) std::printf("the brokers are balanced: nothing moves\n");
    for (const auto& move : answer.moves())
        std::printf("%s-%d  %s -> %s  %s\n", move.topic().c_str(), move.partition(), numbers_text(move.from()).c_str(),
                    numbers_text(move.to()).c_str(), move.reason().c_str());
    return Exit::yes;
}

}  // namespace milena
