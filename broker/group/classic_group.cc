#include "group/classic_group.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "group/subscription.h"

namespace milena::group {

std::string_view state_name(ClassicState state) {
    switch (state) {
        case ClassicState::empty: return "Empty";
        case ClassicState::preparing_rebalance: return "PreparingRebalance";
        case ClassicState::completing_rebalance: return "CompletingRebalance";
        case ClassicState::stable: return "Stable";
    }
    return "";
}

std::vector<Protocol> copy_protocols(const wire::JoinGroupRequest& request) {
    std::vector<Protocol> protocols;
    std::set<std::string_view> names;
    for (const auto& protocol : request.protocols)
        if (names.insert(protocol.name).second)
            protocols.push_back({std::string(protocol.name), Bytes::copy_of(protocol.metadata.span())});
    return protocols;
}

namespace {

Protocol protocol_of(const wire::GroupMetadataValue& group, const wire::GroupMetadataValue::Member& recorded) {
    return {group.protocol.value_or(""), Bytes::copy_of(recorded.subscription.span())};
}

}  // namespace

bool are_same(const std::vector<Protocol>& protocols, const wire::JoinGroupRequest& request) {
    return std::ranges::equal(protocols, request.protocols, [](const Protocol& ours, const auto& theirs) {
        return ours.name == theirs.name && ours.metadata == theirs.metadata;
    });
}

namespace {

// Beside the names and what is told: the objects, and their places in what finds them.
constexpr size_t member_bytes = sizeof(Member) + 256;
constexpr size_t protocol_bytes = sizeof(Protocol) + 96;

constexpr size_t uuid_bytes = 37;  // behind the prefix of an id

size_t bytes_of_names(size_t id, size_t instance_id) { return 4 * id + 3 * instance_id; }

// As a member has them, or a request to join.
size_t bytes_of_protocols(const auto& protocols) {
    size_t bytes = 0;
    for (const auto& protocol : protocols)
        bytes += protocol_bytes + 2 * protocol.name.size() + protocol.metadata.size();
    return bytes;
}

}  // namespace

size_t bytes_of(const Member& member) {
    return member_bytes + member.client_id.size() + member.client_host.size() + member.assignment.size() +
           bytes_of_names(member.id.size(), member.instance_id ? member.instance_id->size() : 0) +
           bytes_of_protocols(member.protocols);
}

size_t bytes_of(const wire::JoinGroupRequest& request, std::string_view client_id) {
    const std::optional<std::string_view> instance_id = request.group_instance_id;
    const size_t id =
        request.member_id.empty() ? instance_id.value_or(client_id).size() + uuid_bytes : request.member_id.size();
    return member_bytes + client_id.size() + bytes_of_names(id, instance_id ? instance_id->size() : 0) +
           bytes_of_protocols(request.protocols);
}

Bytes Member::metadata(std::string_view protocol) const {
    const auto at = std::ranges::find(protocols, protocol, &Protocol::name);
    return at == protocols.end() ? Bytes() : at->metadata;
}

void ClassicGroup::apply(const wire::GroupMetadataValue& value) {
    protocol_type_ = value.protocol_type;
    generation_ = value.generation;
    protocol_ = value.protocol;
    state_timestamp_ = Timestamp(value.current_state_timestamp);
    std::set<std::string_view> kept;
    for (const auto& recorded : value.members) kept.insert(recorded.member_id);
    std::vector<std::string> gone;
    for (const auto& [id, member] : members_)
        if (!kept.contains(id)) gone.push_back(id);
    // First, because a static member may be there again under another id.
    for (const std::string& id : gone) remove(id);
    for (const auto& recorded : value.members) {
        Member* member = find(recorded.member_id);
        if (member == nullptr)
            member = &add({.id = recorded.member_id, .instance_id = recorded.group_instance_id}, value.protocol_type);
        count(*member, -1);
        member->client_id = recorded.client_id;
        member->client_host = recorded.client_host;
        member->session_timeout_ms = recorded.session_timeout;
        member->rebalance_timeout_ms =
            recorded.rebalance_timeout == -1 ? recorded.session_timeout : int32_t{recorded.rebalance_timeout};
        member->assignment = Bytes::copy_of(recorded.assignment.span());
        // Read from the log, this is all that is known; the other protocols come back when the member joins again.
        Protocol protocol = protocol_of(value, recorded);
        if (std::ranges::find(member->protocols, protocol) == member->protocols.end())
            member->protocols.assign(1, std::move(protocol));
        count(*member, 1);
    }
    leader_ = value.leader;
    state_ = members_.empty() ? ClassicState::empty : ClassicState::stable;
    find_subscriptions();
}

wire::GroupMetadataValue ClassicGroup::value() const {
    wire::GroupMetadataValue value;
    value.protocol_type = protocol_type_;
    value.generation = generation_;
    value.protocol = protocol_;
    value.leader = leader_;
    value.current_state_timestamp = state_timestamp_.value;
    for (const auto& [id, member] : members_) {
        wire::GroupMetadataValue::Member recorded;
        recorded.member_id = id;
        recorded.group_instance_id = member.instance_id;
        recorded.client_id = member.client_id;
        recorded.client_host = member.client_host;
        recorded.rebalance_timeout = member.rebalance_timeout_ms;
        recorded.session_timeout = member.session_timeout_ms;
        recorded.subscription = member.metadata(protocol_.value_or(""));
        recorded.assignment = member.assignment;
        value.members.push_back(std::move(recorded));
    }
    return value;
}

bool ClassicGroup::is_subscribed_to(std::string_view topic) const {
    return subscribed_topics_ ? subscribed_topics_->contains(topic) : uses_consumer_protocol();
}

// --- members ---------------------------------------------------------------------------------------------------------

Member* ClassicGroup::find(std::string_view member_id) {
    const auto at = members_.find(member_id);
    return at == members_.end() ? nullptr : &at->second;
}

const std::string* ClassicGroup::static_member(std::string_view instance_id) const {
    const auto at = static_members_.find(instance_id);
    return at == static_members_.end() ? nullptr : &at->second;
}

ErrorCode ClassicGroup::check_member(std::string_view member_id, std::optional<std::string_view> instance_id) const {
    if (instance_id) {
        const std::string* known = static_member(*instance_id);
        if (known == nullptr) return ErrorCode::unknown_member_id;
        if (*known != member_id) return ErrorCode::fenced_instance_id;
    }
    return members_.contains(member_id) ? ErrorCode::none : ErrorCode::unknown_member_id;
}

bool ClassicGroup::supports(const wire::JoinGroupRequest& request) const {
    if (is_in(ClassicState::empty)) return !request.protocol_type.empty() && !request.protocols.empty();
    return request.protocol_type == protocol_type_ && std::ranges::any_of(request.protocols, [&](const auto& protocol) {
               const auto at = protocol_counts_.find(protocol.name);
               return (at == protocol_counts_.end() ? 0 : at->second) == members_.size();
           });
}

Member& ClassicGroup::add(Member member, std::string_view protocol_type) {
    if (members_.empty()) protocol_type_ = protocol_type;
    if (!leader_) leader_ = member.id;
    if (member.instance_id) static_members_[*member.instance_id] = member.id;
    count(member, 1);
    pending_joins.erase(member.id);
    std::string id = member.id;
    const auto [at, is_added] = members_.emplace(std::move(id), std::move(member));
    check(is_added);
    return at->second;
}

Member ClassicGroup::remove(const std::string& member_id) {
    pending_joins.erase(member_id);
    const auto at = members_.find(member_id);
    if (at == members_.end()) return {};
    Member removed = std::move(at->second);
    members_.erase(at);
    count(removed, -1);
    if (removed.awaiting_join) --awaiting_join_count_;
    if (removed.is_sync_pending) --sync_pending_count_;
    if (removed.instance_id) static_members_.erase(*removed.instance_id);
    if (is_leader(removed.id)) {
        leader_.reset();
        if (!members_.empty()) leader_ = members_.begin()->first;
    }
    return removed;
}

Member ClassicGroup::replace(const std::string& old_id, Member replacement) {
    const bool was_leader = is_leader(old_id);
    Member replaced = remove(old_id);
    const Member& added = add(std::move(replacement), protocol_type_);
    if (was_leader) leader_ = added.id;
    return replaced;
}

void ClassicGroup::update(Member& member, const wire::JoinGroupRequest& request, int32_t rebalance_timeout_ms) {
    count(member, -1);
    member.protocols = copy_protocols(request);
    count(member, 1);
    member.rebalance_timeout_ms = rebalance_timeout_ms;
    member.session_timeout_ms = request.session_timeout_ms;
}

void ClassicGroup::await_join(Member& member, Reply<wire::JoinGroupResponse> reply) {
    if (!member.awaiting_join) ++awaiting_join_count_;
    member.awaiting_join = std::move(reply);
}

Reply<wire::JoinGroupResponse> ClassicGroup::take_join(Member& member) {
    if (member.awaiting_join) --awaiting_join_count_;
    return std::exchange(member.awaiting_join, nullptr);
}

void ClassicGroup::expect_sync(Member& member) {
    if (!std::exchange(member.is_sync_pending, true)) ++sync_pending_count_;
}

void ClassicGroup::synced(Member& member) {
    if (std::exchange(member.is_sync_pending, false)) --sync_pending_count_;
}

void ClassicGroup::take_assignment(Member& member) {
    count(member, -1);
    member.assignment = {};
    count(member, 1);
}

void ClassicGroup::count(const Member& member, int by) {
    for (const Protocol& protocol : member.protocols) {
        size_t& count = protocol_counts_[protocol.name];
        count += static_cast<size_t>(by);
        if (count == 0) protocol_counts_.erase(protocol.name);
    }
    const size_t bytes = static_cast<size_t>(by) * bytes_of(member);
    members_bytes_ += bytes;
    memory_->bytes += bytes;
}

// --- rebalancing -----------------------------------------------------------------------------------------------------

int32_t ClassicGroup::rebalance_timeout_ms() const {
    int32_t longest = 0;
    for (const auto& [id, member] : members_) longest = std::max(longest, member.rebalance_timeout_ms);
    return longest;
}

bool ClassicGroup::elect_joined_leader() {
    if (!leader_) return false;
    const Member* leader = find(*leader_);
    if (leader != nullptr && leader->awaiting_join) return true;
    for (const auto& [id, member] : members_) {
        if (!member.awaiting_join) continue;
        leader_ = id;
        return true;
    }
    return false;
}

std::string ClassicGroup::select_protocol() const {
    std::map<std::string_view, size_t> votes;
    for (const auto& [id, member] : members_) {
        const auto preferred = std::ranges::find_if(member.protocols, [&](const Protocol& protocol) {
            return protocol_counts_.at(protocol.name) == members_.size();
        });
        if (preferred != member.protocols.end()) ++votes[preferred->name];
    }
    const auto most = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
    return most == votes.end() ? std::string() : std::string(most->first);
}

void ClassicGroup::prepare_rebalance(Timestamp now) {
    is_initial_rebalance = is_in(ClassicState::empty);
    transition(ClassicState::preparing_rebalance, now);
}

void ClassicGroup::begin_generation(Timestamp now) {
    ++generation_;
    for (auto& [id, member] : members_) synced(member);
    protocol_.reset();
    if (!members_.empty()) protocol_ = select_protocol();
    find_subscriptions();
    transition(members_.empty() ? ClassicState::empty : ClassicState::completing_rebalance, now);
}

void ClassicGroup::transition(ClassicState state, Timestamp now) {
    state_ = state;
    state_timestamp_ = now;
}

std::vector<wire::JoinGroupResponse::Member> ClassicGroup::member_list() const {
    std::vector<wire::JoinGroupResponse::Member> list;
    list.reserve(members_.size());
    for (const auto& [id, member] : members_)
        list.push_back({.member_id = id,
                        .group_instance_id = member.instance_id,
                        .metadata = member.metadata(protocol_.value_or(""))});
    return list;
}

void ClassicGroup::find_subscriptions() {
    subscribed_topics_.reset();
    if (!uses_consumer_protocol()) return;
    std::set<std::string, std::less<>> topics;
    if (!members_.empty() && !protocol_) return;
    for (const auto& [id, member] : members_)
        if (!read_subscribed_topics(member.metadata(*protocol_), topics)) return;
    subscribed_topics_ = std::move(topics);
}

}  // namespace milena::group
