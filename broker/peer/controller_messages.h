// Requests to the controller and its answers, between structs and proto/controller.proto. What comes from the network
// is checked here: ids are ids, and lists are of a size that can be. Pure functions, any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "peer/controller_requests.h"

namespace milena::controller::v1 {
class RegisterBrokerRequest;
class RegisterBrokerResponse;
class RegisterControllerRequest;
class RegisterControllerResponse;
class HeartbeatRequest;
class HeartbeatResponse;
class AlterPartitionRequest;
class AlterPartitionResponse;
class AssignDirectoriesRequest;
class AssignDirectoriesResponse;
class CordonDirectoriesRequest;
class CordonDirectoriesResponse;
class AllocateProducerIdsRequest;
class AllocateProducerIdsResponse;
class ReportLoadRequest;
class ReportLoadResponse;
class ForwardRequest;
class ForwardResponse;
}  // namespace milena::controller::v1

namespace milena::peer {

void write(const controller::BrokerRegistration& request, controller::v1::RegisterBrokerRequest& to);
void write(const controller::ControllerRegistration& request, controller::v1::RegisterControllerRequest& to);
void write(const controller::BrokerHeartbeat& request, controller::v1::HeartbeatRequest& to);
void write(const controller::AlterPartition& request, controller::v1::AlterPartitionRequest& to);
void write(const controller::AssignDirectories& request, controller::v1::AssignDirectoriesRequest& to);
void write(const controller::CordonDirectories& request, controller::v1::CordonDirectoriesRequest& to);
void write(const controller::AllocateProducerIds& request, controller::v1::AllocateProducerIdsRequest& to);
void write(const controller::ReportLoad& request, controller::v1::ReportLoadRequest& to);
void write(const ForwardedRequest& request, controller::v1::ForwardRequest& to);

// The error says what is wrong.
template <class T>
using Read = Result<T, std::string>;
Read<controller::BrokerRegistration> read(const controller::v1::RegisterBrokerRequest& from);
Read<controller::ControllerRegistration> read(const controller::v1::RegisterControllerRequest& from);
Read<controller::BrokerHeartbeat> read(const controller::v1::HeartbeatRequest& from);
Read<controller::AlterPartition> read(const controller::v1::AlterPartitionRequest& from);
Read<controller::AssignDirectories> read(const controller::v1::AssignDirectoriesRequest& from);
Read<controller::CordonDirectories> read(const controller::v1::CordonDirectoriesRequest& from);
Read<controller::AllocateProducerIds> read(const controller::v1::AllocateProducerIdsRequest& from);
Read<controller::ReportLoad> read(const controller::v1::ReportLoadRequest& from);
Read<ForwardedRequest> read(const controller::v1::ForwardRequest& from);

void write(const ControllerResult<controller::BrokerEpoch>& result, controller::v1::RegisterBrokerResponse& to);
void write(const ControllerResult<void>& result, controller::v1::RegisterControllerResponse& to);
void write(const ControllerResult<controller::HeartbeatAnswer>& result, controller::v1::HeartbeatResponse& to);
void write(const ControllerResult<controller::AlterPartitionAnswer>& result,
           controller::v1::AlterPartitionResponse& to);
void write(const ControllerResult<void>& result, controller::v1::AssignDirectoriesResponse& to);
void write(const ControllerResult<void>& result, controller::v1::CordonDirectoriesResponse& to);
void write(const ControllerResult<controller::ProducerIdBlock>& result,
           controller::v1::AllocateProducerIdsResponse& to);
void write(const ControllerResult<void>& result, controller::v1::ReportLoadResponse& to);
void write(const ControllerResult<ForwardedResponse>& result, controller::v1::ForwardResponse& to);

// An answer that makes no sense is a refusal with unknown_server_error. A body is taken out of the message without a
// copy.
ControllerResult<controller::BrokerEpoch> read(controller::v1::RegisterBrokerResponse& from);
ControllerResult<void> read(controller::v1::RegisterControllerResponse& from);
ControllerResult<controller::HeartbeatAnswer> read(controller::v1::HeartbeatResponse& from);
ControllerResult<controller::AlterPartitionAnswer> read(controller::v1::AlterPartitionResponse& from);
ControllerResult<void> read(controller::v1::AssignDirectoriesResponse& from);
ControllerResult<void> read(controller::v1::CordonDirectoriesResponse& from);
ControllerResult<controller::ProducerIdBlock> read(controller::v1::AllocateProducerIdsResponse& from);
ControllerResult<void> read(controller::v1::ReportLoadResponse& from);
ControllerResult<ForwardedResponse> read(controller::v1::ForwardResponse& from);

}  // namespace milena::peer
