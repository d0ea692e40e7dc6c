#include "kube/error.h"

#include <gtest/gtest.h>

namespace milena::kube {
namespace {

TEST(Error, the_status_object_says_more_than_the_status) {
    const Error taken = error_of_answer(409, R"({"kind":"Status","reason":"AlreadyExists","message":"it is there"})");
    EXPECT_EQ(Reason::already_exists, taken.reason);
    EXPECT_EQ("AlreadyExists (409): it is there", taken.to_string());
    EXPECT_EQ(Reason::conflict, error_of_answer(409, "{}").reason);
    EXPECT_EQ(Reason::gone, error_of_answer(410, R"({"kind":"Status","reason":"Expired"})").reason);
    EXPECT_EQ(Reason::gone, error_of_answer(410, "<html>").reason);
}

TEST(Error, the_header_and_the_status_say_when_to_come_back) {
    const char* body = R"({"kind":"Status","reason":"TooManyRequests","details":{"retryAfterSeconds":3}})";
    EXPECT_EQ(Milliseconds(3000), error_of_answer(429, body).retry_after);
    EXPECT_EQ(Milliseconds(7000), error_of_answer(429, body, Milliseconds(7000)).retry_after);
}

TEST(Error, a_namespace_that_is_going_is_told_from_a_right_that_is_missing) {
    const char* body = R"({"kind":"Status","reason":"Forbidden","message":"unable to create new content in namespace a",
                           "details":{"causes":[{"reason":"NamespaceTerminating","field":"metadata.namespace"}]}})";
    EXPECT_EQ(Reason::namespace_terminating, error_of_answer(403, body).reason);
    EXPECT_FALSE(error_of_answer(403, body).is_transient());
    EXPECT_EQ(Reason::forbidden, error_of_answer(403, R"({"kind":"Status","details":{"causes":[7]}})").reason);
    EXPECT_EQ(Reason::forbidden, error_of_answer(403, R"({"kind":"Status","details":{"causes":{}}})").reason);
}

TEST(Error, only_what_time_may_mend_is_transient) {
    for (const int status : {409, 410, 429, 500, 502, 503, 504})
        EXPECT_TRUE(error_of_answer(status, "").is_transient());
    for (const int status : {400, 401, 403, 404, 405, 413, 422})
        EXPECT_FALSE(error_of_answer(status, "").is_transient());
}

TEST(Error, hostile_bodies_are_texts) {
    for (const char* body :
         {"", "null", "[1]", R"({"kind":1})", R"({"kind":"Status","reason":5,"message":{},"details":7})",
          R"({"kind":"Status","details":{"retryAfterSeconds":-1}})"})
        EXPECT_EQ(Reason::internal_error, error_of_answer(500, body).reason);
    EXPECT_LE(error_of_answer(500, std::string(100'000, 'x')).message.size(), 4096u);
}

}  // namespace
}  // namespace milena::kube
