#include <cmath>

#include <gtest/gtest.h>

#include "controller/describe_quotas.h"
#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

using Alter = wire::AlterClientQuotasRequest;
using Describe = wire::DescribeClientQuotasRequest;

struct DecideQuotas : DecideFixture {
    using Entity = std::vector<Alter::Entity>;

    static Alter alteration(Entity entity, std::vector<Alter::Op> ops) {
        Alter request;
        request.entries.push_back({std::move(entity), std::move(ops)});
        return request;
    }
    std::string refusal(Entity entity, std::vector<Alter::Op> ops) {
        const auto entry = done(alteration(std::move(entity), std::move(ops))).entries.front();
        EXPECT_EQ(entry.error_code, entry.error_message ? ErrorCode::invalid_request : ErrorCode::none);
        return entry.error_message.value_or("");
    }
    // The names of the entities that match, one line each.
    std::string matching(std::vector<Describe::Component> components, bool strict = false) {
        Describe request;
        request.components = std::move(components);
        request.strict = strict;
        const auto response = describe_client_quotas(*image, request);
        if (response.error_code != ErrorCode::none) return *response.error_message;
        std::string text;
        for (const auto& entry : *response.entries) {
            for (const auto& part : entry.entity) text += part.entity_type + "=" + part.entity_name.value_or("*") + " ";
            text.back() = '\n';
        }
        return text;
    }
};

TEST_F(DecideQuotas, quota_is_set_changed_and_removed) {
    const Entity bob{{"user", "bob"}};
    EXPECT_EQ(refusal(bob, {{"producer_byte_rate", 100}, {"request_percentage", 0.5}}), "");
    EXPECT_EQ(refusal(bob, {{"producer_byte_rate", 200}}), "");
    const metadata::QuotaEntity entity{{"user", "bob"}};
    EXPECT_EQ(image->client_quotas->at(entity),
              (std::map<std::string, double>{{"producer_byte_rate", 200}, {"request_percentage", 0.5}}));
    EXPECT_EQ(refusal(bob, {{"producer_byte_rate", 0, true}, {"request_percentage", 0, true}}), "");
    EXPECT_TRUE(image->client_quotas->empty());
}

TEST_F(DecideQuotas, what_is_so_already_is_not_recorded) {
    const Alter request = alteration({{"user", "bob"}}, {{"producer_byte_rate", 100}, {"consumer_byte_rate", 0, true}});
    EXPECT_EQ(decided(request).records.size(), 1U);
    done(request);
    EXPECT_TRUE(decided(request).records.empty());
}

TEST_F(DecideQuotas, nothing_of_a_refused_entry_is_done) {
    EXPECT_NE(refusal({{"user", "bob"}}, {{"consumer_byte_rate", 1}, {"producer_byte_rate", -1}}), "");
    EXPECT_TRUE(image->client_quotas->empty());
}

TEST_F(DecideQuotas, validation_changes_nothing) {
    Alter request = alteration({{"user", "bob"}}, {{"producer_byte_rate", 100}});
    request.validate_only = true;
    EXPECT_EQ(done(request).entries.front().error_code, ErrorCode::none);
    EXPECT_TRUE(image->client_quotas->empty());
}

TEST_F(DecideQuotas, entity_must_be_one_that_can_have_quotas) {
    const std::vector<Alter::Op> ops{{"producer_byte_rate", 1}};
    EXPECT_EQ(refusal({}, ops), "Invalid empty client quota entity");
    EXPECT_EQ(refusal({{"group", "g"}}, ops), "Unhandled client quota entity type: group");
    EXPECT_EQ(refusal({{"user", ""}}, ops), "Empty user not supported");
    EXPECT_NE(refusal({{"user", "u"}, {"ip", "::1"}}, ops).find("IP entity"), std::string::npos);
    EXPECT_EQ(refusal({{"ip", "host"}}, ops), "host is not a valid IP or resolvable host.");
    EXPECT_EQ(refusal({{"user", std::nullopt}, {"client-id", std::nullopt}}, ops), "");
}

TEST_F(DecideQuotas, value_must_fit_the_quota) {
    const Entity user{{"user", "u"}};
    const Entity ip{{"ip", "10.0.0.1"}};
    EXPECT_EQ(refusal(user, {{"connection_creation_rate", 1}}), "Invalid configuration key connection_creation_rate");
    EXPECT_EQ(refusal(ip, {{"producer_byte_rate", 1}}), "Invalid configuration key producer_byte_rate");
    EXPECT_EQ(refusal(user, {{"producer_byte_rate", 0}}), "Quota producer_byte_rate must be greater than 0");
    EXPECT_EQ(refusal(user, {{"producer_byte_rate", std::nan("")}}), "Quota producer_byte_rate must be greater than 0");
    EXPECT_EQ(refusal(user, {{"producer_byte_rate", 1.5}}), "producer_byte_rate cannot be a fractional value.");
    EXPECT_EQ(refusal(user, {{"producer_byte_rate", 1e19}}),
              "Proposed value for producer_byte_rate is too large for a LONG.");
    EXPECT_EQ(refusal(ip, {{"connection_creation_rate", 3e9}}),
              "Proposed value for connection_creation_rate is too large for an INT.");
    EXPECT_EQ(refusal(ip, {{"connection_creation_rate", 5}}), "");
    EXPECT_EQ(refusal(user, {{"controller_mutation_rate", 0.1}}), "");
}

TEST_F(DecideQuotas, entity_or_key_that_is_named_twice_is_refused) {
    Alter twice = alteration({{"user", "bob"}}, {{"producer_byte_rate", 1}});
    twice.entries.push_back(twice.entries.front());
    const auto response = done(twice);
    ASSERT_EQ(response.entries.size(), 1U);
    EXPECT_EQ(response.entries.front().error_message,
              "Ignoring duplicate entity ClientQuotaEntity(entries={user=bob})");
    EXPECT_EQ(refusal({{"user", std::nullopt}}, {{"producer_byte_rate", 1}, {"producer_byte_rate", 2}}),
              "Ignoring duplicate entity ClientQuotaEntity(entries={user=null})");
}

TEST_F(DecideQuotas, description_shows_the_entities_that_match) {
    const std::vector<Alter::Op> ops{{"producer_byte_rate", 1}};
    for (const Entity& entity : {Entity{{"user", "u"}}, Entity{{"user", std::nullopt}},
                                 Entity{{"user", "u"}, {"client-id", "c"}}, Entity{{"client-id", "c"}}})
        ASSERT_EQ(refusal(entity, ops), "");
    EXPECT_EQ(matching({}), "client-id=c\nclient-id=c user=u\nuser=*\nuser=u\n");
    EXPECT_EQ(matching({}, true), "");
    EXPECT_EQ(matching({{"user", 0, "u"}}), "client-id=c user=u\nuser=u\n");
    EXPECT_EQ(matching({{"user", 0, "u"}}, true), "user=u\n");
    EXPECT_EQ(matching({{"user", 1, std::nullopt}}), "user=*\n");
    EXPECT_EQ(matching({{"user", 2, std::nullopt}}, true), "user=*\nuser=u\n");
    EXPECT_EQ(matching({{"user", 2, std::nullopt}, {"client-id", 0, "c"}}), "client-id=c user=u\n");
}

TEST_F(DecideQuotas, filter_that_makes_no_sense_is_refused) {
    EXPECT_EQ(matching({{"", 0, "u"}}), "Invalid empty entity type.");
    EXPECT_EQ(matching({{"group", 0, "u"}}), "Unsupported entity type group");
    EXPECT_EQ(matching({{"user", 3, std::nullopt}}), "Unknown match type 3");
    EXPECT_NE(matching({{"user", 0, std::nullopt}}).find("MATCH_TYPE_EXACT"), std::string::npos);
    EXPECT_NE(matching({{"user", 1, "u"}}).find("MATCH_TYPE_DEFAULT"), std::string::npos);
    EXPECT_NE(matching({{"user", 2, "u"}}).find("MATCH_TYPE_SPECIFIED"), std::string::npos);
    EXPECT_NE(matching({{"user", 0, "u"}, {"user", 0, "v"}}).find("more than once"), std::string::npos);
    EXPECT_NE(matching({{"user", 0, "u"}, {"ip", 1, std::nullopt}}).find("IP filter"), std::string::npos);
}

}  // namespace
}  // namespace milena::controller
