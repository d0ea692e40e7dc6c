// What administrators see of groups, and their end: ListGroups, DescribeGroups, DeleteGroups.
#include "server/handlers/ask_groups.h"
#include "server/handlers/cluster_view.h"

namespace milena::server::handlers {
namespace {

constexpr wire::Version operations_since = 3;

}  // namespace

// Of all partitions that are led here. One that is still loading spoils it: what is missing would be taken for deleted.
void list_groups(CallPtr<wire::ListGroupsRequest, wire::ListGroupsResponse> call) {
    using Response = wire::ListGroupsResponse;
    using Listed = group::Coordinator::ListedGroups;
    const metadata::TopicImage* topic = call->context().image().topic(group::offsets_topic);
    const size_t partitions_count = topic == nullptr ? 0 : topic->partitions.size();
    const auto gathered = Gathered<Listed>::begin(partitions_count, [call](std::vector<Result<Listed>> all) {
        Response response;
        for (Result<Listed>& listed : all) {
            if (listed.has_value())
                response.groups.insert(response.groups.end(), std::make_move_iterator(listed->begin()),
                                       std::make_move_iterator(listed->end()));
            else if (listed.error() != ErrorCode::not_coordinator)
                response.error_code = listed.error();
        }
        if (response.error_code != ErrorCode::none) response.groups.clear();
        call->respond(response);
    });
    for (size_t i = 0; i < partitions_count; ++i) {
        const replica::PartitionKey key{topic->id, PartitionIndex(static_cast<int32_t>(i))};
        call->context().groups.ask<Listed>(
            call->context().shard, key,
            [call](group::Coordinator& coordinator, const group::Reply<Listed>& reply) {
                coordinator.list_groups(call->request, reply);
            },
            [gathered, i](Result<Listed> listed) { gathered->take(i, std::move(listed)); });
    }
}

void describe_groups(CallPtr<wire::DescribeGroupsRequest, wire::DescribeGroupsResponse> call) {
    using Response = wire::DescribeGroupsResponse;
    using Group = Response::Group;
    const auto ids =
        std::make_shared<const std::vector<std::string_view>>(at_most(answers_each_max, call->request.groups));
    const auto gathered = Gathered<Group>::begin(ids->size(), [call, ids](std::vector<Result<Group>> all) {
        Response response;
        const bool wants_operations =
            call->version() >= operations_since && bool{call->request.include_authorized_operations};
        for (size_t i = 0; i < all.size(); ++i) {
            Group& group = response.groups.emplace_back();
            if (all[i].has_value()) {
                group = std::move(*all[i]);
                if (wants_operations && group.error_code == ErrorCode::none)
                    group.authorized_operations = all_group_operations;
            } else {
                group.group_id = std::string((*ids)[i]);
                group.error_code = all[i].error();
            }
        }
        call->respond(response);
    });
    for (size_t i = 0; i < ids->size(); ++i)
        ask_group<Group>(
            call, (*ids)[i],
            [call, ids, i](group::Coordinator& coordinator, const group::Reply<Group>& reply) {
                coordinator.describe_group((*ids)[i], call->version(), reply);
            },
            [gathered, i](Result<Group> described) { gathered->take(i, std::move(described)); });
}

void delete_groups(CallPtr<wire::DeleteGroupsRequest, wire::DeleteGroupsResponse> call) {
    using Response = wire::DeleteGroupsResponse;
    const auto ids = std::make_shared<const std::vector<std::string_view>>(at_most(1, call->request.groups_names));
    const auto gathered = Gathered<ErrorCode>::begin(ids->size(), [call, ids](std::vector<Result<ErrorCode>> all) {
        Response response;
        for (size_t i = 0; i < all.size(); ++i)
            response.results.push_back(
                {.group_id = std::string((*ids)[i]), .error_code = all[i].has_value() ? *all[i] : all[i].error()});
        call->respond(response);
    });
    for (size_t i = 0; i < ids->size(); ++i)
        ask_group<ErrorCode>(
            call, (*ids)[i],
            [call, ids, i](group::Coordinator& coordinator, const group::Reply<ErrorCode>& reply) {
                coordinator.delete_group((*ids)[i], reply);
            },
            [gathered, i](Result<ErrorCode> deleted) { gathered->take(i, std::move(deleted)); });
}

}  // namespace milena::server::handlers
