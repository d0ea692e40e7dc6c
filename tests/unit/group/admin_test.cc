#include "unit/group/coordinator_fixture.h"

namespace milena::group {
namespace {

class Admin : public CoordinatorFixture {
  public:
    Coordinator::DescribedGroup describe(std::string_view id, wire::Version version = 6) {
        Awaited<Coordinator::DescribedGroup> described;
        coordinator->describe_group(id, version, described.reply());
        deliver();
        return *described;
    }
    std::vector<std::string> list(const std::vector<std::string_view>& states,
                                  const std::vector<std::string_view>& types = {}) {
        wire::ListGroupsRequest request;
        request.states_filter = states;
        request.types_filter = types;
        Awaited<Coordinator::ListedGroups> listed;
        coordinator->list_groups(request, listed.reply());
        deliver();
        std::vector<std::string> ids;
        for (const auto& group : *listed) ids.push_back(group.group_id);
        return ids;
    }
};

TEST_F(Admin, a_stable_group_is_described_with_what_its_members_said_and_got) {
    const std::string member = stable_member();
    const auto described = describe("group");
    EXPECT_EQ(described.group_state, "Stable");
    EXPECT_EQ(described.protocol_type, "consumer");
    EXPECT_EQ(described.protocol_data, "range");
    ASSERT_EQ(described.members.size(), 1U);
    EXPECT_EQ(described.members.front().member_id, member);
    EXPECT_EQ(described.members.front().client_host, "/127.0.0.1");
    EXPECT_EQ(described.members.front().member_metadata, subscription({"orders"}));
    EXPECT_EQ(described.members.front().member_assignment, bytes_of("all"));
}

TEST_F(Admin, a_group_in_a_rebalance_is_described_without_metadata) {
    stable_member();
    join_as_new();
    const auto described = describe("group");
    EXPECT_EQ(described.group_state, "PreparingRebalance");
    EXPECT_TRUE(described.protocol_data.empty());
    EXPECT_EQ(described.members.size(), 2U);
    EXPECT_TRUE(described.members.front().member_metadata.empty());
}

TEST_F(Admin, a_group_that_is_not_there_is_dead) {
    EXPECT_EQ(describe("nobody", 5).error_code, ErrorCode::none);
    EXPECT_EQ(describe("nobody", 5).group_state, "Dead");
    EXPECT_EQ(describe("nobody", 6).error_code, ErrorCode::group_id_not_found);
}

TEST_F(Admin, groups_are_listed_by_state_whatever_its_case) {
    stable_member();
    wire::OffsetCommitRequest simple = commit_request("orders", 1);
    simple.group_id = "simple";
    commit(simple);
    EXPECT_EQ(list({}), (std::vector<std::string>{"group", "simple"}));
    EXPECT_EQ(list({" STABLE"}), std::vector<std::string>{"group"});
    EXPECT_EQ(list({"empty", "dead"}), std::vector<std::string>{"simple"});
    EXPECT_TRUE(list({"nonsense"}).empty());
}

TEST_F(Admin, groups_are_listed_by_type) {
    stable_member();
    EXPECT_EQ(list({}, {"Classic"}).size(), 1U);
    EXPECT_TRUE(list({}, {"consumer", "share"}).empty());
}

TEST_F(Admin, an_error_of_the_log_is_told_as_clients_know_it) {
    EXPECT_EQ(coordinator_error(ErrorCode::not_enough_replicas), ErrorCode::coordinator_not_available);
    EXPECT_EQ(coordinator_error(ErrorCode::request_timed_out), ErrorCode::coordinator_not_available);
    EXPECT_EQ(coordinator_error(ErrorCode::not_leader_or_follower), ErrorCode::not_coordinator);
    EXPECT_EQ(coordinator_error(ErrorCode::kafka_storage_error), ErrorCode::not_coordinator);
    EXPECT_EQ(coordinator_error(ErrorCode::message_too_large), ErrorCode::unknown_server_error);
    EXPECT_EQ(coordinator_error(ErrorCode::illegal_generation), ErrorCode::illegal_generation);
}

}  // namespace
}  // namespace milena::group
