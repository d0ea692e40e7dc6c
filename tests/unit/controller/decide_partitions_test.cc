#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

class CreatePartitions : public DecideFixture {
  public:
    CreatePartitions() {
        add_broker(1);
        add_broker(2);
        create("a", 2, 2);
    }
    ErrorCode error_of(int32_t count, std::optional<std::vector<std::vector<int32_t>>> assignments = std::nullopt) {
        const auto response = done(growth("a", count, std::move(assignments)));
        return response.results.front().error_code;
    }
    static wire::CreatePartitionsRequest growth(
        std::string_view name, int32_t count,
        std::optional<std::vector<std::vector<int32_t>>> assignments = std::nullopt) {
        wire::CreatePartitionsRequest request;
        request.topics.push_back({.name = name, .count = count, .assignments = std::nullopt});
        if (assignments) {
            request.topics[0].assignments.emplace();
            for (auto& replicas : *assignments) request.topics[0].assignments->push_back({std::move(replicas)});
        }
        return request;
    }
    size_t count() const { return image->topic("a")->partitions.size(); }
};

TEST_F(CreatePartitions, adds_to_those_that_are_there) {
    const auto first = image->topic("a")->partitions[0];
    EXPECT_EQ(error_of(5), ErrorCode::none);
    EXPECT_EQ(count(), 5U);
    EXPECT_EQ(image->topic("a")->partitions[0], first);
    EXPECT_EQ(image->topic("a")->partitions[4]->replicas.size(), 2U);
}

TEST_F(CreatePartitions, count_must_grow) {
    EXPECT_EQ(error_of(2), ErrorCode::invalid_partitions);
    EXPECT_EQ(error_of(1), ErrorCode::invalid_partitions);
    EXPECT_EQ(error_of(-5), ErrorCode::invalid_partitions);
    EXPECT_EQ(error_of(2'000'000'000), ErrorCode::policy_violation);
    EXPECT_EQ(count(), 2U);
}

TEST_F(CreatePartitions, unknown_topic_is_refused_without_words) {
    const auto response = done(growth("b", 5));
    EXPECT_EQ(response.results[0].error_code, ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(response.results[0].error_message, std::nullopt);
}

TEST_F(CreatePartitions, manual_assignment_is_followed) {
    EXPECT_EQ(error_of(3, {{{2, 1}}}), ErrorCode::none);
    EXPECT_EQ(image->topic("a")->partitions[2]->leader, NodeId(2));
}

TEST_F(CreatePartitions, bad_manual_assignments_are_refused) {
    add_broker(3, "", true);
    add_broker(4, "", true);
    EXPECT_EQ(error_of(3, {{}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(error_of(3, {{{1}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(error_of(3, {{{1, 9}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(error_of(3, {{{3, 4}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(count(), 2U);
}

TEST_F(CreatePartitions, validate_only_and_repeated_topics_change_nothing) {
    auto request = growth("a", 5);
    request.validate_only = true;
    EXPECT_TRUE(decided(request).records.empty());
    request = growth("a", 5);
    request.topics.push_back(request.topics[0]);
    const auto response = done(request);
    ASSERT_EQ(response.results.size(), 1U);
    EXPECT_EQ(response.results[0].error_code, ErrorCode::invalid_request);
    EXPECT_EQ(count(), 2U);
}

}  // namespace
}  // namespace milena::controller
