// What the tests of groups share: a coordinator with a log in memory, clients' requests in one line each, and answers
// to look at later.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "group/coordinator.h"
#include "sim/world.h"
#include "wire/encoder.h"

namespace milena::group {

// An answer, once it is there.
template <class Response>
class Awaited {
  public:
    Reply<Response> reply() const {
        return [slot = slot_](Result<Response> response) {
            ASSERT_FALSE(slot->has_value()) << "answered twice";
            slot->emplace(std::move(response));
        };
    }
    bool is_there() const { return slot_->has_value(); }
    const Response& operator*() const { return slot_->value().value(); }
    const Response* operator->() const { return &**this; }
    ErrorCode error() const { return (*slot_)->has_value() ? ErrorCode::none : (*slot_)->error(); }

  private:
    std::shared_ptr<std::optional<Result<Response>>> slot_ = std::make_shared<std::optional<Result<Response>>>();
};

class MemoryJournal final : public Journal {
  public:
    Result<Offset> append(const Records& batch) override {
        if (refusal != ErrorCode::none) return unexpected(refusal);
        const Offset first(static_cast<int64_t>(records.size()));
        records.insert(records.end(), batch.begin(), batch.end());
        ++batches_count;
        return first;
    }
    size_t batch_bytes_max() const override { return bytes_max; }

    Records records;
    size_t batches_count = 0;
    size_t bytes_max = size_t{1} << 20;
    ErrorCode refusal = ErrorCode::none;
};

// What a consumer tells its group's leader.
inline Bytes subscription(const std::vector<std::string_view>& topics) {
    wire::Encoder to;
    to.fixed(int16_t{0});
    to.fixed(static_cast<int32_t>(topics.size()));
    for (const std::string_view topic : topics) to.string(topic);
    to.fixed(int32_t{-1});
    return std::move(to).finish().joined();
}

inline Bytes bytes_of(std::string_view text) { return Bytes::copy_of(text); }

class CoordinatorFixture : public testing::Test {
  public:
    using JoinRequest = wire::JoinGroupRequest;
    using Joined = Awaited<wire::JoinGroupResponse>;
    using Synced = Awaited<wire::SyncGroupResponse>;
    using Members = std::vector<std::pair<std::string_view, std::optional<std::string_view>>>;

    CoordinatorFixture() {
        config.initial_rebalance_delay = Milliseconds(0);
        begin();
    }

    void begin() {
        coordinator = std::make_unique<Coordinator>(Coordinator::Environment{journal, clock, random, memory}, config);
    }
    // Another coordinator takes over what is in the log.
    void reload() {
        begin();
        for (size_t i = 0; i < journal.records.size(); ++i)
            ASSERT_TRUE(coordinator->apply(journal.records[i], Offset(static_cast<int64_t>(i))));
        coordinator->loaded();
    }
    // What was written so far is committed.
    void deliver(ErrorCode outcome = ErrorCode::none) {
        for (const auto& answer : coordinator->take_answers()) answer(outcome);
    }
    void pass(Duration duration) {
        const Instant end = clock.now() + duration;
        while (coordinator->next_deadline() <= end) {
            clock.advance_to(std::max(clock.now(), coordinator->next_deadline()));
            coordinator->tick(clock.now());
            deliver();
        }
        clock.advance_to(end);
    }

    static JoinRequest request(std::string_view member_id = "", std::string_view group_id = "group") {
        JoinRequest join;
        join.group_id = group_id;
        join.session_timeout_ms = 10'000;
        join.rebalance_timeout_ms = 60'000;
        join.member_id = member_id;
        join.protocol_type = consumer_protocol_type;
        join.protocols.push_back({"range", subscription({"orders"})});
        return join;
    }
    static JoinRequest static_request(std::string_view instance_id, std::string_view member_id = "") {
        JoinRequest join = request(member_id);
        join.group_instance_id = instance_id;
        return join;
    }
    Joined join(const JoinRequest& join, wire::Version version = 9) {
        Joined joined;
        coordinator->join_group(join, {"client", "/127.0.0.1", version}, joined.reply());
        deliver();
        return joined;
    }
    // With the id that it is given first, and answered later.
    Joined join_as_new(JoinRequest again = request()) {
        const Joined first = join(again);
        EXPECT_EQ(first->error_code, ErrorCode::member_id_required);
        again.member_id = first->member_id;
        return join(again);
    }
    Synced sync(std::string_view member_id, int32_t generation,
                const std::vector<std::pair<std::string_view, std::string_view>>& assignments = {}) {
        wire::SyncGroupRequest request;
        request.group_id = "group";
        request.generation_id = generation;
        request.member_id = member_id;
        for (const auto& [id, text] : assignments) request.assignments.push_back({id, bytes_of(text)});
        Synced synced;
        coordinator->sync_group(request, synced.reply());
        deliver();
        return synced;
    }
    ErrorCode heartbeat(std::string_view member_id, int32_t generation,
                        std::optional<std::string_view> instance_id = std::nullopt) {
        wire::HeartbeatRequest request;
        request.group_id = "group";
        request.generation_id = generation;
        request.member_id = member_id;
        request.group_instance_id = instance_id;
        Awaited<wire::HeartbeatResponse> alive;
        coordinator->heartbeat(request, alive.reply());
        deliver();
        return alive->error_code;
    }
    std::vector<ErrorCode> leave(const Members& members) {
        wire::LeaveGroupRequest request;
        request.group_id = "group";
        for (const auto& [id, instance] : members)
            request.members.push_back({.member_id = id, .group_instance_id = instance});
        Awaited<wire::LeaveGroupResponse> left;
        coordinator->leave_group(request, left.reply());
        deliver();
        std::vector<ErrorCode> errors;
        for (const auto& member : left->members) errors.push_back(member.error_code);
        return errors;
    }
    ErrorCode leave(std::string_view member_id) { return leave({{member_id, std::nullopt}}).front(); }

    static wire::OffsetCommitRequest commit_request(std::string_view topic, int64_t offset,
                                                    std::string_view member_id = "", int32_t generation = -1) {
        wire::OffsetCommitRequest request;
        request.group_id = "group";
        request.generation_id_or_member_epoch = generation;
        request.member_id = member_id;
        wire::OffsetCommitRequest::Topic committed;
        committed.name = topic;
        committed.partitions.push_back({.partition_index = 0, .committed_offset = offset});
        request.topics.push_back(committed);
        return request;
    }
    // Of the whole request or else of its first partition.
    ErrorCode commit(const wire::OffsetCommitRequest& request, wire::Version version = 9) {
        Awaited<wire::OffsetCommitResponse> committed;
        coordinator->commit_offsets(request, version, committed.reply());
        deliver();
        if (committed.error() != ErrorCode::none) return committed.error();
        return committed->topics.front().partitions.front().error_code;
    }
    // Partition 0 of the topic; -1: none.
    int64_t committed(std::string_view topic, std::string_view group_id = "group") {
        wire::OffsetFetchRequest::Group request;
        request.group_id = group_id;
        request.topics.emplace();
        wire::OffsetFetchRequest::GroupTopic wanted;
        wanted.name = topic;
        wanted.partition_indexes.push_back(0);
        request.topics->push_back(wanted);
        Awaited<wire::OffsetFetchResponse::Group> found;
        coordinator->fetch_offsets(request, found.reply());
        deliver();
        return found->topics.front().partitions.front().committed_offset;
    }

    // One member, stable in generation 1.
    std::string stable_member() {
        const Joined joined = join_as_new();
        pass(Duration{});
        const std::string id = joined->member_id;
        EXPECT_EQ(sync(id, 1, {{id, "all"}})->error_code, ErrorCode::none);
        return id;
    }
    // Two members, stable in generation 2; the first one leads.
    std::pair<std::string, std::string> stable_pair() {
        const std::string first = stable_member();
        const Joined second = join_as_new();
        const Joined again = join(request(first));
        const Synced waiting = sync(second->member_id, 2);
        EXPECT_EQ(sync(first, 2, {{first, "left"}, {second->member_id, "right"}})->error_code, ErrorCode::none);
        EXPECT_EQ(waiting->assignment, bytes_of("right"));
        return {first, second->member_id};
    }
    const ClassicGroup& group() const { return *std::as_const(*coordinator).find("group"); }
    ClassicState state() const { return group().state(); }

    sim::SimClock clock;
    sim::SimRandom random{1};
    MemoryJournal journal;
    Config config;
    std::shared_ptr<MembersMemory> memory = std::make_shared<MembersMemory>();
    std::unique_ptr<Coordinator> coordinator;
};

}  // namespace milena::group
