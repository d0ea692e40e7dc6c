#include "admin_endpoint.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "controller/balance_plan.h"
#include "controller/describe_brokers.h"
#include "controller/quorum_spare.h"
#include "led_partitions.h"

namespace milena {
namespace {

using peer::AdminRefusal;

Result<void, AdminRefusal> check_registered(const metadata::Image& image, NodeId broker) {
    if (image.broker(broker) != nullptr) return {};
    std::string known;
    for (const auto& [id, registered] : *image.brokers) known += (known.empty() ? "" : ", ") + std::to_string(id.value);
    return unexpected(AdminRefusal{
        AdminRefusal::Kind::not_found,
        "no broker " + std::to_string(broker.value) + " is registered; those of this cluster are " + known});
}

AdminRefusal controller_changed() {
    return {AdminRefusal::Kind::unavailable, "the active controller has changed meanwhile; ask again"};
}

}  // namespace

// The metadata log doesn't say which listeners are gRPC's; those that brokers copy from are the same on all of them.
AdminEndpoint::AdminEndpoint(Parts parts, const settings::BrokerConfig& config)
    : parts_(std::move(parts)),
      node_(config.quorum.node_id),
      listener_(std::ranges::any_of(config.listeners.grpc,
                                    [&](const settings::Endpoint& endpoint) {
                                        return endpoint.listener_name == config.listeners.inter_broker_name;
                                    })
                    ? config.listeners.inter_broker_name
                    : ""),
      quorum_patience_(config.quorum_fetch_timeout_ms) {}

bool AdminEndpoint::is_active() const {
    const controller::Controller* here = parts_.controller();
    return here != nullptr && here->is_active();
}

NodeId AdminEndpoint::controller() const {
    const controller::Controller* here = parts_.controller();
    return here == nullptr ? no_node : here->active();
}

void AdminEndpoint::receive(peer::AskLedPartitions question, Answer<peer::LedPartitions> answer) {
    shard::Shards* shards = parts_.shards();
    gather_led_partitions(*shards, shards->first(), question.broker,
                          [answer](Led led) { answer(peer::LedPartitions{std::move(led)}); });
}

void AdminEndpoint::receive(peer::AskPartitionLags question, Answer<peer::PartitionLags> answer) {
    if (parts_.controller() == nullptr) return;
    if (const auto known = check_registered(image(), question.asker); !known) return answer(unexpected(known.error()));
    shard::Shards* shards = parts_.shards();
    auto& meter = lag_meters_[question.asker];
    if (!meter) meter = std::make_unique<server::LagMeter>(*shards, shards->first().loop());
    meter->measure(question.positions,
                   [answer](server::LagMeter::Lags lags) { answer(peer::PartitionLags{std::move(lags)}); });
}

void AdminEndpoint::ask_lags(NodeId leader, std::vector<replica::LagPosition> positions,
                             std::function<void(server::LagMeter::Lags)> done) {
    peer::AdminClient* client = client_to(leader);
    if (client == nullptr) return done({});
    client->ask(leader, peer::AskPartitionLags{node_, std::move(positions)},
                [done = std::move(done)](peer::AdminResult<peer::PartitionLags> answer) {
                    done(answer ? std::move(answer->lags) : server::LagMeter::Lags());
                });
}

void AdminEndpoint::receive(peer::AskBrokers, Answer<peer::Brokers> answer) {
    peer::Brokers brokers{controller::describe_brokers(image(), parts_.controller()->weights(), listener_), node_};
    // A broker that copies from nobody may still be found as a voter.
    const raft::VoterSet& voters = parts_.raft()->voters();
    for (controller::BrokerOverview& broker : brokers.brokers) {
        const raft::Voter* voter = voters.find(broker.id);
        if (!broker.host.empty() || voter == nullptr || voter->endpoints.empty()) continue;
        broker.host = voter->endpoints.front().host;
        broker.port = voter->endpoints.front().port;
    }
    answer(std::move(brokers));
}

void AdminEndpoint::receive(peer::AskFeatureLevel, Answer<peer::Features> answer) {
    answer(peer::Features{controller::describe_features(image()), *image().feature_updates});
}

void AdminEndpoint::receive(peer::AskCanRestart question, Answer<peer::CanRestart> answer) {
    const raft::Raft& raft = *parts_.raft();
    const controller::Controller& here = *parts_.controller();
    const controller::QuorumSpare quorum =
        controller::quorum_spare(raft.voters(), raft.replicas(), node_, question.broker,
                                 parts_.shards()->first().clock().wall(), quorum_patience_);
    const auto known = check_registered(image(), question.broker);
    if (!known && !quorum.is_voter) return answer(unexpected(known.error()));
    answer(peer::CanRestart{controller::can_restart(image(), here.settings(), question.broker), quorum});
}

void AdminEndpoint::receive(peer::AskHasCaughtUp question, Answer<controller::CaughtUp> answer) {
    const auto known = check_registered(image(), question.broker);
    if (!known) return answer(unexpected(known.error()));
    survey(question.broker, [this, question, answer](const Led& led) {
        if (!is_active()) return answer(unexpected(controller_changed()));
        answer(controller::caught_up(image(), question.broker, led));
    });
}

// An order that is followed already is fine, but what is drained isn't uncordoned by the way.
void AdminEndpoint::receive(peer::OrderPlacement order, Answer<peer::Placed> answer) {
    using controller::BrokerPlacement;
    const auto known = check_registered(image(), order.broker);
    if (!known) return answer(unexpected(known.error()));
    const BrokerPlacement before = controller::placement_of(image(), order.broker);
    if (order.order == peer::PlacementOrder::uncordon && before == BrokerPlacement::draining)
        return answer(unexpected(
            AdminRefusal{AdminRefusal::Kind::precondition_failed,
                         "broker " + std::to_string(order.broker.value) + " is being drained; undrain it instead"}));
    BrokerPlacement after = BrokerPlacement::open;
    if (order.order == peer::PlacementOrder::drain) after = BrokerPlacement::draining;
    if (order.order == peer::PlacementOrder::cordon)
        after = before == BrokerPlacement::draining ? before : BrokerPlacement::cordoned;
    paces_.erase(order.broker);
    const bool is_opened = before != BrokerPlacement::open && after == BrokerPlacement::open;
    const auto placed = [this, answer, after, is_opened](Result<void> done) {
        controller::Controller& here = *parts_.controller();
        if (done && is_opened && here.mover_settings().is_automatic) here.balance();
        if (done) return answer(peer::Placed{after});
        answer(unexpected(
            AdminRefusal{AdminRefusal::Kind::unavailable,
                         "it could not be written down (" + std::string(error_name(done.error())) + "); ask again"}));
    };
    parts_.controller()->submit(controller::PlaceOnBroker{order.broker, after}, placed);
}

void AdminEndpoint::receive(peer::AskDrainStatus question, Answer<controller::DrainStatus> answer) {
    const auto known = check_registered(image(), question.broker);
    if (!known) return answer(unexpected(known.error()));
    survey(question.broker, [this, question, answer](const Led& led) {
        if (!is_active()) return answer(unexpected(controller_changed()));
        controller::DrainStatus status =
            controller::drain_status(image(), question.broker, led, parts_.controller()->weighing());
        status.time_left = paces_[question.broker].seen(status.bytes_left, parts_.shards()->first().clock().now());
        answer(std::move(status));
    });
}

void AdminEndpoint::receive(peer::Rebalance order, Answer<peer::Moves> answer) {
    controller::Controller& here = *parts_.controller();
    auto moves = controller::plan_balance(image(), here.weights(), here.mover_settings().limits);
    if (!order.is_dry_run) here.balance();
    answer(peer::Moves{std::move(moves), here.weights().unheard(image())});
}

peer::AdminClient* AdminEndpoint::client_to(NodeId broker) {
    peer::AdminClient* client = parts_.client();
    const metadata::BrokerImage* known = parts_.controller() == nullptr ? nullptr : image().broker(broker);
    const metadata::Endpoint* at = known == nullptr || known->is_fenced ? nullptr : known->endpoint(listener_);
    if (client == nullptr || at == nullptr) return nullptr;
    client->use_broker_address(broker, at->host, at->port);
    return client;
}

// Asks all brokers that live, this one too. Who doesn't answer in time is missing.
void AdminEndpoint::survey(NodeId broker, std::function<void(Led)> done) {
    struct Survey {
        Led all;
        size_t missing = 1;
        std::function<void(Led)> done;
        void add(Led led) {
            std::ranges::move(led, std::back_inserter(all));
            if (--missing == 0) done(std::move(all));
        }
    };
    auto survey = std::make_shared<Survey>();
    survey->done = std::move(done);
    for (const auto& [id, registered] : *image().brokers) {
        peer::AdminClient* client = id == node_ ? nullptr : client_to(id);
        if (client == nullptr) continue;
        ++survey->missing;
        client->ask(id, peer::AskLedPartitions{broker}, [survey](peer::AdminResult<peer::LedPartitions> answer) {
            survey->add(answer ? std::move(answer->partitions) : Led{});
        });
    }
    shard::Shards* shards = parts_.shards();
    gather_led_partitions(*shards, shards->first(), broker, [survey](Led led) { survey->add(std::move(led)); });
}

}  // namespace milena
