#include "server/otlp.h"

#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace milena::server {
namespace {

std::string message(int field, const std::string& content) {
    std::string text(1, static_cast<char>(field << 3 | 2));
    EXPECT_LT(content.size(), 128u);
    return text + static_cast<char>(content.size()) + content;
}

std::string point(double value) {
    std::string text(1, static_cast<char>(4 << 3 | 1));
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    return message(1, text + std::string(bytes, sizeof value));
}

std::string gauge(const std::string& name, const std::string& points) {
    return message(2, message(1, name) + message(5, points));
}

std::string total(const std::string& name, const std::string& points, char temporality) {
    return message(2, message(1, name) + message(7, points + std::string("\x10") + temporality));
}

std::string whole(const std::string& metrics) { return message(1, message(2, metrics)); }

Result<OtlpValues> read(const std::string& text) {
    return read_otlp(std::as_bytes(std::span(text.data(), text.size())));
}

TEST(Otlp, gauge_and_total_have_their_values) {
    const auto values = read(whole(gauge("lag", point(3.5)) + total("sent", point(7), 1)));
    ASSERT_TRUE(values.has_value());
    EXPECT_EQ(values->at("lag").value, 3.5);
    EXPECT_FALSE(values->at("lag").is_total);
    EXPECT_EQ(values->at("sent").value, 7);
    EXPECT_TRUE(values->at("sent").is_total);
    EXPECT_TRUE(values->at("sent").is_delta);
}

TEST(Otlp, points_of_one_metric_are_one_value) {
    const auto values = read(whole(gauge("lag", point(1) + point(5) + point(2)) + total("s", point(1) + point(2), 2)));
    ASSERT_TRUE(values.has_value());
    EXPECT_EQ(values->at("lag").value, 5);
    EXPECT_EQ(values->at("s").value, 3);
    EXPECT_FALSE(values->at("s").is_delta);
}

TEST(Otlp, cut_or_damaged_data_is_refused_and_harms_nobody) {
    const std::string good = whole(gauge("lag", point(1)));
    for (size_t size = 1; size < good.size(); ++size) EXPECT_FALSE(read(good.substr(0, size)).has_value()) << size;
    for (size_t at = 0; at < good.size(); ++at) {
        std::string damaged = good;
        damaged[at] = static_cast<char>(0xff);
        (void)read(damaged);
    }
    EXPECT_FALSE(read("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").has_value());
}

TEST(Otlp, nothing_is_nothing) {
    const auto values = read("");
    ASSERT_TRUE(values.has_value());
    EXPECT_TRUE(values->empty());
}

TEST(Otlp, more_values_than_the_limit_are_left_out) {
    std::string metrics;
    for (size_t i = 0; i < otlp_values_max + 10; ++i)
        metrics += message(1, message(2, gauge("m" + std::to_string(i), point(1))));
    const auto values = read(metrics);
    ASSERT_TRUE(values.has_value());
    EXPECT_EQ(values->size(), otlp_values_max);
}

}  // namespace
}  // namespace milena::server
