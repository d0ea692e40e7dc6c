// The messages of proto/admin.proto out of plain values, and back where a node reads what another one has said. Pure
// functions, any thread.
#pragma once

#include "peer/admin_requests.h"

namespace milena::admin::v1 {
class BrokersRequest;
class BrokersResponse;
class CanRestartRequest;
class CanRestartResponse;
class ConfigSchemaResponse;
class DrainStatusRequest;
class DrainStatusResponse;
class FeatureLevelRequest;
class FeatureLevelResponse;
class HasCaughtUpRequest;
class HasCaughtUpResponse;
class LedPartitionsRequest;
class LedPartitionsResponse;
class PartitionLagsRequest;
class PartitionLagsResponse;
class PlacementResponse;
class RebalanceRequest;
class RebalanceResponse;
}  // namespace milena::admin::v1

namespace milena::peer {

AskLedPartitions read(const admin::v1::LedPartitionsRequest& from);
AskPartitionLags read(const admin::v1::PartitionLagsRequest& from);
AskBrokers read(const admin::v1::BrokersRequest& from);
AskCanRestart read(const admin::v1::CanRestartRequest& from);
AskHasCaughtUp read(const admin::v1::HasCaughtUpRequest& from);
AskFeatureLevel read(const admin::v1::FeatureLevelRequest& from);
AskDrainStatus read(const admin::v1::DrainStatusRequest& from);
Rebalance read(const admin::v1::RebalanceRequest& from);

void write(const LedPartitions& answer, admin::v1::LedPartitionsResponse& to);
void write(const PartitionLags& answer, admin::v1::PartitionLagsResponse& to);
void write(const Brokers& answer, admin::v1::BrokersResponse& to);
void write(const CanRestart& answer, admin::v1::CanRestartResponse& to);
void write(const controller::CaughtUp& answer, admin::v1::HasCaughtUpResponse& to);
void write(const Features& answer, admin::v1::FeatureLevelResponse& to);
void write(const Placed& answer, admin::v1::PlacementResponse& to);
void write(const controller::DrainStatus& answer, admin::v1::DrainStatusResponse& to);
void write(const Moves& answer, admin::v1::RebalanceResponse& to);
// Of all settings.
void write_schema(admin::v1::ConfigSchemaResponse& to);

void write(const AskPartitionLags& question, admin::v1::PartitionLagsRequest& to);
LedPartitions read(const admin::v1::LedPartitionsResponse& from);
PartitionLags read(const admin::v1::PartitionLagsResponse& from);

}  // namespace milena::peer
