#include "wire/header.h"

#include <string>

#include <gtest/gtest.h>

#include "wire/api_info.h"
#include "wire/api_list.h"

namespace milena::wire {
namespace {

// What stands behind the length.
Bytes without_length(const EncodedFrame& frame) { return frame.joined().slice(sizeof(int32_t)); }

Bytes bytes_of_hex(std::string_view hex) {
    std::vector<std::byte> bytes;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return Bytes::from(std::move(bytes));
}

TEST(Header, length_in_front_counts_what_follows) {
    const EncodedFrame frame = encode_response(ApiVersionsResponse{}, 0, 7);
    const Bytes whole = frame.joined();
    EXPECT_EQ(load_big_endian<int32_t>(whole.data()), static_cast<int32_t>(frame.size - sizeof(int32_t)));
    EXPECT_EQ(whole.size(), frame.size);
}

TEST(Header, flexible_request_has_tags_behind_a_plain_client_id) {
    const MetadataRequest request{.allow_auto_topic_creation = false};
    const RequestHeader sent{.api_version = 12, .correlation_id = 5, .client_id = "me"};
    const Bytes frame = without_length(encode_request(request, sent));
    EXPECT_EQ(frame.slice(0, 13), bytes_of_hex("0003000c0000000500026d6500"));
    const auto header = decode_request_header(frame);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->api_key, 3);
    EXPECT_EQ(header->api_version, 12);
    EXPECT_EQ(header->correlation_id, 5);
    EXPECT_EQ(header->client_id, "me");
    EXPECT_EQ(header->size, 13U);
    const auto body = decode<MetadataRequest>(frame.slice(header->size), header->api_version);
    ASSERT_TRUE(body);
    EXPECT_FALSE(body->allow_auto_topic_creation);
}

TEST(Header, request_before_the_flexible_versions_has_no_tags) {
    const RequestHeader sent{.api_version = 8, .correlation_id = 5};
    const auto header = decode_request_header(without_length(encode_request(MetadataRequest{}, sent)));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->size, 10U);
    EXPECT_EQ(header->client_id, std::nullopt);
}

TEST(Header, response_has_tags_in_flexible_versions_except_api_versions) {
    EXPECT_EQ(response_header_version(MetadataResponse::api, 9), 1);
    EXPECT_EQ(response_header_version(MetadataResponse::api, 8), 0);
    EXPECT_EQ(response_header_version(ApiVersionsResponse::api, 4), 0);
    const Bytes frame = without_length(encode_response(MetadataResponse{}, 9, 5));
    const auto header = decode_response_header(frame, MetadataResponse::api, 9);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->correlation_id, 5);
    EXPECT_EQ(header->size, 5U);
    EXPECT_TRUE(decode<MetadataResponse>(frame.slice(header->size), 9));
}

TEST(Header, header_of_an_unknown_api_is_read_up_to_the_client_id) {
    const Bytes frame = bytes_of_hex("03e8000000000001000161");
    const auto header = decode_request_header(frame);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->api_key, 1000);
    EXPECT_EQ(header->client_id, "a");
    EXPECT_EQ(find_api(header->api_key), nullptr);
}

TEST(Header, version_of_api_versions_that_nobody_knows_is_read) {
    const auto header = decode_request_header(bytes_of_hex("0012007f0000000100016100"));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->api_version, 127);
    EXPECT_EQ(header->correlation_id, 1);
}

TEST(Header, every_truncated_header_is_refused) {
    const Bytes whole = bytes_of_hex("0003000c0000000500026d6500");
    for (size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(decode_request_header(Bytes::copy_of(whole.slice(0, size).span()))) << size;
    }
}

}  // namespace
}  // namespace milena::wire
