#include "server/client_metrics.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "metadata/delta.h"
#include "sim/world.h"
#include "unit/metadata/records_fixture.h"

namespace milena::server {
namespace {

constexpr Uuid instance_id{7, 70};
constexpr int8_t client_metrics = 16;

class ClientMetricsTest : public testing::Test {
  public:
    void set(const std::string& subscription, const std::string& name, std::optional<std::string> value) {
        image = metadata::after(image, {metadata::config(client_metrics, subscription, name, std::move(value))}).after;
    }
    TelemetryClient client() { return {.attributes = {{"client_id", client_id}}, .connection = connection}; }
    ClientMetrics::Moment moment() { return {.image = *image, .now = now, .bytes_max = 1000}; }
    wire::GetTelemetrySubscriptionsResponse get(const Uuid& id = instance_id) {
        return metrics.subscriptions(moment(), {.client_instance_id = id}, client());
    }
    ErrorCode push(int32_t subscription_id, bool terminating = false) {
        wire::PushTelemetryRequest request;
        request.client_instance_id = instance_id;
        request.subscription_id = subscription_id;
        request.terminating = terminating;
        request.metrics = Bytes::copy_of(metrics_text);
        return metrics.push(moment(), request, client());
    }

    std::string client_id = "ann";
    std::string metrics_text;  // OTLP
    std::shared_ptr<const metadata::Image> image = metadata::Image::empty();
    Instant now{std::chrono::seconds(1000)};
    std::shared_ptr<const int> connection = std::make_shared<const int>(1);
    sim::SimRandom random{1};
    wire::Decompressor decompressor;
    ClientMetrics metrics{{random, decompressor}};
};

TEST_F(ClientMetricsTest, client_without_subscription_is_asked_for_nothing) {
    const auto told = get();
    EXPECT_EQ(told.error_code, ErrorCode::none);
    EXPECT_TRUE(told.requested_metrics.empty());
    EXPECT_EQ(told.push_interval_ms, 300'000);
    EXPECT_EQ(told.telemetry_max_bytes, 1000);
}

TEST_F(ClientMetricsTest, client_without_an_id_is_given_one) {
    const Uuid id = get(Uuid{}).client_instance_id;
    EXPECT_NE(id, Uuid{});
    EXPECT_NE(get(Uuid{}).client_instance_id, id);
}

TEST_F(ClientMetricsTest, shortest_interval_of_all_that_fit_counts) {
    set("a", "interval.ms", "2000");
    set("b", "interval.ms", "1000");
    set("c", "interval.ms", "500");
    set("c", "match", "client_id=bob");
    EXPECT_EQ(get().push_interval_ms, 1000);
}

TEST_F(ClientMetricsTest, asking_again_before_the_interval_is_over_is_refused) {
    set("a", "interval.ms", "1000");
    get();
    now = now + std::chrono::milliseconds(999);
    EXPECT_EQ(get().error_code, ErrorCode::throttling_quota_exceeded);
    now = now + std::chrono::milliseconds(1);
    EXPECT_EQ(get().error_code, ErrorCode::none);
}

TEST_F(ClientMetricsTest, new_subscription_is_told_at_once_and_other_settings_are_not) {
    const int32_t before = get().subscription_id;
    image = metadata::after(image, {metadata::config(4, "", "log.retention.ms", "5")}).after;
    EXPECT_EQ(get().error_code, ErrorCode::throttling_quota_exceeded);
    set("a", "metrics", "*");
    const auto told = get();
    EXPECT_EQ(told.error_code, ErrorCode::none);
    EXPECT_NE(told.subscription_id, before);
    EXPECT_EQ(push(before), ErrorCode::unknown_subscription_id);
}

TEST_F(ClientMetricsTest, client_that_comes_back_on_another_connection_is_new) {
    get();
    connection = std::make_shared<const int>(2);
    EXPECT_EQ(get().error_code, ErrorCode::none);
}

TEST_F(ClientMetricsTest, last_push_may_come_early_and_none_after_it) {
    const int32_t id = get().subscription_id;
    EXPECT_EQ(push(id), ErrorCode::none);
    EXPECT_EQ(push(id), ErrorCode::throttling_quota_exceeded);
    EXPECT_EQ(push(id, true), ErrorCode::none);
    EXPECT_EQ(push(id, true), ErrorCode::invalid_request);
}

TEST_F(ClientMetricsTest, names_that_are_no_text_leave_the_page_readable) {
    client_id = "a\xff";
    set("a", "metrics", "*");
    // A gauge named "b\xfe" with one point of 1.0, within a scope within a resource.
    const std::string name = std::string("\x0a\x02") + "b\xfe";
    const std::string point = std::string("\x0a\x09\x21\0\0\0\0\0\0\xf0\x3f", 11);
    const std::string metric = name + std::string("\x2a\x0b") + point;
    const auto within = [](const char* tag, const std::string& content) {
        return tag + std::string(1, static_cast<char>(content.size())) + content;
    };
    metrics_text = within("\x0a", within("\x12", within("\x12", metric)));
    ASSERT_EQ(push(get().subscription_id), ErrorCode::none);
    const std::string page = render_client_metrics(metrics.report(now));
    EXPECT_NE(page.find("{client_id=\"a\xef\xbf\xbd\",metric=\"b\xef\xbf\xbd\"} 1"), std::string::npos) << page;
}

TEST_F(ClientMetricsTest, silent_client_is_forgotten) {
    get();
    EXPECT_EQ(metrics.report(now).clients, 1u);
    EXPECT_EQ(metrics.report(now + std::chrono::minutes(16)).clients, 0u);
}

TEST_F(ClientMetricsTest, clients_beyond_the_limit_take_the_place_of_the_oldest) {
    for (uint64_t i = 0; i < ClientMetrics::clients_max + 5; ++i) get(Uuid{8, 100 + i});
    EXPECT_EQ(metrics.report(now).clients, ClientMetrics::clients_max);
}

TEST_F(ClientMetricsTest, pattern_that_is_none_fits_nobody) {
    const ClientAttributes ann{{"client_id", "ann"}};
    EXPECT_TRUE(ClientMatch::parse("").fits(ann));
    EXPECT_TRUE(ClientMatch::parse("client_id=a.*").fits(ann));
    EXPECT_FALSE(ClientMatch::parse("client_id=a").fits(ann));
    EXPECT_FALSE(ClientMatch::parse("client_id=(((").fits(ann));
    EXPECT_FALSE(ClientMatch::parse("colour=red").fits(ann));
}

TEST_F(ClientMetricsTest, clients_with_long_names_are_fewer) {
    client_id.assign(30'000, 'x');
    for (uint64_t i = 1; i < 1'000; ++i) {
        get(Uuid{9, i});
        EXPECT_LE(metrics.attributes_bytes(), ClientMetrics::attributes_bytes_max);
    }
    EXPECT_LT(metrics.report(now).clients, 600U);
    EXPECT_GT(metrics.report(now).clients, 500U);
}

}  // namespace
}  // namespace milena::server
