#include "controller/scram_keys.h"
#include "metadata/feature_levels.h"
#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

using Request = wire::AlterUserScramCredentialsRequest;

constexpr int8_t sha_256 = 1;
constexpr int8_t sha_512 = 2;

Bytes from_hex(std::string_view digits) {
    std::vector<std::byte> bytes;
    for (size_t i = 0; i < digits.size(); i += 2)
        bytes.push_back(static_cast<std::byte>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
    return Bytes::from(std::move(bytes));
}

class Scram : public DecideFixture {
  public:
    static Request upsertion(std::string_view user, int8_t mechanism = sha_256, int32_t iterations = 4096) {
        Request request;
        request.upsertions.push_back({.name = user,
                                      .mechanism = mechanism,
                                      .iterations = iterations,
                                      .salt = Bytes::copy_of("salt"),
                                      .salted_password = Bytes::copy_of("password")});
        return request;
    }
    static Request deletion(std::string_view user, int8_t mechanism = sha_256) {
        Request request;
        request.deletions.push_back({.name = user, .mechanism = mechanism});
        return request;
    }
    ErrorCode outcome(const Request& request) {
        const auto response = done(request);
        return response.results.size() == 1 ? response.results.front().error_code : ErrorCode::unknown_server_error;
    }
    void SetUp() override {
        apply(
            {wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = metadata::metadata_version_latest}});
    }
};

// The example of RFC 7677, section 3: user "user", password "pencil".
TEST(ScramKeys, are_those_of_the_rfc_for_sha_256) {
    const Bytes salted = from_hex("c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d");
    const ScramKeys keys = scram_keys(ScramMechanism::sha_256, salted);
    EXPECT_EQ(keys.stored_key, from_hex("586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6"));
    EXPECT_EQ(keys.server_key, from_hex("c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5"));
}

TEST_F(Scram, upserted_credential_is_in_the_image_without_the_password) {
    EXPECT_EQ(outcome(upsertion("ann")), ErrorCode::none);
    const metadata::ScramCredential& credential = image->scram_credentials->at({sha_256, "ann"});
    EXPECT_EQ(credential.iterations, 4096);
    EXPECT_EQ(credential.salt, Bytes::copy_of("salt"));
    const ScramKeys keys = scram_keys(ScramMechanism::sha_256, Bytes::copy_of("password"));
    EXPECT_EQ(credential.stored_key, keys.stored_key);
    EXPECT_EQ(credential.server_key, keys.server_key);
}

TEST_F(Scram, each_mechanism_has_a_credential_of_its_own) {
    EXPECT_EQ(outcome(upsertion("ann", sha_256)), ErrorCode::none);
    EXPECT_EQ(outcome(upsertion("ann", sha_512)), ErrorCode::none);
    EXPECT_EQ(outcome(deletion("ann", sha_256)), ErrorCode::none);
    EXPECT_FALSE(image->scram_credentials->contains({sha_256, "ann"}));
    EXPECT_EQ(image->scram_credentials->at({sha_512, "ann"}).stored_key.size(), 64u);
}

TEST_F(Scram, bounds_of_the_iterations_are_inclusive) {
    EXPECT_EQ(outcome(upsertion("ann", sha_256, 4095)), ErrorCode::unacceptable_credential);
    EXPECT_EQ(outcome(upsertion("ann", sha_256, 4096)), ErrorCode::none);
    EXPECT_EQ(outcome(upsertion("ann", sha_256, 16384)), ErrorCode::none);
    EXPECT_EQ(outcome(upsertion("ann", sha_256, 16385)), ErrorCode::unacceptable_credential);
}

TEST_F(Scram, nameless_user_unknown_mechanism_and_empty_password_are_refused) {
    EXPECT_EQ(outcome(upsertion("")), ErrorCode::unacceptable_credential);
    EXPECT_EQ(outcome(upsertion("ann", 0)), ErrorCode::unsupported_sasl_mechanism);
    EXPECT_EQ(outcome(upsertion("ann", 3)), ErrorCode::unsupported_sasl_mechanism);
    Request request = upsertion("ann");
    request.upsertions.front().salted_password = {};
    EXPECT_EQ(outcome(request), ErrorCode::unknown_server_error);
    EXPECT_TRUE(image->scram_credentials->empty());
}

TEST_F(Scram, what_is_not_there_cannot_be_deleted) {
    EXPECT_EQ(outcome(deletion("ann")), ErrorCode::resource_not_found);
}

TEST_F(Scram, user_named_twice_is_refused_as_a_whole_and_others_are_not) {
    Request request = upsertion("ann");
    request.upsertions.push_back(upsertion("ann", sha_512).upsertions.front());
    request.upsertions.push_back(upsertion("bob").upsertions.front());
    const auto response = done(request);
    ASSERT_EQ(response.results.size(), 2u);
    EXPECT_EQ(response.results[0].error_code, ErrorCode::duplicate_resource);
    EXPECT_EQ(response.results[1].error_code, ErrorCode::none);
    EXPECT_EQ(image->scram_credentials->size(), 1u);
}

TEST_F(Scram, first_refusal_of_a_user_stays_when_the_user_is_named_again) {
    Request request = upsertion("ann", sha_256, 1);
    request.upsertions.push_back(upsertion("ann").upsertions.front());
    EXPECT_EQ(outcome(request), ErrorCode::unacceptable_credential);
}

TEST_F(Scram, old_metadata_version_refuses_credentials) {
    apply({wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 10}});
    EXPECT_EQ(outcome(upsertion("ann")), ErrorCode::unsupported_version);
}

}  // namespace
}  // namespace milena::controller
