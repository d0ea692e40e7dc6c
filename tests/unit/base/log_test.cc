#include "base/log.h"

#include <string>

#include <gtest/gtest.h>

namespace milena {
namespace {

struct CapturedLog : testing::Test {
    std::string line;

    CapturedLog() {
        set_log_sink([this](LogLevel, std::string_view text) { line = text; });
    }
    ~CapturedLog() override {
        set_log_sink(nullptr);
        set_log_level(LogLevel::info);
    }
};

using Log = CapturedLog;

TEST_F(Log, line_is_event_then_keys_and_values) {
    log_info("segment rolled", {{"topic", "orders"}, {"offset", Offset{42}}, {"error", ErrorCode::none}});
    EXPECT_EQ(line, "segment rolled: topic=orders offset=42 error=NONE");
}

TEST_F(Log, hostile_value_cannot_forge_a_line_or_a_key) {
    log_warn("connection closed", {{"client_id", "a b=\"c\"\nERROR forged"}});
    EXPECT_EQ(line, R"(connection closed: client_id="a b=\"c\"\x0aERROR forged")");
}

TEST_F(Log, long_value_is_cut) {
    log_info("client seen", {{"id", std::string(10'000, 'x')}});
    EXPECT_LT(line.size(), 600U);
}

TEST_F(Log, lines_below_the_level_are_dropped) {
    set_log_level(LogLevel::warn);
    log_info("segment rolled");
    EXPECT_EQ(line, "");
}

}  // namespace
}  // namespace milena
