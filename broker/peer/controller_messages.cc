#include "peer/controller_messages.h"

#include <algorithm>
#include <limits>

#include <controller.pb.h>

#include "peer/ids.h"

namespace milena::peer {
namespace {

template <class List>
void write_uuids(const std::vector<Uuid>& ids, List& to) {
    for (const Uuid& id : ids) write_uuid(id, *to.Add());
}

// Sorted, as all lists of directories are.
template <class List>
std::vector<Uuid> read_uuids(const List& from) {
    std::vector<Uuid> ids;
    for (const auto& id : from) ids.push_back(read_uuid(id));
    std::ranges::sort(ids);
    return ids;
}

bool fits_int16(int32_t number) {
    return number >= std::numeric_limits<int16_t>::min() && number <= std::numeric_limits<int16_t>::max();
}

// --- requests --------------------------------------------------------------------------------------------------------

std::optional<metadata::SecurityProtocol> read_protocol(int32_t number) {
    using metadata::SecurityProtocol;
    for (const SecurityProtocol known :
         {SecurityProtocol::plaintext, SecurityProtocol::ssl, SecurityProtocol::sasl_plaintext,
          SecurityProtocol::sasl_ssl, SecurityProtocol::grpc})
        if (number == static_cast<int32_t>(known)) return known;
    return std::nullopt;
}

Read<metadata::Endpoint> read_endpoint(const controller::v1::RegisterBrokerRequest::Endpoint& from) {
    const auto port = read_port(from.port());
    const auto protocol = read_protocol(from.security_protocol());
    if (!port || !protocol || from.name().size() > name_bytes_max || from.host().size() > name_bytes_max)
        return nonsense("an endpoint that can't be one");
    return metadata::Endpoint{from.name(), from.host(), *port, *protocol};
}

template <class List>
Read<std::vector<metadata::Endpoint>> read_advertised(const List& from) {
    std::vector<metadata::Endpoint> endpoints;
    for (const auto& endpoint : from) {
        ASSIGN_OR_RETURN(metadata::Endpoint known, read_endpoint(endpoint));
        endpoints.push_back(std::move(known));
    }
    return endpoints;
}

template <class List>
void write_advertised(const std::vector<metadata::Endpoint>& endpoints, List& to) {
    for (const metadata::Endpoint& endpoint : endpoints) {
        auto& written = *to.Add();
        written.set_name(endpoint.name);
        written.set_host(endpoint.host);
        written.set_port(endpoint.port);
        written.set_security_protocol(static_cast<int32_t>(endpoint.security_protocol));
    }
}

using Features = std::map<std::string, metadata::SupportedFeature>;

template <class List>
void write_features(const Features& features, List& to) {
    for (const auto& [name, levels] : features) {
        auto& feature = *to.Add();
        feature.set_name(name);
        feature.set_level_min(levels.level_min);
        feature.set_level_max(levels.level_max);
    }
}

template <class List>
Read<Features> read_features(const List& from) {
    Features features;
    for (const auto& feature : from) {
        if (!fits_int16(feature.level_min()) || !fits_int16(feature.level_max()) ||
            feature.name().size() > name_bytes_max)
            return nonsense("a feature that can't be one");
        features[feature.name()] = {static_cast<int16_t>(feature.level_min()),
                                    static_cast<int16_t>(feature.level_max())};
    }
    return features;
}

Read<replica::IsrChange> read_change(const controller::v1::AlterPartitionRequest::Change& from) {
    replica::IsrChange change{.key = {read_uuid(from.topic()), PartitionIndex(from.partition())},
                              .leader_epoch = LeaderEpoch(from.leader_epoch()),
                              .partition_epoch = from.partition_epoch(),
                              .isr = {}};
    if (from.partition() < 0 || from.isr_size() > list_size_max) return nonsense("a partition that can't be one");
    if (from.broker_epochs_size() != from.isr_size() && from.broker_epochs_size() != 0)
        return nonsense("an ISR of which one can't say who is meant");
    for (const int32_t node : from.isr()) {
        if (node < 0) return nonsense("a member of the ISR that is nobody");
        change.isr.push_back(NodeId(node));
    }
    for (const int64_t epoch : from.broker_epochs()) {
        if (epoch < -1) return nonsense("a negative epoch");
        change.broker_epochs.push_back(epoch);
    }
    return change;
}

int64_t signed_bytes(uint64_t bytes) {
    return static_cast<int64_t>(std::min<uint64_t>(bytes, std::numeric_limits<int64_t>::max()));
}
uint64_t unsigned_bytes(int64_t bytes) { return static_cast<uint64_t>(bytes); }

// Which registration asks. Without an epoch it would be the process that answers.
template <class Message>
bool has_asker(const Message& from) {
    return from.broker() >= 0 && from.broker_epoch() >= 0;
}

// --- answers ---------------------------------------------------------------------------------------------------------

template <class T, class Message>
bool write_refusal(const ControllerResult<T>& result, Message& to) {
    if (result.has_value()) return false;
    to.mutable_refusal()->set_error(static_cast<int32_t>(result.error().error));
    if (result.error().leader != no_node) to.mutable_refusal()->set_leader(result.error().leader.value);
    return true;
}

template <class Message>
std::optional<Refusal> read_refusal(const Message& from) {
    if (!from.has_refusal()) return std::nullopt;
    const auto error = read_error(from.refusal().error());
    const NodeId leader(from.refusal().has_leader() ? std::max(from.refusal().leader(), no_node.value) : no_node.value);
    return Refusal{error.value_or(ErrorCode::unknown_server_error), leader};
}

template <class Message>
ControllerResult<void> read_empty(const Message& from) {
    if (const auto refusal = read_refusal(from)) return unexpected(*refusal);
    return {};
}

Unexpected<Refusal> senseless() { return unexpected(Refusal{}); }

}  // namespace

void write(const controller::BrokerRegistration& request, controller::v1::RegisterBrokerRequest& to) {
    to.set_broker(request.id.value);
    write_uuid(request.incarnation_id, *to.mutable_incarnation());
    write_advertised(request.endpoints, *to.mutable_endpoints());
    if (request.rack) to.set_rack(*request.rack);
    write_uuids(request.directories, *to.mutable_directories());
    write_uuids(request.cordoned_directories, *to.mutable_cordoned_directories());
    to.set_cluster_id(request.cluster_id);
    write_features(request.features, *to.mutable_features());
    to.set_previous_epoch(request.previous_epoch);
}

Read<controller::BrokerRegistration> read(const controller::v1::RegisterBrokerRequest& from) {
    if (from.broker() < 0) return nonsense("a broker without an id");
    if (from.previous_epoch() < -1) return nonsense("a negative epoch");
    if (from.cluster_id().size() > name_bytes_max || from.rack().size() > std::numeric_limits<int16_t>::max())
        return nonsense("a name that is too long");
    if (std::max({from.endpoints_size(), from.features_size(), from.directories_size(),
                  from.cordoned_directories_size()}) > list_size_max)
        return nonsense("a list that is too long");
    controller::BrokerRegistration request;
    request.id = NodeId(from.broker());
    request.incarnation_id = read_uuid(from.incarnation());
    ASSIGN_OR_RETURN(request.endpoints, read_advertised(from.endpoints()));
    if (from.has_rack()) request.rack = from.rack();
    request.directories = read_uuids(from.directories());
    request.cordoned_directories = read_uuids(from.cordoned_directories());
    request.cluster_id = from.cluster_id();
    ASSIGN_OR_RETURN(request.features, read_features(from.features()));
    request.previous_epoch = from.previous_epoch();
    return request;
}

void write(const controller::ControllerRegistration& request, controller::v1::RegisterControllerRequest& to) {
    to.set_controller(request.id.value);
    write_uuid(request.incarnation_id, *to.mutable_incarnation());
    write_advertised(request.endpoints, *to.mutable_endpoints());
    write_features(request.features, *to.mutable_features());
    to.set_cluster_id(request.cluster_id);
}

Read<controller::ControllerRegistration> read(const controller::v1::RegisterControllerRequest& from) {
    if (from.controller() < 0) return nonsense("a controller without an id");
    if (from.cluster_id().size() > name_bytes_max) return nonsense("a name that is too long");
    if (std::max(from.endpoints_size(), from.features_size()) > list_size_max)
        return nonsense("a list that is too long");
    controller::ControllerRegistration request;
    request.id = NodeId(from.controller());
    request.incarnation_id = read_uuid(from.incarnation());
    ASSIGN_OR_RETURN(request.endpoints, read_advertised(from.endpoints()));
    ASSIGN_OR_RETURN(request.features, read_features(from.features()));
    request.cluster_id = from.cluster_id();
    return request;
}

void write(const controller::BrokerHeartbeat& request, controller::v1::HeartbeatRequest& to) {
    to.set_broker(request.broker.value);
    to.set_broker_epoch(request.broker_epoch);
    to.set_metadata_offset(request.metadata_offset.value);
    to.set_wants_fence(request.wants_fence);
    to.set_wants_shutdown(request.wants_shutdown);
    write_uuids(request.offline_directories, *to.mutable_offline_directories());
    write_uuids(request.cordoned_directories, *to.mutable_cordoned_directories());
    write_uuids(request.full_directories, *to.mutable_full_directories());
}

Read<controller::BrokerHeartbeat> read(const controller::v1::HeartbeatRequest& from) {
    if (from.broker() < 0 || from.broker_epoch() < 0 || from.metadata_offset() < -1)
        return nonsense("a heartbeat of nobody");
    if (std::max({from.offline_directories_size(), from.cordoned_directories_size(), from.full_directories_size()}) >
        list_size_max)
        return nonsense("a list that is too long");
    return controller::BrokerHeartbeat{.broker = NodeId(from.broker()),
                                       .broker_epoch = from.broker_epoch(),
                                       .metadata_offset = Offset(from.metadata_offset()),
                                       .wants_fence = from.wants_fence(),
                                       .wants_shutdown = from.wants_shutdown(),
                                       .offline_directories = read_uuids(from.offline_directories()),
                                       .cordoned_directories = read_uuids(from.cordoned_directories()),
                                       .full_directories = read_uuids(from.full_directories())};
}

void write(const controller::AlterPartition& request, controller::v1::AlterPartitionRequest& to) {
    to.set_broker(request.broker.value);
    to.set_broker_epoch(request.broker_epoch);
    for (const replica::IsrChange& change : request.changes) {
        controller::v1::AlterPartitionRequest::Change& written = *to.add_changes();
        write_uuid(change.key.topic_id, *written.mutable_topic());
        written.set_partition(change.key.partition.value);
        written.set_leader_epoch(change.leader_epoch.value);
        written.set_partition_epoch(change.partition_epoch);
        for (const NodeId node : change.isr) written.add_isr(node.value);
        for (const int64_t epoch : change.broker_epochs) written.add_broker_epochs(epoch);
    }
}

Read<controller::AlterPartition> read(const controller::v1::AlterPartitionRequest& from) {
    if (!has_asker(from)) return nonsense("a request of nobody");
    if (from.changes_size() > list_size_max) return nonsense("a list that is too long");
    controller::AlterPartition request;
    request.broker = NodeId(from.broker());
    request.broker_epoch = from.broker_epoch();
    for (const auto& change : from.changes()) {
        ASSIGN_OR_RETURN(replica::IsrChange known, read_change(change));
        request.changes.push_back(std::move(known));
    }
    return request;
}

void write(const controller::AssignDirectories& request, controller::v1::AssignDirectoriesRequest& to) {
    to.set_broker(request.broker.value);
    to.set_broker_epoch(request.broker_epoch);
    for (const controller::DirectoryAssignment& assignment : request.assignments) {
        controller::v1::AssignDirectoriesRequest::Assignment& written = *to.add_assignments();
        write_uuid(assignment.topic_id, *written.mutable_topic());
        written.set_partition(assignment.partition.value);
        write_uuid(assignment.directory, *written.mutable_directory());
    }
}

Read<controller::AssignDirectories> read(const controller::v1::AssignDirectoriesRequest& from) {
    if (!has_asker(from)) return nonsense("a request of nobody");
    if (from.assignments_size() > list_size_max) return nonsense("a list that is too long");
    controller::AssignDirectories request{NodeId(from.broker()), from.broker_epoch(), {}};
    for (const auto& assignment : from.assignments()) {
        if (assignment.partition() < 0) return nonsense("a partition that can't be one");
        request.assignments.push_back(
            {read_uuid(assignment.topic()), PartitionIndex(assignment.partition()), read_uuid(assignment.directory())});
    }
    return request;
}

void write(const controller::CordonDirectories& request, controller::v1::CordonDirectoriesRequest& to) {
    to.set_broker(request.broker.value);
    write_uuids(request.directories, *to.mutable_directories());
    to.set_broker_epoch(request.broker_epoch);
}

Read<controller::CordonDirectories> read(const controller::v1::CordonDirectoriesRequest& from) {
    if (!has_asker(from)) return nonsense("a request of nobody");
    if (from.directories_size() > list_size_max) return nonsense("a list that is too long");
    return controller::CordonDirectories{.broker = NodeId(from.broker()),
                                         .directories = read_uuids(from.directories()),
                                         .broker_epoch = from.broker_epoch()};
}

void write(const controller::AllocateProducerIds& request, controller::v1::AllocateProducerIdsRequest& to) {
    to.set_broker(request.broker.value);
    to.set_broker_epoch(request.broker_epoch);
}

Read<controller::AllocateProducerIds> read(const controller::v1::AllocateProducerIdsRequest& from) {
    if (!has_asker(from)) return nonsense("a request of nobody");
    return controller::AllocateProducerIds{.broker = NodeId(from.broker()), .broker_epoch = from.broker_epoch()};
}

void write(const controller::ReportLoad& request, controller::v1::ReportLoadRequest& to) {
    to.set_broker(request.broker.value);
    to.set_broker_epoch(request.broker_epoch);
    to.set_disk_total_bytes(signed_bytes(request.disk.total_bytes));
    to.set_disk_usable_bytes(signed_bytes(request.disk.usable_bytes));
    to.set_logs_bytes(signed_bytes(request.disk.logs_bytes));
    for (const controller::PartitionLoad& load : request.partitions) {
        controller::v1::ReportLoadRequest::Partition& written = *to.add_partitions();
        write_uuid(load.topic_id, *written.mutable_topic());
        written.set_partition(load.partition.value);
        written.set_bytes(signed_bytes(load.weight.bytes));
        written.set_bytes_in_per_second(signed_bytes(load.weight.bytes_in_per_second));
    }
    to.set_are_more(request.are_more);
}

Read<controller::ReportLoad> read(const controller::v1::ReportLoadRequest& from) {
    if (!has_asker(from)) return nonsense("a request of nobody");
    if (from.partitions_size() > list_size_max) return nonsense("a list that is too long");
    if (from.disk_usable_bytes() < 0 || from.disk_total_bytes() < from.disk_usable_bytes() || from.logs_bytes() < 0)
        return nonsense("a disk that can't be one");
    controller::ReportLoad request{.broker = NodeId(from.broker()),
                                   .broker_epoch = from.broker_epoch(),
                                   .disk = {.total_bytes = unsigned_bytes(from.disk_total_bytes()),
                                            .usable_bytes = unsigned_bytes(from.disk_usable_bytes()),
                                            .logs_bytes = unsigned_bytes(from.logs_bytes())},
                                   .partitions = {},
                                   .are_more = from.are_more()};
    for (const auto& load : from.partitions()) {
        if (load.partition() < 0 || load.bytes() < 0 || load.bytes_in_per_second() < 0)
            return nonsense("a partition that can't be one");
        request.partitions.push_back({read_uuid(load.topic()),
                                      PartitionIndex(load.partition()),
                                      {unsigned_bytes(load.bytes()), unsigned_bytes(load.bytes_in_per_second())}});
    }
    return request;
}

void write(const ForwardedRequest& request, controller::v1::ForwardRequest& to) {
    to.set_frame(request.frame.data(), request.frame.size());
    to.set_client(request.client);
    to.set_listener(request.listener);
}

Read<ForwardedRequest> read(const controller::v1::ForwardRequest& from) {
    constexpr size_t text_bytes_max = 1024;
    if (std::max(from.client().size(), from.listener().size()) > text_bytes_max)
        return nonsense("a name that is too long");
    return ForwardedRequest{Bytes::copy_of(from.frame()), from.client(), from.listener()};
}

void write(const ControllerResult<controller::BrokerEpoch>& result, controller::v1::RegisterBrokerResponse& to) {
    if (!write_refusal(result, to)) to.set_broker_epoch(result->value);
}

ControllerResult<controller::BrokerEpoch> read(controller::v1::RegisterBrokerResponse& from) {
    if (const auto refusal = read_refusal(from)) return unexpected(*refusal);
    if (from.broker_epoch() < 0) return senseless();
    return controller::BrokerEpoch{from.broker_epoch()};
}

void write(const ControllerResult<controller::HeartbeatAnswer>& result, controller::v1::HeartbeatResponse& to) {
    if (write_refusal(result, to)) return;
    to.set_is_caught_up(result->is_caught_up);
    to.set_is_fenced(result->is_fenced);
    to.set_should_shut_down(result->should_shut_down);
}

ControllerResult<controller::HeartbeatAnswer> read(controller::v1::HeartbeatResponse& from) {
    if (const auto refusal = read_refusal(from)) return unexpected(*refusal);
    return controller::HeartbeatAnswer{.is_caught_up = from.is_caught_up(),
                                       .is_fenced = from.is_fenced(),
                                       .should_shut_down = from.should_shut_down()};
}

void write(const ControllerResult<controller::AlterPartitionAnswer>& result,
           controller::v1::AlterPartitionResponse& to) {
    if (write_refusal(result, to)) return;
    for (const ErrorCode outcome : result->outcomes) to.add_outcomes(static_cast<int32_t>(outcome));
}

ControllerResult<controller::AlterPartitionAnswer> read(controller::v1::AlterPartitionResponse& from) {
    if (const auto refusal = read_refusal(from)) return unexpected(*refusal);
    controller::AlterPartitionAnswer answer;
    for (const int32_t number : from.outcomes()) {
        const auto outcome = read_error(number);
        if (!outcome) return senseless();
        answer.outcomes.push_back(*outcome);
    }
    return answer;
}

void write(const ControllerResult<void>& result, controller::v1::RegisterControllerResponse& to) {
    (void)write_refusal(result, to);
}
void write(const ControllerResult<void>& result, controller::v1::AssignDirectoriesResponse& to) {
    (void)write_refusal(result, to);
}
void write(const ControllerResult<void>& result, controller::v1::CordonDirectoriesResponse& to) {
    (void)write_refusal(result, to);
}
void write(const ControllerResult<void>& result, controller::v1::ReportLoadResponse& to) {
    (void)write_refusal(result, to);
}

ControllerResult<void> read(controller::v1::RegisterControllerResponse& from) { return read_empty(from); }
ControllerResult<void> read(controller::v1::AssignDirectoriesResponse& from) { return read_empty(from); }
ControllerResult<void> read(controller::v1::CordonDirectoriesResponse& from) { return read_empty(from); }
ControllerResult<void> read(controller::v1::ReportLoadResponse& from) { return read_empty(from); }

void write(const ControllerResult<controller::ProducerIdBlock>& result,
           controller::v1::AllocateProducerIdsResponse& to) {
    if (write_refusal(result, to)) return;
    to.set_first(result->first.value);
    to.set_count(result->count);
}

ControllerResult<controller::ProducerIdBlock> read(controller::v1::AllocateProducerIdsResponse& from) {
    if (const auto refusal = read_refusal(from)) return unexpected(*refusal);
    if (from.first() < 0 || from.count() <= 0) return senseless();
    return controller::ProducerIdBlock{ProducerId(from.first()), from.count()};
}

void write(const ControllerResult<ForwardedResponse>& result, controller::v1::ForwardResponse& to) {
    if (write_refusal(result, to)) return;
    to.set_frame(result->frame.data(), result->frame.size());
    to.set_metadata_offset(result->metadata_offset.value);
}

ControllerResult<ForwardedResponse> read(controller::v1::ForwardResponse& from) {
    if (const auto refusal = read_refusal(from)) return unexpected(*refusal);
    if (from.metadata_offset() < -1) return senseless();
    return ForwardedResponse{bytes_of(std::move(*from.mutable_frame())), Offset(from.metadata_offset())};
}

}  // namespace milena::peer
