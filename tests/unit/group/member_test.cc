#include "unit/group/coordinator_fixture.h"

namespace milena::group {
namespace {

class Sync : public CoordinatorFixture {};

TEST_F(Sync, followers_wait_for_the_assignment_of_the_leader) {
    const auto [leader, follower] = stable_pair();
    EXPECT_EQ(state(), ClassicState::stable);
    EXPECT_EQ(sync(leader, 2)->assignment, bytes_of("left"));
    EXPECT_EQ(sync(follower, 2)->assignment, bytes_of("right"));
}

TEST_F(Sync, whoever_is_assigned_nothing_gets_an_empty_assignment) {
    const Joined joined = join_as_new();
    pass(Duration{});
    const Synced synced = sync(joined->member_id, 1, {{"nobody", "lost"}});
    EXPECT_EQ(synced->error_code, ErrorCode::none);
    EXPECT_TRUE(synced->assignment.empty());
}

TEST_F(Sync, the_assignment_is_in_the_log) {
    const auto [leader, follower] = stable_pair();
    reload();
    EXPECT_EQ(state(), ClassicState::stable);
    EXPECT_EQ(sync(follower, 2)->assignment, bytes_of("right"));
    EXPECT_EQ(heartbeat(leader, 2), ErrorCode::none);
}

TEST_F(Sync, what_members_said_last_is_in_the_log) {
    const std::string member = stable_member();
    JoinRequest changed = request(member);
    changed.protocols.front() = {"sticky", subscription({"returns"})};
    changed.protocols.push_back({"range", subscription({"returns"})});
    join(changed);
    sync(member, 2, {{member, "all"}});
    reload();
    EXPECT_EQ(*group().protocol(), "sticky");
    EXPECT_TRUE(group().is_subscribed_to("returns"));
    EXPECT_FALSE(group().is_subscribed_to("orders"));
    EXPECT_EQ(join(changed)->generation_id, 3);
}

TEST_F(Sync, a_refused_write_is_told_to_all_and_begins_a_generation) {
    const std::string first = stable_member();
    const Joined second = join_as_new();
    const Joined again = join(request(first));
    const Synced waiting = sync(second->member_id, 2);
    journal.refusal = ErrorCode::not_enough_replicas;
    EXPECT_EQ(sync(first, 2, {{first, "left"}})->error_code, ErrorCode::coordinator_not_available);
    EXPECT_EQ(waiting->error_code, ErrorCode::coordinator_not_available);
    EXPECT_EQ(state(), ClassicState::preparing_rebalance);
}

TEST_F(Sync, an_answer_is_held_back_until_the_assignment_is_committed) {
    const Joined joined = join_as_new();
    pass(Duration{});
    wire::SyncGroupRequest request;
    request.group_id = "group";
    request.generation_id = 1;
    request.member_id = joined->member_id;
    Synced synced;
    coordinator->sync_group(request, synced.reply());
    EXPECT_FALSE(synced.is_there());
    deliver(ErrorCode::not_coordinator);
    EXPECT_EQ(synced.error(), ErrorCode::not_coordinator);
}

TEST_F(Sync, whoever_is_not_of_this_generation_is_refused) {
    EXPECT_EQ(sync("nobody", 1)->error_code, ErrorCode::unknown_member_id);
    const std::string member = stable_member();
    EXPECT_EQ(sync("nobody", 1)->error_code, ErrorCode::unknown_member_id);
    EXPECT_EQ(sync(member, 0)->error_code, ErrorCode::illegal_generation);
    EXPECT_EQ(sync(member, 2)->error_code, ErrorCode::illegal_generation);
}

TEST_F(Sync, whoever_believes_in_another_protocol_is_refused) {
    const std::string member = stable_member();
    wire::SyncGroupRequest request;
    request.group_id = "group";
    request.generation_id = 1;
    request.member_id = member;
    request.protocol_name = "sticky";
    Synced synced;
    coordinator->sync_group(request, synced.reply());
    deliver();
    EXPECT_EQ(synced->error_code, ErrorCode::inconsistent_group_protocol);
}

TEST_F(Sync, is_refused_while_a_rebalance_gathers_members) {
    const std::string first = stable_member();
    join_as_new();
    EXPECT_EQ(sync(first, 1)->error_code, ErrorCode::rebalance_in_progress);
}

TEST_F(Sync, those_who_wait_join_again_when_another_member_comes) {
    const auto [leader, follower] = stable_pair();
    JoinRequest changed = request(follower);
    changed.protocols.front().metadata = subscription({"returns"});
    join(changed);
    join(request(leader));
    const Synced waiting = sync(follower, 3);
    EXPECT_FALSE(waiting.is_there());
    join_as_new();
    EXPECT_EQ(waiting->error_code, ErrorCode::rebalance_in_progress);
}

TEST_F(Sync, whoever_never_asks_for_its_assignment_is_out) {
    const std::string first = stable_member();
    const Joined second = join_as_new();
    join(request(first));
    EXPECT_EQ(sync(first, 2, {{first, "all"}})->error_code, ErrorCode::none);
    for (int i = 0; i < 13; ++i) {
        pass(std::chrono::seconds(5));
        (void)heartbeat(first, 2);
        (void)heartbeat(second->member_id, 2);
    }
    EXPECT_EQ(group().members().size(), 1U);
    EXPECT_EQ(state(), ClassicState::preparing_rebalance);
}

class Session : public CoordinatorFixture {};

TEST_F(Session, lasts_as_long_as_heartbeats_come) {
    const std::string member = stable_member();
    for (int i = 0; i < 10; ++i) {
        pass(std::chrono::seconds(9));
        EXPECT_EQ(heartbeat(member, 1), ErrorCode::none);
    }
    pass(std::chrono::seconds(10));
    EXPECT_EQ(heartbeat(member, 1), ErrorCode::unknown_member_id);
    EXPECT_EQ(state(), ClassicState::empty);
}

TEST_F(Session, is_kept_by_commits) {
    const std::string member = stable_member();
    for (int i = 0; i < 10; ++i) {
        pass(std::chrono::seconds(9));
        EXPECT_EQ(commit(commit_request("orders", i, member, 1)), ErrorCode::none);
    }
}

TEST_F(Session, of_a_member_that_waits_does_not_end) {
    const auto [leader, follower] = stable_pair();
    const Joined waiting = join(request(leader));
    pass(std::chrono::seconds(9));
    (void)heartbeat(follower, 2);
    pass(std::chrono::seconds(9));
    EXPECT_EQ(group().members().size(), 2U);
    EXPECT_FALSE(waiting.is_there());
}

TEST_F(Session, that_ends_begins_a_generation_for_the_others) {
    const auto [leader, follower] = stable_pair();
    pass(std::chrono::seconds(9));
    EXPECT_EQ(heartbeat(follower, 2), ErrorCode::none);
    pass(std::chrono::seconds(2));
    EXPECT_EQ(heartbeat(leader, 2), ErrorCode::unknown_member_id);
    const Joined again = join(request(follower));
    EXPECT_EQ(again->generation_id, 3);
    EXPECT_EQ(again->leader, follower);
}

TEST_F(Session, begins_anew_after_a_reload) {
    const std::string member = stable_member();
    pass(std::chrono::seconds(9));
    reload();
    pass(std::chrono::seconds(9));
    EXPECT_EQ(heartbeat(member, 1), ErrorCode::none);
    pass(std::chrono::seconds(11));
    EXPECT_EQ(heartbeat(member, 1), ErrorCode::unknown_member_id);
}

TEST_F(Session, of_a_new_member_ends_after_five_minutes_even_while_it_waits) {
    config.initial_rebalance_delay = std::chrono::hours(1);
    begin();
    JoinRequest patient = request();
    patient.rebalance_timeout_ms = INT32_MAX;
    const Joined waiting = join_as_new(patient);
    pass(std::chrono::minutes(5));
    EXPECT_EQ(waiting->error_code, ErrorCode::unknown_member_id);
}

class Leave : public CoordinatorFixture {};

TEST_F(Leave, the_last_member_leaves_an_empty_group) {
    const std::string member = stable_member();
    EXPECT_EQ(leave(member), ErrorCode::none);
    EXPECT_EQ(state(), ClassicState::empty);
    EXPECT_EQ(group().generation(), 2);
    reload();
    EXPECT_EQ(state(), ClassicState::empty);
    EXPECT_EQ(group().generation(), 2);
}

TEST_F(Leave, the_others_begin_a_generation) {
    const auto [leader, follower] = stable_pair();
    EXPECT_EQ(leave(leader), ErrorCode::none);
    EXPECT_EQ(heartbeat(follower, 2), ErrorCode::rebalance_in_progress);
    EXPECT_EQ(join(request(follower))->leader, follower);
}

TEST_F(Leave, a_member_that_waits_is_told_that_it_is_none) {
    const auto [leader, follower] = stable_pair();
    const Joined waiting = join(request(leader));
    EXPECT_EQ(leave(leader), ErrorCode::none);
    EXPECT_EQ(waiting->error_code, ErrorCode::unknown_member_id);
}

TEST_F(Leave, an_id_that_was_given_can_be_given_back) {
    const Joined first = join(request());
    EXPECT_EQ(leave(first->member_id), ErrorCode::none);
    EXPECT_EQ(leave(first->member_id), ErrorCode::unknown_member_id);
}

TEST_F(Leave, nobody_can_leave_a_group_that_is_not_there) { EXPECT_EQ(leave("nobody"), ErrorCode::unknown_member_id); }

TEST_F(Leave, a_group_goes_on_in_memory_if_its_end_cannot_be_written) {
    const std::string member = stable_member();
    journal.refusal = ErrorCode::kafka_storage_error;
    EXPECT_EQ(leave(member), ErrorCode::none);
    EXPECT_EQ(state(), ClassicState::empty);
}

class Resignation : public CoordinatorFixture {};

TEST_F(Resignation, is_told_to_all_who_wait) {
    const auto [leader, follower] = stable_pair();
    const Joined waiting = join(request(leader));
    coordinator->resign();
    deliver();
    EXPECT_EQ(waiting->error_code, ErrorCode::not_coordinator);
    EXPECT_EQ(coordinator->group_count(), 0U);
}

TEST_F(Resignation, leaves_nothing_to_be_done_later) {
    stable_pair();
    coordinator->resign();
    coordinator->tick(clock.now() + std::chrono::hours(1));
    EXPECT_EQ(coordinator->next_deadline(), never);
}

}  // namespace
}  // namespace milena::group
