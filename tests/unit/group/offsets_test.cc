#include <limits>

#include "unit/group/coordinator_fixture.h"

namespace milena::group {
namespace {

class Commit : public CoordinatorFixture {};

TEST_F(Commit, without_membership_makes_a_simple_group) {
    EXPECT_EQ(commit(commit_request("orders", 7)), ErrorCode::none);
    EXPECT_EQ(committed("orders"), 7);
    EXPECT_EQ(state(), ClassicState::empty);
    EXPECT_TRUE(group().protocol_type().empty());
}

TEST_F(Commit, survives_a_reload) {
    wire::OffsetCommitRequest request = commit_request("orders", 7);
    request.topics.front().topic_id = Uuid{1, 2};
    request.topics.front().partitions.front().committed_leader_epoch = 5;
    request.topics.front().partitions.front().committed_metadata = "note";
    EXPECT_EQ(commit(request, 10), ErrorCode::none);
    reload();
    const CommittedOffset* found = coordinator->offsets().find("group", "orders", PartitionIndex(0));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->offset, Offset(7));
    EXPECT_EQ(found->leader_epoch, LeaderEpoch(5));
    EXPECT_EQ(found->text(), "note");
    EXPECT_EQ(found->topic_id, (Uuid{1, 2}));
    EXPECT_EQ(found->commit_timestamp, clock.wall());
}

TEST_F(Commit, that_is_refused_by_the_log_changes_nothing) {
    EXPECT_EQ(commit(commit_request("orders", 7)), ErrorCode::none);
    journal.refusal = ErrorCode::kafka_storage_error;
    EXPECT_EQ(commit(commit_request("orders", 8)), ErrorCode::not_coordinator);
    EXPECT_EQ(committed("orders"), 7);
}

TEST_F(Commit, of_many_partitions_is_one_batch) {
    wire::OffsetCommitRequest request = commit_request("orders", 7);
    for (int32_t i = 1; i < 100; ++i)
        request.topics.front().partitions.push_back({.partition_index = i, .committed_offset = i});
    EXPECT_EQ(commit(request), ErrorCode::none);
    EXPECT_EQ(journal.batches_count, 1U);
    EXPECT_EQ(journal.records.size(), 100U);
}

TEST_F(Commit, that_names_a_partition_again_counts_as_its_last_entry_says) {
    wire::OffsetCommitRequest request = commit_request("orders", 7);
    auto& partitions = request.topics.front().partitions;
    const std::string too_long(4097, 'x');
    for (int64_t i = 0; i < 1'000; ++i) partitions.push_back({.partition_index = 0, .committed_offset = i});
    partitions.push_back({.partition_index = 0, .committed_offset = 5'000, .committed_metadata = too_long});
    request.topics.push_back(request.topics.front());
    EXPECT_EQ(commit(request), ErrorCode::none);
    EXPECT_EQ(journal.records.size(), 1U);
    EXPECT_EQ(committed("orders"), 999);
}

TEST_F(Commit, of_more_than_the_log_takes_in_one_batch_is_refused) {
    journal.bytes_max = 10'000;
    wire::OffsetCommitRequest request = commit_request("orders", 7);
    for (int32_t i = 1; i < 1'000; ++i)
        request.topics.front().partitions.push_back({.partition_index = i, .committed_offset = i});
    EXPECT_EQ(commit(request), ErrorCode::unknown_server_error);
    EXPECT_TRUE(journal.records.empty());
}

TEST_F(Commit, with_a_long_note_is_refused_alone) {
    wire::OffsetCommitRequest request = commit_request("orders", 7);
    const std::string fits(4096, 'x'), is_too_long(4097, 'x');
    request.topics.front().partitions.front().committed_metadata = is_too_long;
    request.topics.front().partitions.push_back(
        {.partition_index = 1, .committed_offset = 8, .committed_metadata = fits});
    EXPECT_EQ(commit(request), ErrorCode::offset_metadata_too_large);
    EXPECT_EQ(coordinator->offsets().size(), 1U);
}

TEST_F(Commit, of_a_generation_that_never_was_is_refused) {
    EXPECT_EQ(commit(commit_request("orders", 7, "nobody", 3), 9), ErrorCode::group_id_not_found);
    EXPECT_EQ(commit(commit_request("orders", 7, "nobody", 3), 8), ErrorCode::illegal_generation);
}

TEST_F(Commit, while_there_are_members_is_for_members) {
    const std::string member = stable_member();
    EXPECT_EQ(commit(commit_request("orders", 7)), ErrorCode::unknown_member_id);
    EXPECT_EQ(commit(commit_request("orders", 7, "nobody", 1)), ErrorCode::unknown_member_id);
    EXPECT_EQ(commit(commit_request("orders", 7, member, 2)), ErrorCode::illegal_generation);
    EXPECT_EQ(commit(commit_request("orders", 7, member, -1)), ErrorCode::illegal_generation);
    EXPECT_EQ(commit(commit_request("orders", 7, member, 1)), ErrorCode::none);
}

TEST_F(Commit, is_possible_while_members_gather_but_not_before_they_have_their_assignment) {
    const std::string first = stable_member();
    join_as_new();
    EXPECT_EQ(commit(commit_request("orders", 7, first, 1)), ErrorCode::none);
    join(request(first));
    EXPECT_EQ(commit(commit_request("orders", 7, first, 2)), ErrorCode::rebalance_in_progress);
}

TEST_F(Commit, of_a_topic_that_was_created_anew_is_not_that_of_the_old_one) {
    wire::OffsetCommitRequest request = commit_request("orders", 7);
    request.topics.front().topic_id = Uuid{1, 2};
    commit(request, 10);
    wire::OffsetFetchRequest::Group fetch;
    fetch.group_id = "group";
    fetch.topics.emplace().emplace_back().name = "orders";
    fetch.topics->front().topic_id = Uuid{3, 4};
    fetch.topics->front().partition_indexes.push_back(0);
    Awaited<wire::OffsetFetchResponse::Group> found;
    coordinator->fetch_offsets(fetch, found.reply());
    deliver();
    EXPECT_EQ(found->topics.front().partitions.front().committed_offset, -1);
    EXPECT_EQ(committed("orders"), 7);
}

TEST_F(Commit, that_is_asked_for_again_is_answered_once) {
    commit(commit_request("orders", 7));
    wire::OffsetFetchRequest::Group fetch;
    fetch.group_id = "group";
    fetch.topics.emplace(2, wire::OffsetFetchRequest::GroupTopic{.name = "orders", .partition_indexes = {0, 1, 0}});
    Awaited<wire::OffsetFetchResponse::Group> found;
    coordinator->fetch_offsets(fetch, found.reply());
    deliver();
    ASSERT_EQ(found->topics.size(), 2U);
    EXPECT_EQ(found->topics[0].partitions.size(), 2U);
    EXPECT_EQ(found->topics[1].partitions.size(), 0U);
}

TEST_F(Commit, in_a_transaction_counts_when_that_is_committed) {
    Record record;
    CommittedOffset offset;
    offset.offset = Offset(7);
    coordinator->apply_in_transaction(ProducerId(1), offset_record("group", "orders", offset), Offset(0));
    EXPECT_EQ(committed("orders"), -1);
    coordinator->end_transaction(ProducerId(1), true);
    EXPECT_EQ(committed("orders"), 7);
}

TEST_F(Commit, in_a_transaction_that_is_aborted_never_was) {
    CommittedOffset offset;
    coordinator->apply_in_transaction(ProducerId(1), offset_record("group", "orders", offset), Offset(0));
    coordinator->end_transaction(ProducerId(1), false);
    coordinator->end_transaction(ProducerId(1), true);
    EXPECT_EQ(committed("orders"), -1);
}

TEST_F(Commit, outside_of_a_transaction_is_not_undone_by_an_older_one_inside) {
    CommittedOffset older, newer;
    older.offset = Offset(7);
    newer.offset = Offset(8);
    coordinator->apply_in_transaction(ProducerId(1), offset_record("group", "orders", older), Offset(0));
    EXPECT_TRUE(coordinator->apply(offset_record("group", "orders", newer), Offset(1)));
    coordinator->end_transaction(ProducerId(1), true);
    EXPECT_EQ(committed("orders"), 8);
}

class Deletion : public CoordinatorFixture {
  public:
    Result<ErrorCode> delete_offset(std::string_view topic, std::string_view group_id = "group") {
        wire::OffsetDeleteRequest request;
        request.group_id = group_id;
        request.topics.push_back({.name = topic, .partitions = {{.partition_index = 0}}});
        Awaited<wire::OffsetDeleteResponse> deleted;
        coordinator->delete_offsets(request, deleted.reply());
        deliver();
        if (deleted.error() != ErrorCode::none) return unexpected(deleted.error());
        return deleted->topics.front().partitions.front().error_code;
    }
    ErrorCode delete_group() {
        Awaited<ErrorCode> deleted;
        coordinator->delete_group("group", deleted.reply());
        deliver();
        return *deleted;
    }
};

TEST_F(Deletion, of_an_offset_is_possible_unless_its_topic_is_subscribed_to) {
    const std::string member = stable_member();
    commit(commit_request("orders", 7, member, 1));
    commit(commit_request("returns", 7, member, 1));
    EXPECT_EQ(*delete_offset("orders"), ErrorCode::group_subscribed_to_topic);
    EXPECT_EQ(*delete_offset("returns"), ErrorCode::none);
    reload();
    EXPECT_EQ(committed("orders"), 7);
    EXPECT_EQ(committed("returns"), -1);
}

TEST_F(Deletion, of_an_offset_that_is_not_there_writes_nothing) {
    commit(commit_request("orders", 7));
    const size_t written = journal.records.size();
    EXPECT_EQ(*delete_offset("returns"), ErrorCode::none);
    EXPECT_EQ(journal.records.size(), written);
    EXPECT_EQ(delete_offset("orders", "nobody").error(), ErrorCode::group_id_not_found);
}

TEST_F(Deletion, of_an_offset_that_is_named_again_is_written_once) {
    commit(commit_request("orders", 7));
    const size_t written = journal.records.size();
    wire::OffsetDeleteRequest request;
    request.group_id = "group";
    request.topics.push_back({.name = "orders", .partitions = {1'000, {.partition_index = 0}}});
    Awaited<wire::OffsetDeleteResponse> deleted;
    coordinator->delete_offsets(request, deleted.reply());
    deliver();
    EXPECT_EQ(deleted->topics.front().partitions.size(), 1'000U);
    EXPECT_EQ(journal.records.size(), written + 1);
}

TEST_F(Deletion, of_a_group_with_a_long_name_is_written_in_batches_that_the_log_takes) {
    const std::string long_id(20'000, 'g');
    for (int32_t i = 0; i < 100; ++i) {
        wire::OffsetCommitRequest request = commit_request("orders", i);
        request.group_id = long_id;
        request.topics.front().partitions.front().partition_index = i;
        EXPECT_EQ(commit(request), ErrorCode::none);
    }
    const size_t batches = journal.batches_count;
    Awaited<ErrorCode> deleted;
    coordinator->delete_group(long_id, deleted.reply());
    deliver();
    EXPECT_EQ(*deleted, ErrorCode::none);
    EXPECT_EQ(journal.batches_count, batches + 2);
    EXPECT_EQ(coordinator->offsets().size(), 0U);
}

TEST_F(Deletion, of_offsets_of_members_that_are_no_consumers_must_wait) {
    JoinRequest connect = request();
    connect.protocol_type = "connect";
    join_as_new(connect);
    pass(Duration{});
    EXPECT_EQ(delete_offset("orders").error(), ErrorCode::non_empty_group);
}

TEST_F(Deletion, of_a_group_takes_its_offsets_along) {
    for (int64_t offset = 0; offset < 5; ++offset) commit(commit_request("topic-" + std::to_string(offset), offset));
    EXPECT_EQ(delete_group(), ErrorCode::none);
    EXPECT_EQ(delete_group(), ErrorCode::group_id_not_found);
    EXPECT_EQ(coordinator->offsets().size(), 0U);
    reload();
    EXPECT_EQ(coordinator->group_count(), 0U);
    EXPECT_EQ(coordinator->offsets().size(), 0U);
}

TEST_F(Deletion, of_thousands_of_offsets_is_written_in_several_batches) {
    wire::OffsetCommitRequest request = commit_request("orders", 7);
    for (int32_t i = 1; i < 2'500; ++i)
        request.topics.front().partitions.push_back({.partition_index = i, .committed_offset = i});
    commit(request);
    const size_t batches = journal.batches_count;
    EXPECT_EQ(delete_group(), ErrorCode::none);
    EXPECT_EQ(journal.batches_count, batches + 3);
    EXPECT_EQ(coordinator->offsets().size(), 0U);
}

TEST_F(Deletion, of_a_group_with_members_is_refused) {
    const std::string member = stable_member();
    EXPECT_EQ(delete_group(), ErrorCode::non_empty_group);
    leave(member);
    EXPECT_EQ(delete_group(), ErrorCode::none);
}

TEST_F(Deletion, of_a_topic_takes_its_offsets_along) {
    commit(commit_request("orders", 7));
    commit(commit_request("returns", 8));
    coordinator->topic_deleted("orders", Uuid{1, 2});
    pass(Duration{});
    EXPECT_EQ(committed("orders"), -1);
    EXPECT_EQ(committed("returns"), 8);
    reload();
    EXPECT_EQ(committed("orders"), -1);
}

TEST_F(Deletion, of_a_topic_spares_what_was_committed_for_another_of_its_name) {
    wire::OffsetCommitRequest request = commit_request("orders", 7);
    request.topics.front().topic_id = Uuid{3, 4};
    commit(request, 10);
    coordinator->topic_deleted("orders", Uuid{1, 2});
    pass(Duration{});
    EXPECT_EQ(committed("orders"), 7);
}

TEST_F(Deletion, of_a_topic_reaches_thousands_of_groups_in_small_steps) {
    constexpr int groups_count = 2'500;
    for (int i = 0; i < groups_count; ++i) {
        const std::string id = "group-" + std::to_string(i);
        wire::OffsetCommitRequest request = commit_request("orders", i);
        request.group_id = id;
        commit(request);
    }
    const size_t batches = journal.batches_count;
    coordinator->topic_deleted("orders", Uuid{});
    pass(Duration{});
    EXPECT_EQ(coordinator->offsets().size(), 0U);
    EXPECT_EQ(journal.batches_count, batches + 3);
}

class Expiry : public CoordinatorFixture {
  public:
    Expiry() {
        config.offsets_retention = std::chrono::hours(1);
        config.offsets_retention_check_interval = std::chrono::minutes(10);
        reload();
    }
};

TEST_F(Expiry, of_a_simple_group_begins_with_each_commit) {
    commit(commit_request("orders", 7));
    pass(std::chrono::minutes(30));
    commit(commit_request("returns", 8));
    pass(std::chrono::minutes(40));
    EXPECT_EQ(committed("orders"), -1);
    EXPECT_EQ(committed("returns"), 8);
    pass(std::chrono::minutes(30));
    EXPECT_EQ(coordinator->group_count(), 0U);
    reload();
    EXPECT_EQ(coordinator->group_count(), 0U);
    EXPECT_EQ(coordinator->offsets().size(), 0U);
}

TEST_F(Expiry, of_a_group_begins_when_its_last_member_is_gone) {
    const std::string member = stable_member();
    commit(commit_request("orders", 7, member, 1));
    for (int i = 0; i < 1'000; ++i) {
        pass(std::chrono::seconds(9));
        ASSERT_EQ(heartbeat(member, 1), ErrorCode::none);
    }
    EXPECT_EQ(committed("orders"), 7);
    leave(member);
    pass(std::chrono::minutes(50));
    EXPECT_EQ(committed("orders"), 7);
    pass(std::chrono::minutes(30));
    EXPECT_EQ(committed("orders"), -1);
    EXPECT_EQ(coordinator->group_count(), 0U);
}

TEST_F(Expiry, spares_the_topics_that_members_subscribe_to) {
    const std::string member = stable_member();
    commit(commit_request("orders", 7, member, 1));
    commit(commit_request("returns", 8, member, 1));
    for (int i = 0; i < 1'000; ++i) {
        pass(std::chrono::seconds(9));
        (void)heartbeat(member, 1);
    }
    EXPECT_EQ(committed("orders"), 7);
    EXPECT_EQ(committed("returns"), -1);
}

TEST_F(Expiry, at_the_time_that_an_old_client_has_chosen) {
    wire::OffsetCommitRequest request = commit_request("orders", 7);
    request.retention_time_ms = 5 * 60'000;
    commit(request, 4);
    reload();
    pass(std::chrono::minutes(11));
    EXPECT_EQ(committed("orders"), -1);
}

TEST_F(Expiry, never_comes_for_who_wants_an_offset_kept_beyond_the_end_of_time) {
    wire::OffsetCommitRequest request = commit_request("orders", 7);
    request.retention_time_ms = std::numeric_limits<int64_t>::max();
    commit(request, 4);
    pass(std::chrono::minutes(80));
    EXPECT_EQ(committed("orders"), 7);
}

TEST_F(Expiry, spares_an_empty_group_while_somebody_may_come_back_with_an_id) {
    config.offsets_retention_check_interval = std::chrono::seconds(1);
    reload();
    leave(stable_member());
    const std::string id = join(request())->member_id;
    pass(std::chrono::seconds(5));
    const Joined joined = join(request(id));
    pass(Duration{});
    EXPECT_EQ(joined->error_code, ErrorCode::none);
    EXPECT_EQ(joined->generation_id, 3);
}

TEST_F(Expiry, takes_away_empty_groups_without_offsets) {
    const std::string member = stable_member();
    leave(member);
    pass(std::chrono::minutes(11));
    EXPECT_EQ(coordinator->group_count(), 0U);
}

TEST_F(Expiry, that_cannot_be_written_is_tried_again) {
    commit(commit_request("orders", 7));
    journal.refusal = ErrorCode::kafka_storage_error;
    pass(std::chrono::minutes(80));
    EXPECT_EQ(committed("orders"), 7);
    journal.refusal = ErrorCode::none;
    pass(std::chrono::minutes(10));
    EXPECT_EQ(committed("orders"), -1);
}

}  // namespace
}  // namespace milena::group
