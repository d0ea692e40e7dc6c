#include "wire/dump.h"

#include <gtest/gtest.h>

#include "wire/messages/auth.h"
#include "wire/messages/fetch.h"
#include "wire/messages/topics.h"

namespace milena::wire {
namespace {

TEST(Dump, members_are_named_and_nested) {
    FetchRequest request;
    request.max_wait_ms = 500;
    request.topics.push_back({.topic = "a", .partitions = {{.partition = 3, .fetch_offset = 7}}});
    const std::string text = dump(request);
    EXPECT_TRUE(text.starts_with("FetchRequest{")) << text;
    EXPECT_NE(text.find("max_wait_ms=500"), std::string::npos) << text;
    EXPECT_NE(text.find("topics=[{topic=\"a\" "), std::string::npos) << text;
    EXPECT_NE(text.find("{partition=3 "), std::string::npos) << text;
    EXPECT_NE(text.find("cluster_id=null"), std::string::npos) << text;
}

TEST(Dump, byte_strings_show_only_their_size) {
    const SaslAuthenticateRequest request{.auth_bytes = Bytes::copy_of("secret")};
    EXPECT_EQ(dump(request), "SaslAuthenticateRequest{auth_bytes=<6 bytes>}");
}

TEST(Dump, error_codes_have_their_names) {
    const DeleteTopicsResponse::Topic topic{.error_code = ErrorCode::topic_authorization_failed};
    EXPECT_NE(dump(topic).find("error_code=TOPIC_AUTHORIZATION_FAILED"), std::string::npos);
}

TEST(Dump, text_of_a_client_can_not_forge_a_line) {
    CreateTopicsRequest request;
    request.topics.push_back({.name = "a\"\nb\\"});
    EXPECT_NE(dump(request).find(R"(name="a\"\x0ab\\")"), std::string::npos) << dump(request);
}

TEST(Dump, long_arrays_are_cut) {
    CreateTopicsRequest::Assignment assignment;
    for (int32_t i = 0; i < 1000; ++i) assignment.broker_ids.push_back(i);
    EXPECT_NE(dump(assignment).find("[0 1 2 3 4 5 6 7 … 1000 in all]"), std::string::npos) << dump(assignment);
}

}  // namespace
}  // namespace milena::wire
