#include "unit/group/coordinator_fixture.h"

namespace milena::group {
namespace {

class Join : public CoordinatorFixture {};

TEST_F(Join, a_new_member_is_given_an_id_to_come_back_with) {
    const Joined first = join(request());
    EXPECT_EQ(first->error_code, ErrorCode::member_id_required);
    EXPECT_TRUE(first->member_id.starts_with("client-"));
    EXPECT_EQ(first->member_id.size(), std::string("client-").size() + 36);
    EXPECT_TRUE(group().members().empty());
}

TEST_F(Join, before_version_4_a_member_is_taken_in_at_once) {
    const Joined joined = join(request(), 3);
    pass(Duration{});
    EXPECT_EQ(joined->error_code, ErrorCode::none);
    EXPECT_EQ(joined->generation_id, 1);
}

TEST_F(Join, the_first_member_leads_and_is_told_the_members) {
    const Joined joined = join_as_new();
    pass(Duration{});
    EXPECT_EQ(joined->generation_id, 1);
    EXPECT_EQ(joined->leader, joined->member_id);
    EXPECT_EQ(*joined->protocol_name, "range");
    ASSERT_EQ(joined->members.size(), 1U);
    EXPECT_EQ(joined->members.front().metadata, subscription({"orders"}));
    EXPECT_EQ(state(), ClassicState::completing_rebalance);
}

TEST_F(Join, a_group_is_in_the_log_before_it_has_a_member) {
    join_as_new();
    ASSERT_EQ(journal.records.size(), 1U);
    reload();
    EXPECT_EQ(state(), ClassicState::empty);
    EXPECT_EQ(group().generation(), 0);
}

TEST_F(Join, a_group_that_cannot_be_written_has_no_member) {
    journal.refusal = ErrorCode::not_enough_replicas;
    EXPECT_EQ(join(static_request("i"))->error_code, ErrorCode::coordinator_not_available);
    EXPECT_EQ(join(request(), 3)->error_code, ErrorCode::coordinator_not_available);
    EXPECT_EQ(coordinator->group_count(), 0U);
    const std::string id = join(request())->member_id;
    EXPECT_EQ(join(request(id))->error_code, ErrorCode::coordinator_not_available);
    journal.refusal = ErrorCode::none;
    EXPECT_FALSE(join(request(id)).is_there());
}

TEST_F(Join, a_group_that_nobody_came_back_to_leaves_no_trace) {
    join(request());
    EXPECT_EQ(state(), ClassicState::empty);
    pass(std::chrono::seconds(11));
    EXPECT_EQ(coordinator->group_count(), 0U);
    EXPECT_TRUE(journal.records.empty());
}

TEST_F(Join, a_group_that_its_only_pending_member_leaves_is_gone) {
    const std::string id = join(request())->member_id;
    EXPECT_EQ(leave(id), ErrorCode::none);
    EXPECT_EQ(coordinator->group_count(), 0U);
}

TEST_F(Join, a_group_stays_for_what_was_committed_while_nobody_was_in_it) {
    join(request());
    EXPECT_EQ(commit(commit_request("orders", 5)), ErrorCode::none);
    pass(std::chrono::seconds(11));
    EXPECT_EQ(committed("orders"), 5);
    EXPECT_EQ(state(), ClassicState::empty);
}

TEST_F(Join, a_member_that_no_group_would_take_makes_none) {
    JoinRequest nothing = request();
    nothing.protocols.clear();
    EXPECT_EQ(join(nothing)->error_code, ErrorCode::inconsistent_group_protocol);
    EXPECT_EQ(coordinator->group_count(), 0U);
    EXPECT_TRUE(journal.records.empty());
}

TEST_F(Join, a_storm_of_groups_is_not_remembered_in_full) {
    const std::string early = join(request("", "early"))->member_id;
    const std::string member = stable_member();
    size_t most = 0;
    for (int i = 0; i < 10'000; ++i) {
        join(request("", "storm-" + std::to_string(i)));
        most = std::max(most, coordinator->group_count());
    }
    EXPECT_EQ(journal.records.size(), 2U);
    EXPECT_LT(most, 5'000U);
    EXPECT_GT(most, 2'000U);
    EXPECT_EQ(join(request(early, "early"))->error_code, ErrorCode::unknown_member_id);
    EXPECT_EQ(heartbeat(member, 1), ErrorCode::none);
    pass(std::chrono::seconds(11));
    EXPECT_EQ(coordinator->group_count(), 1U);
}

TEST_F(Join, an_id_that_was_never_given_is_unknown) {
    EXPECT_EQ(join(request("nobody"))->error_code, ErrorCode::unknown_member_id);
    stable_member();
    EXPECT_EQ(join(request("nobody"))->error_code, ErrorCode::unknown_member_id);
}

TEST_F(Join, a_given_id_is_forgotten_after_the_session_timeout) {
    const Joined first = join(request());
    pass(std::chrono::seconds(11));
    EXPECT_EQ(join(request(first->member_id))->error_code, ErrorCode::unknown_member_id);
}

TEST_F(Join, a_storm_of_new_members_is_not_remembered_in_full) {
    const Joined early = join(request());
    for (int i = 0; i < 10'000; ++i) join(request());
    EXPECT_LT(group().pending_joins.size(), 5'000U);
    EXPECT_GT(group().pending_joins.size(), 2'000U);
    EXPECT_EQ(join(request(early->member_id))->error_code, ErrorCode::unknown_member_id);
    EXPECT_EQ(join(request(group().pending_joins.begin()->first)).is_there(), false);
}

TEST_F(Join, long_ids_are_fewer) {
    const std::string group_id(30'000, 'g');
    for (int i = 0; i < 200; ++i) join(request("", group_id));
    EXPECT_LT(std::as_const(*coordinator).find(group_id)->pending_joins.size(), 70U);
}

TEST_F(Join, a_rebalance_goes_on_without_the_ids_that_a_storm_has_made_it_forget) {
    const std::string leader = stable_member();
    const Joined second = join_as_new();
    join(request());
    const Joined again = join(request(leader));
    EXPECT_FALSE(again.is_there());
    for (int i = 0; i < 10'000; ++i) join(request("", "storm"));
    deliver();
    EXPECT_TRUE(again.is_there() && second.is_there());
}

TEST_F(Join, a_member_must_support_what_the_group_uses) {
    stable_member();
    JoinRequest other = request();
    other.protocols.front().name = "sticky";
    EXPECT_EQ(join(other)->error_code, ErrorCode::inconsistent_group_protocol);
    JoinRequest connect = request();
    connect.protocol_type = "connect";
    EXPECT_EQ(join(connect)->error_code, ErrorCode::inconsistent_group_protocol);
    JoinRequest nothing = request("", "other");
    nothing.protocols.clear();
    EXPECT_EQ(join(nothing)->error_code, ErrorCode::inconsistent_group_protocol);
}

TEST_F(Join, the_protocol_that_most_members_prefer_is_chosen_among_those_that_all_have) {
    JoinRequest both = request();
    both.protocols.insert(both.protocols.begin(), {"sticky", subscription({"orders"})});
    const Joined first = join_as_new(both);
    pass(Duration{});
    sync(first->member_id, 1, {});
    const Joined second = join_as_new();
    both.member_id = first->member_id;
    const Joined again = join(both);
    EXPECT_EQ(*again->protocol_name, "range");
    EXPECT_EQ(*second->protocol_name, "range");
}

TEST_F(Join, an_initial_rebalance_waits_longer_while_members_come) {
    config.initial_rebalance_delay = std::chrono::seconds(3);
    begin();
    const Joined first = join_as_new();
    pass(std::chrono::seconds(2));
    const Joined second = join_as_new();
    pass(std::chrono::seconds(2));
    EXPECT_FALSE(first.is_there());
    pass(std::chrono::seconds(2));
    EXPECT_EQ(first->generation_id, 1);
    EXPECT_EQ(second->generation_id, 1);
    EXPECT_EQ(second->leader, first->member_id);
    EXPECT_TRUE(second->members.empty());
}

TEST_F(Join, an_initial_rebalance_waits_on_when_one_who_only_has_an_id_stays_away) {
    config.initial_rebalance_delay = std::chrono::seconds(15);
    begin();
    JoinRequest away = request();
    away.session_timeout_ms = 6'000;
    join(away);  // gets an id, and isn't heard of again
    const Joined first = join_as_new();
    pass(std::chrono::seconds(7));
    EXPECT_FALSE(first.is_there());
    pass(std::chrono::seconds(8));
    EXPECT_TRUE(first.is_there());
}

TEST_F(Join, an_initial_rebalance_waits_no_longer_than_the_rebalance_timeout) {
    config.initial_rebalance_delay = std::chrono::seconds(3);
    begin();
    JoinRequest hasty = request();
    hasty.rebalance_timeout_ms = 5'000;
    const Joined first = join_as_new(hasty);
    for (int i = 0; i < 4; ++i) {
        pass(std::chrono::milliseconds(1'400));
        join_as_new(hasty);
    }
    EXPECT_TRUE(first.is_there());
}

TEST_F(Join, a_new_member_makes_the_others_join_again) {
    const std::string first = stable_member();
    const Joined second = join_as_new();
    EXPECT_FALSE(second.is_there());
    EXPECT_EQ(state(), ClassicState::preparing_rebalance);
    EXPECT_EQ(heartbeat(first, 1), ErrorCode::rebalance_in_progress);
    const Joined again = join(request(first));
    EXPECT_EQ(again->generation_id, 2);
    EXPECT_EQ(second->generation_id, 2);
    EXPECT_EQ(again->members.size(), 2U);
}

TEST_F(Join, whoever_does_not_join_again_in_time_is_out) {
    const std::string first = stable_member();
    const Joined second = join_as_new();
    for (int i = 0; i < 12; ++i) {
        pass(std::chrono::seconds(5));
        (void)heartbeat(first, 1);
    }
    EXPECT_EQ(second->generation_id, 2);
    EXPECT_EQ(second->leader, second->member_id);
    EXPECT_EQ(heartbeat(first, 1), ErrorCode::unknown_member_id);
}

TEST_F(Join, the_leader_that_joins_again_begins_a_generation) {
    const std::string leader = stable_member();
    EXPECT_EQ(join(request(leader))->generation_id, 2);
}

TEST_F(Join, a_follower_that_joins_again_unchanged_is_told_the_generation) {
    const auto [leader, follower] = stable_pair();
    const Joined again = join(request(follower));
    EXPECT_EQ(again->generation_id, 2);
    EXPECT_EQ(again->leader, leader);
    EXPECT_EQ(state(), ClassicState::stable);
}

TEST_F(Join, a_follower_with_another_subscription_begins_a_generation) {
    const auto [leader, follower] = stable_pair();
    JoinRequest changed = request(follower);
    changed.protocols.front().metadata = subscription({"orders", "returns"});
    EXPECT_FALSE(join(changed).is_there());
    EXPECT_EQ(state(), ClassicState::preparing_rebalance);
    EXPECT_EQ(join(request(leader))->generation_id, 3);
}

TEST_F(Join, a_lost_answer_is_given_again_while_the_generation_begins) {
    const Joined joined = join_as_new();
    pass(Duration{});
    const Joined again = join(request(joined->member_id));
    EXPECT_EQ(again->generation_id, 1);
    EXPECT_EQ(again->members.size(), 1U);
}

TEST_F(Join, a_full_group_takes_nobody_else) {
    config.group_size_max = 1;
    begin();
    const std::string member = stable_member();
    EXPECT_EQ(join(request())->error_code, ErrorCode::group_max_size_reached);
    EXPECT_EQ(join(request(member))->error_code, ErrorCode::none);
}

TEST_F(Join, a_group_that_has_much_to_tell_its_leader_takes_nobody_else) {
    config.members_bytes_max = 10'000;
    begin();
    const std::string member = stable_member();
    const std::string much(10'000, 'x');
    JoinRequest wordy = request();
    wordy.protocols.front().metadata = Bytes::copy_of(much);
    EXPECT_EQ(join(wordy)->error_code, ErrorCode::group_max_size_reached);
    EXPECT_EQ(join(request(member))->error_code, ErrorCode::none);
    EXPECT_EQ(join(request())->error_code, ErrorCode::member_id_required);
}

TEST_F(Join, names_count_as_much_as_what_members_tell) {
    config.members_bytes_max = 10'000;
    begin();
    JoinRequest wordy = request();
    const std::string long_name(10'000, 'x');
    wordy.protocols.front().name = long_name;
    EXPECT_EQ(join(wordy)->error_code, ErrorCode::group_max_size_reached);
    wordy = static_request(long_name);
    EXPECT_EQ(join(wordy)->error_code, ErrorCode::group_max_size_reached);
    wordy = request();
    for (int i = 0; i < 100; ++i) wordy.protocols.push_back({"p", {}});
    EXPECT_EQ(join(wordy)->error_code, ErrorCode::group_max_size_reached);
    EXPECT_EQ(join(request())->error_code, ErrorCode::member_id_required);
}

TEST_F(Join, groups_have_a_bound_together) {
    memory->bytes_max = 10'000;
    const std::string member = stable_member();
    const size_t bytes = memory->bytes;
    EXPECT_GT(bytes, 0U);
    const std::string much(10'000, 'x');
    JoinRequest other = request("", "other");
    other.protocols.front().metadata = Bytes::copy_of(much);
    EXPECT_EQ(join(other)->error_code, ErrorCode::coordinator_not_available);
    EXPECT_EQ(join(request("", "other"))->error_code, ErrorCode::member_id_required);
    EXPECT_EQ(join(request(member))->error_code, ErrorCode::none);
    leave(member);
    EXPECT_EQ(memory->bytes, 0U);
    reload();
    EXPECT_EQ(memory->bytes, 0U);
}

TEST_F(Join, those_who_come_last_to_a_full_rebalance_are_left_out) {
    config.group_size_max = 1;
    config.initial_rebalance_delay = std::chrono::seconds(3);
    begin();
    const Joined first_id = join(request());
    const Joined second_id = join(request());
    const Joined first = join(request(first_id->member_id));
    EXPECT_EQ(join(request(second_id->member_id))->error_code, ErrorCode::group_max_size_reached);
    pass(std::chrono::seconds(3));
    EXPECT_EQ(first->error_code, ErrorCode::none);
}

TEST_F(Join, requests_out_of_bounds_are_refused_before_anyone_is_asked) {
    EXPECT_EQ(reason_refused(request(), config), ErrorCode::none);
    EXPECT_EQ(reason_refused(request("", ""), config), ErrorCode::invalid_group_id);
    JoinRequest hasty = request();
    hasty.session_timeout_ms = 5'999;
    EXPECT_EQ(reason_refused(hasty, config), ErrorCode::invalid_session_timeout);
    hasty.session_timeout_ms = 1'800'001;
    EXPECT_EQ(reason_refused(hasty, config), ErrorCode::invalid_session_timeout);
}

// --- static members --------------------------------------------------------------------------------------------------

class StaticMember : public CoordinatorFixture {
  public:
    std::string stable_static() {
        const Joined joined = join(static_request("i"));
        pass(Duration{});
        const std::string id = joined->member_id;
        EXPECT_TRUE(id.starts_with("i-"));
        EXPECT_EQ(sync(id, 1, {{id, "mine"}})->error_code, ErrorCode::none);
        return id;
    }
};

TEST_F(StaticMember, comes_back_to_its_generation_and_assignment) {
    const std::string old_id = stable_static();
    const Joined again = join(static_request("i"));
    EXPECT_EQ(again->error_code, ErrorCode::none);
    EXPECT_EQ(again->generation_id, 1);
    EXPECT_TRUE(again->skip_assignment);
    EXPECT_NE(again->member_id, old_id);
    EXPECT_EQ(again->leader, again->member_id);
    EXPECT_EQ(sync(again->member_id, 1)->assignment, bytes_of("mine"));
}

TEST_F(StaticMember, is_told_the_old_leader_if_it_cannot_skip_the_assignment) {
    const std::string old_id = stable_static();
    const Joined again = join(static_request("i"), 8);
    EXPECT_EQ(again->leader, old_id);
    EXPECT_FALSE(again->skip_assignment);
    EXPECT_TRUE(again->members.empty());
}

TEST_F(StaticMember, fences_whoever_uses_its_old_id) {
    const std::string old_id = stable_static();
    join(static_request("i"));
    EXPECT_EQ(heartbeat(old_id, 1, "i"), ErrorCode::fenced_instance_id);
    EXPECT_EQ(heartbeat(old_id, 1), ErrorCode::unknown_member_id);
    EXPECT_EQ(join(static_request("i", old_id))->error_code, ErrorCode::fenced_instance_id);
    EXPECT_EQ(leave({{old_id, "i"}}).front(), ErrorCode::fenced_instance_id);
}

TEST_F(StaticMember, fences_its_former_self_that_still_waits) {
    config.initial_rebalance_delay = std::chrono::seconds(3);
    begin();
    const Joined waiting = join(static_request("i"));
    const Joined again = join(static_request("i"));
    EXPECT_EQ(waiting->error_code, ErrorCode::fenced_instance_id);
    pass(std::chrono::seconds(3));
    EXPECT_EQ(again->error_code, ErrorCode::none);
    EXPECT_EQ(group().members().size(), 1U);
}

TEST_F(StaticMember, survives_a_rebalance_that_it_misses) {
    stable_static();
    const Joined other = join_as_new();
    pass(std::chrono::seconds(9));
    EXPECT_FALSE(other.is_there());
    EXPECT_EQ(group().members().size(), 2U);
}

TEST_F(StaticMember, begins_a_generation_if_it_comes_back_during_one) {
    const Joined first = join(static_request("i"));
    pass(Duration{});
    const Joined again = join(static_request("i"));
    EXPECT_EQ(again->generation_id, 2);
    EXPECT_EQ(sync(first->member_id, 1)->error_code, ErrorCode::unknown_member_id);
}

TEST_F(StaticMember, with_another_protocol_begins_a_generation) {
    stable_static();
    JoinRequest changed = static_request("i");
    changed.protocols.insert(changed.protocols.begin(), {"sticky", subscription({"orders"})});
    const Joined again = join(changed);
    EXPECT_EQ(again->generation_id, 2);
    EXPECT_EQ(*again->protocol_name, "sticky");
}

TEST_F(StaticMember, stays_what_it_was_if_its_new_id_cannot_be_written) {
    const std::string old_id = stable_static();
    journal.refusal = ErrorCode::kafka_storage_error;
    const Joined again = join(static_request("i"));
    EXPECT_EQ(again->error_code, ErrorCode::not_coordinator);
    EXPECT_EQ(heartbeat(old_id, 1, "i"), ErrorCode::none);
    EXPECT_EQ(group().members().size(), 1U);
}

TEST_F(StaticMember, has_its_new_id_after_a_reload) {
    stable_static();
    const Joined again = join(static_request("i"));
    reload();
    EXPECT_EQ(heartbeat(again->member_id, 1, "i"), ErrorCode::none);
}

TEST_F(StaticMember, is_removed_by_its_instance_id) {
    stable_static();
    EXPECT_EQ(leave({{"", "other"}, {"", "i"}, {"", std::nullopt}}),
              (std::vector{ErrorCode::unknown_member_id, ErrorCode::none, ErrorCode::unknown_member_id}));
    EXPECT_EQ(state(), ClassicState::empty);
}

TEST_F(StaticMember, must_not_use_an_id_that_was_given_to_a_dynamic_one) {
    const Joined first = join(request());
    EXPECT_EQ(join(static_request("i", first->member_id))->error_code, ErrorCode::unknown_server_error);
}

TEST_F(Join, a_static_member_without_time_to_rebalance_holds_up_nobody) {
    const std::string leader = stable_member();
    JoinRequest hasty = static_request("i");
    hasty.rebalance_timeout_ms = 0;
    const Joined joined = join(hasty);
    join(request(leader));
    sync(joined->member_id, 2);
    EXPECT_EQ(sync(leader, 2, {{leader, "all"}})->error_code, ErrorCode::none);
    EXPECT_EQ(leave(leader), ErrorCode::none);
    pass(std::chrono::seconds(5));
    EXPECT_EQ(state(), ClassicState::preparing_rebalance);
    pass(std::chrono::seconds(10));
    EXPECT_EQ(state(), ClassicState::empty);
}

}  // namespace
}  // namespace milena::group
