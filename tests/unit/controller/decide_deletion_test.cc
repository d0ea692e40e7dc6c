#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

class DeleteTopics : public DecideFixture {
  public:
    DeleteTopics() {
        add_broker(1);
        create("a");
        create("b");
    }
};

TEST_F(DeleteTopics, by_name_in_old_versions) {
    wire::DeleteTopicsRequest request;
    request.topic_names = {"a", "nothing"};
    const auto response = done(request);
    ASSERT_EQ(response.responses.size(), 2U);
    EXPECT_EQ(response.responses[0].error_code, ErrorCode::none);
    EXPECT_EQ(response.responses[1].error_code, ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(image->topic("a"), nullptr);
    EXPECT_NE(image->topic("b"), nullptr);
}

TEST_F(DeleteTopics, by_name_and_by_id) {
    const Uuid id = image->topic("b")->id;
    wire::DeleteTopicsRequest request;
    request.topics = {{"a", {}}, {std::nullopt, id}, {std::nullopt, Uuid{8, 888}}};
    const auto response = done(request);
    EXPECT_EQ(response.responses[0].error_code, ErrorCode::none);
    EXPECT_EQ(response.responses[1].error_code, ErrorCode::none);
    EXPECT_EQ(*response.responses[1].name, "b");
    EXPECT_EQ(response.responses[1].topic_id, id);
    EXPECT_EQ(response.responses[2].error_code, ErrorCode::unknown_topic_id);
    EXPECT_TRUE(image->topics->by_name.empty());
}

TEST_F(DeleteTopics, both_or_neither_of_name_and_id_is_refused) {
    wire::DeleteTopicsRequest request;
    request.topics = {{"a", image->topic("a")->id}, {std::nullopt, {}}};
    const auto response = done(request);
    EXPECT_EQ(response.responses[0].error_code, ErrorCode::invalid_request);
    EXPECT_EQ(response.responses[1].error_code, ErrorCode::invalid_request);
    EXPECT_NE(image->topic("a"), nullptr);
}

TEST_F(DeleteTopics, topic_meant_twice_is_refused) {
    wire::DeleteTopicsRequest request;
    request.topics = {{"a", {}}, {std::nullopt, image->topic("a")->id}};
    const auto response = done(request);
    ASSERT_EQ(response.responses.size(), 1U);
    EXPECT_EQ(response.responses[0].error_code, ErrorCode::invalid_request);
    EXPECT_EQ(*response.responses[0].name, "a");
    EXPECT_EQ(response.responses[0].topic_id, image->topic("a")->id);
}

TEST_F(DeleteTopics, topic_named_twice_is_refused_once) {
    const Uuid id = image->topic("b")->id;
    wire::DeleteTopicsRequest request;
    request.topics = {{"a", {}}, {"a", {}}, {std::nullopt, id}, {std::nullopt, id}};
    const auto response = done(request);
    ASSERT_EQ(response.responses.size(), 2U);
    for (const auto& result : response.responses) EXPECT_EQ(result.error_code, ErrorCode::invalid_request);
    EXPECT_EQ(image->topics->by_name.size(), 2U);
}

TEST_F(DeleteTopics, can_be_disabled) {
    configure({{"delete.topic.enable", "false"}});
    wire::DeleteTopicsRequest request;
    request.topics = {{"a", {}}};
    EXPECT_EQ(done(request).responses[0].error_code, ErrorCode::topic_deletion_disabled);
    EXPECT_NE(image->topic("a"), nullptr);
}

}  // namespace
}  // namespace milena::controller
