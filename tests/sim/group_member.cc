#include "sim/group_member.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/big_endian.h"

namespace milena::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds session_timeout{6'000};
constexpr milliseconds rebalance_timeout{4'000};
constexpr Duration join_patience = seconds(12);
constexpr Duration patience = seconds(1);
constexpr Duration member_pause_max = milliseconds(250);
constexpr Duration retry_max = milliseconds(300);
constexpr Duration absence_max = seconds(15);
constexpr uint64_t records_a_turn = 30;
// Of its turns, one in so many.
constexpr uint64_t dies_one_in = 200;
constexpr uint64_t leaves_one_in = 250;
constexpr uint64_t stalls_one_in = 200;
// Of its new generations: a commit of the former one is still on its way.
constexpr uint64_t commits_late_one_in = 3;

Bytes encode(const GroupChecker::Partitions& partitions) {
    std::vector<std::byte> bytes(partitions.size() * sizeof(int32_t));
    for (size_t i = 0; i < partitions.size(); ++i)
        store_big_endian(bytes.data() + i * sizeof(int32_t), partitions[i].value);
    return Bytes::from(std::move(bytes));
}

// Who sends it. Join and sync, heartbeat and commit say so in the same fields.
template <class Request>
Request request_of(const GroupMember::Identity& identity, const std::string& member_id) {
    Request request;
    request.group_id = identity.group;
    request.member_id = member_id;
    if (identity.instance) request.group_instance_id = *identity.instance;
    return request;
}

GroupChecker::Partitions decode(const Bytes& assignment) {
    GroupChecker::Partitions partitions;
    for (size_t at = 0; at + sizeof(int32_t) <= assignment.size(); at += sizeof(int32_t))
        partitions.emplace_back(load_big_endian<int32_t>(assignment.data() + at));
    return partitions;
}

}  // namespace

void GroupMember::calm() {
    is_calm_ = true;
    if (state_ != State::away) return;
    state_ = State::joining;
    turn_after(Duration{});
}

void GroupMember::forget() {
    if (state_ != State::away) go_away(retry_max);
}

std::optional<int32_t> GroupMember::generation() const {
    return state_ == State::stable ? std::optional(generation_) : std::nullopt;
}

void GroupMember::turn_after(Duration delay) {
    network_.world.after(delay, [this, turn = ++turn_] {
        if (turn == turn_) this->turn();
    });
}

void GroupMember::turn() {
    if (misbehaves()) return;
    switch (state_) {
        case State::away: state_ = State::joining; [[fallthrough]];
        case State::joining: return join();
        case State::syncing:
            if (late_generation_ && network_.world.random.one_in(commits_late_one_in)) return commit(*late_generation_);
            return sync();
        case State::fetching: return fetch_offsets();
        case State::stable: commits_next_ = !commits_next_; return commits_next_ ? commit(generation_) : heartbeat();
    }
}

bool GroupMember::misbehaves() {
    if (is_calm_ || state_ == State::away) return false;
    SimRandom& random = network_.world.random;
    if (random.one_in(dies_one_in)) {
        go_away(absence_max);
        return true;
    }
    if (random.one_in(leaves_one_in)) {
        leave();
        return true;
    }
    // What it holds to be true when it wakes may be long over.
    if (!random.one_in(stalls_one_in)) return false;
    turn_after(random.up_to(absence_max));
    return true;
}

void GroupMember::go_away(Duration longest) {
    ++connection_;
    state_ = State::away;
    member_id_.clear();
    positions_.clear();
    late_generation_.reset();
    turn_after(network_.world.random.up_to(longest));
}

template <class Response, class Work>
void GroupMember::call(Duration limit, Work work, std::function<void(const Response&)> answered) {
    const uint64_t connection = connection_;
    const uint64_t number = ++sent_;
    network_.send([=, this] {
        SimBroker* broker = network_.broker();
        if (broker == nullptr || connection != connection_ || number <= arrived_) return;
        arrived_ = number;
        broker->ask_group<Response>(identity_.group, work, [=, this](Result<Response> response) {
            network_.send([=, this, response = std::move(response)] {
                if (connection != connection_ || number != sent_) return;
                if (!response.has_value()) return go_on_after(response.error());
                answered(*response);
            });
        });
    });
    // Whoever answers first plans the next turn; this one is for silence.
    network_.world.after(limit, [=, this, turn = ++turn_] {
        if (turn != turn_) return;
        ++connection_;
        this->turn();
    });
}

void GroupMember::go_on_after(ErrorCode error) {
    if (error == ErrorCode::none && state_ == State::stable)
        return turn_after(network_.world.random.up_to(member_pause_max));
    const bool was_stable = state_ == State::stable;
    if (error == ErrorCode::rebalance_in_progress || error == ErrorCode::illegal_generation) state_ = State::joining;
    if (error == ErrorCode::unknown_member_id || error == ErrorCode::fenced_instance_id) {
        member_id_.clear();
        state_ = State::joining;
    }
    if (was_stable && state_ != State::stable) late_generation_ = generation_;
    turn_after(network_.world.random.up_to(retry_max));
}

void GroupMember::join() {
    const auto ask = [this, identity = identity_, member_id = member_id_](group::Coordinator& coordinator, auto reply) {
        auto request = request_of<wire::JoinGroupRequest>(identity, member_id);
        request.session_timeout_ms = static_cast<int32_t>(session_timeout.count());
        request.rebalance_timeout_ms = static_cast<int32_t>(rebalance_timeout.count());
        request.protocol_type = "consumer";
        request.protocols.push_back({"range", Bytes::copy_of("events")});
        const auto note = [this, identity, reply](Result<wire::JoinGroupResponse> response) {
            if (response.has_value() && response->error_code == ErrorCode::none)
                checker_.joined(identity.group, response->generation_id);
            reply(std::move(response));
        };
        coordinator.join_group(request, {"sim", "/127.0.0.1", wire::JoinGroupRequest::api.max}, note);
    };
    call<wire::JoinGroupResponse>(join_patience, ask, [this](const auto& response) { joined(response); });
}

void GroupMember::joined(const wire::JoinGroupResponse& response) {
    if (response.error_code == ErrorCode::member_id_required) member_id_ = response.member_id;
    if (response.error_code != ErrorCode::none) return go_on_after(response.error_code);
    member_id_ = response.member_id;
    generation_ = response.generation_id;
    assignments_.clear();
    for (size_t i = 0; i < response.members.size(); ++i) {
        GroupChecker::Partitions partitions;
        for (size_t p = i; p < partition_count; p += response.members.size())
            partitions.emplace_back(static_cast<int32_t>(p));
        assignments_[response.members[i].member_id] = encode(partitions);
    }
    state_ = State::syncing;
    turn_after(network_.world.random.up_to(retry_max));
}

void GroupMember::sync() {
    const auto ask = [this, identity = identity_, member_id = member_id_, generation = generation_,
                      assignments = assignments_](group::Coordinator& coordinator, auto reply) {
        auto request = request_of<wire::SyncGroupRequest>(identity, member_id);
        request.generation_id = generation;
        for (const auto& [member, assignment] : assignments) request.assignments.push_back({member, assignment});
        const auto note = [this, identity, member_id, generation, reply](Result<wire::SyncGroupResponse> response) {
            if (response.has_value() && response->error_code == ErrorCode::none)
                checker_.synced(identity.group, generation, identity.instance.value_or(member_id),
                                decode(response->assignment));
            reply(std::move(response));
        };
        coordinator.sync_group(request, note);
    };
    call<wire::SyncGroupResponse>(rebalance_timeout + patience, ask, [this](const auto& response) {
        if (response.error_code != ErrorCode::none) return go_on_after(response.error_code);
        late_generation_.reset();
        positions_.clear();
        for (const PartitionIndex partition : decode(response.assignment)) positions_[partition] = Offset{0};
        state_ = State::fetching;
        turn_after(Duration{});
    });
}

void GroupMember::fetch_offsets() {
    using Answer = wire::OffsetFetchResponse::Group;
    std::vector<int32_t> wanted;
    for (const auto& [partition, position] : positions_) wanted.push_back(partition.value);
    const auto ask = [this, group = identity_.group, wanted](group::Coordinator& coordinator, auto reply) {
        wire::OffsetFetchRequest::Group request;
        request.group_id = group;
        request.topics.emplace().emplace_back();
        request.topics->back().name = std::string_view(topic_name);
        request.topics->back().partition_indexes = wanted;
        const auto note = [this, group, reply](Result<Answer> response) {
            if (response.has_value() && response->error_code == ErrorCode::none)
                for (const auto& partition : response->topics.front().partitions)
                    checker_.fetched(group, PartitionIndex(partition.partition_index),
                                     Offset(partition.committed_offset));
            reply(std::move(response));
        };
        coordinator.fetch_offsets(request, note);
    };
    call<Answer>(patience, ask, [this](const Answer& response) {
        if (response.error_code != ErrorCode::none) return go_on_after(response.error_code);
        for (const auto& partition : response.topics.front().partitions)
            positions_[PartitionIndex(partition.partition_index)] =
                Offset(std::max<int64_t>(partition.committed_offset, 0));
        state_ = State::stable;
        turn_after(network_.world.random.up_to(member_pause_max));
    });
}

void GroupMember::heartbeat() {
    const auto ask = [identity = identity_, member_id = member_id_, generation = generation_](
                         group::Coordinator& coordinator, auto reply) {
        auto request = request_of<wire::HeartbeatRequest>(identity, member_id);
        request.generation_id = generation;
        coordinator.heartbeat(request, reply);
    };
    call<wire::HeartbeatResponse>(patience, ask, [this](const auto& response) { go_on_after(response.error_code); });
}

void GroupMember::commit(int32_t generation) {
    late_generation_.reset();
    SimBroker* broker = network_.broker();
    for (auto& [partition, position] : positions_) {
        const auto end = broker == nullptr ? std::nullopt : broker->high_watermark(partition);
        const auto records = static_cast<int64_t>(network_.world.random.below(records_a_turn));
        if (end && position < *end) position = std::min(*end, position + records);
        checker_.commits(identity_.group, partition, position);
    }
    const auto ask = [this, identity = identity_, member_id = member_id_, generation, positions = positions_](
                         group::Coordinator& coordinator, auto reply) {
        auto request = request_of<wire::OffsetCommitRequest>(identity, member_id);
        request.generation_id_or_member_epoch = generation;
        auto& topic = request.topics.emplace_back();
        topic.name = std::string_view(topic_name);
        for (const auto& [partition, position] : positions)
            topic.partitions.push_back({.partition_index = partition.value, .committed_offset = position.value});
        const auto note = [this, identity, generation, positions, reply](Result<wire::OffsetCommitResponse> response) {
            if (response.has_value())
                for (const auto& answered : response->topics.front().partitions)
                    if (const PartitionIndex partition(answered.partition_index);
                        answered.error_code == ErrorCode::none)
                        checker_.committed(identity.group, generation, partition, positions.at(partition));
            reply(std::move(response));
        };
        coordinator.commit_offsets(request, 9, note);
    };
    call<wire::OffsetCommitResponse>(patience, ask, [this](const wire::OffsetCommitResponse& response) {
        const auto& partitions = response.topics.front().partitions;
        const bool is_late = state_ != State::stable;
        go_on_after(partitions.empty() || is_late ? ErrorCode::none : partitions.front().error_code);
    });
}

void GroupMember::leave() {
    const auto ask = [identity = identity_, member_id = member_id_](group::Coordinator& coordinator, auto reply) {
        wire::LeaveGroupRequest request;
        request.group_id = identity.group;
        auto& leaving = request.members.emplace_back();
        leaving.member_id = member_id;
        if (identity.instance) leaving.group_instance_id = *identity.instance;
        coordinator.leave_group(request, reply);
    };
    call<wire::LeaveGroupResponse>(patience, ask, [this](const auto&) { go_away(absence_max); });
}

}  // namespace milena::sim
