// Coordinator: what administrators see of groups, and their end.
#include <algorithm>
#include <cctype>

#include "base/log.h"
#include "group/coordinator.h"

namespace milena::group {
namespace {

constexpr wire::Version not_found_since = 6;  // before, a group that isn't there is "Dead"
constexpr std::string_view classic_type = "classic";

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    return lower;
}

std::string trimmed(const std::string& text) {
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_wanted(const std::vector<std::string_view>& filter, std::string_view value) {
    return filter.empty() || std::ranges::any_of(filter, [&](std::string_view each) {
               return trimmed(lower_case(each)) == lower_case(value);
           });
}

}  // namespace

void Coordinator::describe_group(std::string_view group_id, wire::Version version, const Reply<DescribedGroup>& reply) {
    DescribedGroup described;
    described.group_id = std::string(group_id);
    const ClassicGroup* group = find(group_id);
    if (group == nullptr) {
        described.group_state = "Dead";
        if (version >= not_found_since) {
            described.error_code = ErrorCode::group_id_not_found;
            described.error_message = "Group " + described.group_id + " not found.";
        }
        return answer(reply, Result<DescribedGroup>(std::move(described)));
    }
    const bool is_stable = group->is_in(ClassicState::stable);
    described.group_state = state_name(group->state());
    described.protocol_type = group->protocol_type();
    if (is_stable) described.protocol_data = group->protocol().value_or("");
    for (const auto& [id, member] : group->members()) {
        auto& listed = described.members.emplace_back();
        listed.member_id = id;
        listed.group_instance_id = member.instance_id;
        listed.client_id = member.client_id;
        listed.client_host = member.client_host;
        listed.member_assignment = member.assignment;
        if (is_stable) listed.member_metadata = member.metadata(described.protocol_data);
    }
    answer(reply, Result<DescribedGroup>(std::move(described)));
}

void Coordinator::list_groups(const wire::ListGroupsRequest& request, const Reply<ListedGroups>& reply) {
    ListedGroups listed;
    const bool wants_type = is_wanted(request.types_filter, classic_type);
    for (const auto& [id, group] : groups_) {
        const std::string_view state = state_name(group->state());
        if (!wants_type || !is_wanted(request.states_filter, state)) continue;
        listed.push_back({.group_id = id,
                          .protocol_type = group->protocol_type(),
                          .group_state = std::string(state),
                          .group_type = std::string(classic_type)});
    }
    answer(reply, Result<ListedGroups>(std::move(listed)));
}

void Coordinator::delete_group(std::string_view group_id, const Reply<ErrorCode>& reply) {
    const ClassicGroup* group = find(group_id);
    if (group == nullptr) return answer(reply, Result<ErrorCode>(ErrorCode::group_id_not_found));
    if (!group->is_in(ClassicState::empty)) return answer(reply, Result<ErrorCode>(ErrorCode::non_empty_group));
    Records tombstones;
    if (const CommittedOffsets::Topics* topics = offsets_.of_group(group_id))
        for (const auto& [topic, partitions] : *topics)
            partitions.each([&, &name = topic](const CommittedOffset& committed) {
                tombstones.push_back(offset_tombstone(group_id, name, committed.partition));
            });
    const size_t offsets_count = tombstones.size();
    // Last: should a batch be refused, the rest is still there to be deleted.
    tombstones.push_back(group_tombstone(group_id));
    const ErrorCode error = write_in_batches(tombstones);
    if (error == ErrorCode::none) log_info("group deleted", {{"group", group_id}, {"offsets", offsets_count}});
    answer(reply, Result<ErrorCode>(error));
}

}  // namespace milena::group
