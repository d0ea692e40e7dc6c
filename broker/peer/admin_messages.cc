#include "peer/admin_messages.h"

#include <span>

#include <admin.pb.h>

#include "peer/ids.h"
#include "settings/table.h"
#include "settings/value.h"

namespace milena::peer {
namespace {

// A list that is longer than anybody reads.
constexpr size_t shown_max = 10'000;

admin::v1::BrokerState state(controller::BrokerState of) {
    switch (of) {
        case controller::BrokerState::fenced: return admin::v1::BROKER_STATE_FENCED;
        case controller::BrokerState::active: return admin::v1::BROKER_STATE_ACTIVE;
        case controller::BrokerState::leaving: return admin::v1::BROKER_STATE_LEAVING;
    }
    return admin::v1::BROKER_STATE_FENCED;
}

admin::v1::Placement placement(controller::BrokerPlacement of) {
    switch (of) {
        case controller::BrokerPlacement::open: return admin::v1::PLACEMENT_OPEN;
        case controller::BrokerPlacement::cordoned: return admin::v1::PLACEMENT_CORDONED;
        case controller::BrokerPlacement::draining: return admin::v1::PLACEMENT_DRAINING;
    }
    return admin::v1::PLACEMENT_OPEN;
}

template <class List>
void write_at_risk(const std::vector<controller::PartitionAtRisk>& partitions, List& to) {
    for (const controller::PartitionAtRisk& partition : partitions) {
        if (static_cast<size_t>(to.size()) == shown_max) return;
        auto& row = *to.Add();
        row.set_topic(partition.topic);
        row.set_partition(partition.partition.value);
        row.set_reason(std::string(controller::restart_risk_name(partition.risk)));
    }
}

admin::v1::ConfigSchemaResponse::Change change(settings::Change of) {
    switch (of) {
        case settings::Change::restart: return admin::v1::ConfigSchemaResponse::CHANGE_RESTART;
        case settings::Change::live: return admin::v1::ConfigSchemaResponse::CHANGE_LIVE;
        case settings::Change::live_per_broker: return admin::v1::ConfigSchemaResponse::CHANGE_LIVE_PER_BROKER;
        case settings::Change::immutable: return admin::v1::ConfigSchemaResponse::CHANGE_IMMUTABLE;
    }
    return admin::v1::ConfigSchemaResponse::CHANGE_RESTART;
}

// A topic's settings are live, whatever Kafka's table calls the broker's of the same name.
template <class List>
void write_keys(std::span<const settings::Setting> table, bool are_live, List& to) {
    for (const settings::Setting& setting : table) {
        if (setting.is_internal) continue;
        auto& key = *to.Add();
        key.set_name(std::string(setting.name));
        key.set_type(std::string(settings::type_word(setting.type)));
        key.set_change(are_live ? admin::v1::ConfigSchemaResponse::CHANGE_LIVE : change(settings::change_of(setting)));
        if (setting.default_text != nullptr) key.set_default_value(setting.default_text);
        key.set_allowed(settings::describe_allowed(setting));
        key.set_doc(std::string(setting.doc));
        key.set_is_effective(setting.effect == settings::Effect::effective);
    }
}

}  // namespace

AskLedPartitions read(const admin::v1::LedPartitionsRequest& from) { return {NodeId(from.broker())}; }
AskPartitionLags read(const admin::v1::PartitionLagsRequest& from) {
    AskPartitionLags question{NodeId(from.broker()), {}};
    // Whoever asks for more gets no lag of the rest.
    const int count = std::min(from.positions_size(), list_size_max);
    question.positions.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
        const auto& position = from.positions(i);
        question.positions.push_back(
            {{read_uuid(position.topic()), PartitionIndex(position.partition())}, Offset(position.committed())});
    }
    return question;
}
AskBrokers read(const admin::v1::BrokersRequest&) { return {}; }
AskCanRestart read(const admin::v1::CanRestartRequest& from) { return {NodeId(from.broker())}; }
AskHasCaughtUp read(const admin::v1::HasCaughtUpRequest& from) { return {NodeId(from.broker())}; }
AskFeatureLevel read(const admin::v1::FeatureLevelRequest&) { return {}; }
AskDrainStatus read(const admin::v1::DrainStatusRequest& from) { return {NodeId(from.broker())}; }
Rebalance read(const admin::v1::RebalanceRequest& from) { return {from.dry_run()}; }

void write(const LedPartitions& answer, admin::v1::LedPartitionsResponse& to) {
    for (const controller::LedPartition& partition : answer.partitions) {
        auto& row = *to.add_partitions();
        write_uuid(partition.topic_id, *row.mutable_topic());
        row.set_partition(partition.partition.value);
        row.set_log_bytes(partition.log_bytes);
        for (const auto& copy : partition.copies) {
            auto& written = *row.add_copies();
            written.set_broker(copy.broker.value);
            written.set_bytes_behind(copy.bytes_behind);
        }
    }
}

LedPartitions read(const admin::v1::LedPartitionsResponse& from) {
    LedPartitions led;
    for (const auto& row : from.partitions()) {
        controller::LedPartition& partition =
            led.partitions.emplace_back(controller::LedPartition{.topic_id = read_uuid(row.topic()),
                                                                 .partition = PartitionIndex(row.partition()),
                                                                 .log_bytes = row.log_bytes(),
                                                                 .copies = {}});
        for (const auto& copy : row.copies()) partition.copies.push_back({NodeId(copy.broker()), copy.bytes_behind()});
    }
    return led;
}

void write(const AskPartitionLags& question, admin::v1::PartitionLagsRequest& to) {
    to.set_broker(question.asker.value);
    for (const auto& [key, committed] : question.positions) {
        auto& position = *to.add_positions();
        write_uuid(key.topic_id, *position.mutable_topic());
        position.set_partition(key.partition.value);
        position.set_committed(committed.value);
    }
}

void write(const PartitionLags& answer, admin::v1::PartitionLagsResponse& to) {
    for (const auto& lag : answer.lags) {
        auto& row = *to.add_lags();
        row.set_is_known(lag.has_value());
        if (!lag) continue;
        row.set_records(lag->records);
        if (lag->time) row.set_milliseconds(static_cast<uint64_t>(lag->time->count()));
    }
}

PartitionLags read(const admin::v1::PartitionLagsResponse& from) {
    PartitionLags answer;
    answer.lags.reserve(static_cast<size_t>(from.lags_size()));
    for (const auto& row : from.lags()) {
        auto& lag = answer.lags.emplace_back();
        if (!row.is_known()) continue;
        lag = replica::LagReader::Lag{.records = row.records(), .time = {}};
        if (row.has_milliseconds()) lag->time = Milliseconds(static_cast<int64_t>(row.milliseconds()));
    }
    return answer;
}

void write(const Brokers& answer, admin::v1::BrokersResponse& to) {
    for (const controller::BrokerOverview& broker : answer.brokers) {
        auto& row = *to.add_brokers();
        row.set_id(broker.id.value);
        row.set_state(state(broker.state));
        row.set_rack(broker.rack);
        row.set_host(broker.host);
        row.set_port(broker.port);
        row.set_replicas(static_cast<uint32_t>(broker.replicas));
        row.set_leaders(static_cast<uint32_t>(broker.leaders));
        row.set_placement(placement(broker.placement));
        if (broker.stored_bytes) row.set_stored_bytes(*broker.stored_bytes);
        if (broker.bytes_in_per_second) row.set_bytes_in_per_second(*broker.bytes_in_per_second);
    }
    to.set_controller(answer.controller.value);
}

void write(const CanRestart& answer, admin::v1::CanRestartResponse& to) {
    to.set_can_restart(answer.is_granted());
    write_at_risk(answer.partitions.blocking, *to.mutable_blocking());
    write_at_risk(answer.partitions.unavoidable, *to.mutable_unavoidable());
    to.set_only_copies(static_cast<uint32_t>(answer.partitions.only_copies()));
    if (!answer.quorum.can_spare()) to.set_quorum_reason(answer.quorum.reason());
}

void write(const controller::CaughtUp& answer, admin::v1::HasCaughtUpResponse& to) {
    to.set_has_caught_up(answer.is_complete());
    to.set_percent(answer.percent());
    to.set_replicas(static_cast<uint32_t>(answer.replicas));
    to.set_replicas_in_sync(static_cast<uint32_t>(answer.in_sync));
    to.set_bytes_behind(answer.bytes_behind);
    to.set_state(state(answer.state));
    for (const controller::PartitionBehind& behind : answer.behind) {
        if (static_cast<size_t>(to.behind_size()) == shown_max) return;
        auto& row = *to.add_behind();
        row.set_topic(behind.topic);
        row.set_partition(behind.partition.value);
        row.set_bytes_behind(behind.bytes);
        row.set_reason(behind.reason);
    }
}

void write(const Features& answer, admin::v1::FeatureLevelResponse& to) {
    for (const controller::FeatureOverview& feature : answer.features) {
        auto& row = *to.add_features();
        row.set_name(feature.name);
        row.set_level_min(feature.level_min);
        row.set_level_max(feature.level_max);
        row.set_level_finalized(feature.level_finalized);
    }
    for (const metadata::FeatureUpdate& update : answer.updates) {
        auto& row = *to.add_updates();
        row.set_name(update.feature);
        row.set_level_before(update.level_before);
        row.set_level(update.level);
        row.set_at_ms(update.at.value);
        row.set_controller(update.controller.value);
        row.set_version(update.version);
    }
}

void write(const Placed& answer, admin::v1::PlacementResponse& to) { to.set_placement(placement(answer.placement)); }

void write(const controller::DrainStatus& answer, admin::v1::DrainStatusResponse& to) {
    to.set_placement(placement(answer.placement));
    to.set_replicas_left(static_cast<uint32_t>(answer.replicas_left));
    to.set_moving(static_cast<uint32_t>(answer.moving));
    to.set_bytes_left(answer.bytes_left);
    if (answer.time_left) to.set_seconds_left(static_cast<uint64_t>(answer.time_left->count()));
    for (const controller::StuckReplica& stuck : answer.stuck) {
        if (static_cast<size_t>(to.stuck_size()) == shown_max) return;
        auto& row = *to.add_stuck();
        row.set_topic(stuck.topic);
        row.set_partition(stuck.partition.value);
        row.set_reason(stuck.reason);
    }
}

void write(const Moves& answer, admin::v1::RebalanceResponse& to) {
    for (const controller::ReplicaMove& move : answer.moves) {
        auto& row = *to.add_moves();
        row.set_topic(move.topic);
        row.set_partition(move.partition.value);
        for (const NodeId node : move.from) row.add_from(node.value);
        for (const NodeId node : move.to) row.add_to(node.value);
        row.set_reason(move.reason);
    }
    for (const NodeId node : answer.unheard) to.add_unheard(node.value);
}

void write_schema(admin::v1::ConfigSchemaResponse& to) {
    write_keys(settings::broker_settings(), false, *to.mutable_broker());
    write_keys(settings::topic_settings(), true, *to.mutable_topic());
}

}  // namespace milena::peer
