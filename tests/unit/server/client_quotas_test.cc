#include "server/client_quotas.h"

#include <gtest/gtest.h>

#include "unit/server/fake_clock.h"

namespace milena::server {
namespace {

using namespace std::chrono_literals;
using Entity = metadata::QuotaEntity;

struct ClientQuotasTest : testing::Test {
    FakeClock clock;
    int calls = 0;
    int calls_at_once = 0;
    ClientQuotas here{clock, {.window = {}, .controller_window = {}, .used = [this](bool at_once) {
                                  ++calls;
                                  calls_at_once += at_once;
                              }}};
    ClientQuotas there{clock, {.window = {}, .controller_window = {}, .used = [](bool) {}}};
    metadata::ClientQuotas quotas;

    void set(const Entity& entity, const std::string& key, double value) {
        quotas[entity][key] = value;
        adopt();
    }
    void adopt() {
        const auto shared = std::make_shared<const metadata::ClientQuotas>(quotas);
        here.adopt(shared);
        there.adopt(shared);
    }
    Duration produce(ClientQuotas& on, std::string_view user, std::string_view client_id, double bytes) {
        return on.charge(QuotaType::produce, {user, client_id}, bytes).time;
    }
    void set_rate(const Entity& entity, double value) { set(entity, "producer_byte_rate", value); }
    // What counts for the client.
    double limit(std::string_view user, std::string_view client_id) {
        return here.amount_max(QuotaType::produce, {user, client_id}).value_or(0) / 10;
    }
};

TEST_F(ClientQuotasTest, without_quotas_nobody_is_counted) {
    adopt();
    EXPECT_FALSE(here.limits_any());
    EXPECT_EQ(produce(here, "u", "c", 1e12), 0s);
    EXPECT_EQ(here.payers_count(), 0U);
}

TEST_F(ClientQuotasTest, most_specific_quota_counts) {
    const std::vector<Entity> levels{{{"client-id", std::nullopt}},
                                     {{"client-id", "c"}},
                                     {{"user", std::nullopt}},
                                     {{"user", std::nullopt}, {"client-id", std::nullopt}},
                                     {{"user", std::nullopt}, {"client-id", "c"}},
                                     {{"user", "u"}},
                                     {{"user", "u"}, {"client-id", std::nullopt}},
                                     {{"user", "u"}, {"client-id", "c"}}};
    double rate = 0;
    for (const Entity& level : levels) {
        set_rate(level, ++rate);
        EXPECT_DOUBLE_EQ(limit("u", "c"), rate);
    }
    EXPECT_DOUBLE_EQ(limit("other", "other"), 4);
    EXPECT_DOUBLE_EQ(limit("other", "c"), 5);
    EXPECT_DOUBLE_EQ(limit("u", "other"), 7);
}

TEST_F(ClientQuotasTest, quota_of_another_type_is_looked_for_at_its_own_level) {
    set_rate({{"client-id", "c"}}, 5);
    set({{"user", "u"}}, "consumer_byte_rate", 7);
    EXPECT_DOUBLE_EQ(limit("u", "c"), 5);
    EXPECT_TRUE(here.limits(QuotaType::fetch));
    EXPECT_FALSE(here.limits(QuotaType::request));
}

TEST_F(ClientQuotasTest, quota_of_a_user_is_shared_by_his_clients_and_a_default_by_nobody) {
    set_rate({{"user", "u"}}, 10);
    EXPECT_EQ(produce(here, "u", "a", 100), 0s);
    EXPECT_GT(produce(here, "u", "b", 100), 0s);
    set_rate({{"client-id", std::nullopt}}, 10);
    EXPECT_EQ(produce(here, "v", "a", 100), 0s);
    EXPECT_EQ(produce(here, "v", "b", 100), 0s);
}

TEST_F(ClientQuotasTest, what_is_used_on_another_shard_counts_once_it_was_told) {
    set_rate({{"user", "u"}}, 1000);
    EXPECT_EQ(produce(here, "u", "c", 30), 0s);
    EXPECT_EQ(produce(here, "u", "c", 10), 0s);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(produce(there, "u", "c", 9'960), 0s);
    there.add_used(here.take_used());
    EXPECT_EQ(produce(there, "u", "c", 1'000), 1s);
    EXPECT_TRUE(here.take_used().empty());
    produce(here, "u", "c", 1);
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(calls_at_once, 0);
}

TEST_F(ClientQuotasTest, a_quotas_worth_of_the_time_until_they_are_told_is_told_at_once) {
    set_rate({{"user", "u"}}, 1000);
    produce(here, "u", "c", 49);
    EXPECT_EQ(calls_at_once, 0);
    produce(here, "u", "c", 1);
    EXPECT_EQ(calls_at_once, 1);
    here.take_used();
    produce(here, "u", "c", 49);
    EXPECT_EQ(calls_at_once, 1);
}

TEST_F(ClientQuotasTest, what_was_heard_before_the_client_came_counts) {
    set_rate({{"user", "u"}}, 10);
    produce(here, "u", "c", 200);
    there.add_used(here.take_used());
    EXPECT_GE(there.debt(QuotaType::produce, {"u", "c"}).time, 10s);
}

TEST_F(ClientQuotasTest, raised_quota_counts_at_once) {
    set_rate({{"user", "u"}}, 10);
    EXPECT_GT(produce(here, "u", "c", 500), 0s);
    set_rate({{"user", "u"}}, 100);
    EXPECT_EQ(produce(here, "u", "c", 1), 0s);
    quotas.clear();
    adopt();
    EXPECT_EQ(produce(here, "u", "c", 1e12), 0s);
}

TEST_F(ClientQuotasTest, time_is_never_throttled_for_longer_than_a_sample) {
    set({{"user", "u"}}, "request_percentage", 1);
    EXPECT_EQ(here.charge(QuotaType::request, {"u", "c"}, 1e6).time, 1s);
}

TEST_F(ClientQuotasTest, clients_that_are_silent_for_a_window_are_forgotten) {
    set_rate({{"client-id", std::nullopt}}, 10);
    for (int i = 0; i < 1000; ++i) produce(here, "u", "client-" + std::to_string(i), 1);
    here.take_used();
    EXPECT_EQ(here.payers_count(), 1000U);
    clock.time = clock.time + 12s;
    produce(here, "u", "c", 1);
    EXPECT_EQ(here.payers_count(), 1U);
}

TEST_F(ClientQuotasTest, throttled_requests_are_counted_by_the_quota_that_was_exceeded) {
    here.throttled({2s, QuotaType::fetch});
    here.throttled({1s, QuotaType::fetch});
    QuotaMetrics sum;
    sum.add(here.metrics());
    EXPECT_EQ(sum.by_type[1].throttled_requests, 2U);
    EXPECT_EQ(sum.by_type[1].throttle_time, 3s);
}

TEST_F(ClientQuotasTest, clients_with_ever_new_names_take_bounded_memory) {
    set_rate({{"client-id", std::nullopt}}, 10);
    const std::string long_name(30'000, 'x');
    for (int i = 0; i < 1'000; ++i) {
        produce(here, "u", long_name + std::to_string(i), 1);
        if (i % 10 == 0) there.add_used(here.take_used());
        EXPECT_LE(here.names_bytes(), ClientQuotas::names_bytes_max + (size_t{1} << 20));
        EXPECT_LE(there.names_bytes(), ClientQuotas::names_bytes_max + (size_t{1} << 20));
    }
}

}  // namespace
}  // namespace milena::server
