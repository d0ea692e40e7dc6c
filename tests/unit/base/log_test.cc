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

TEST_F(Log, every_module_is_a_logger_and_has_the_level_of_root) {
    set_log_level(LogLevel::error);
    for (const LoggerLevel& logger : logger_levels()) EXPECT_EQ(logger.level, LogLevel::error) << logger.name;
    EXPECT_EQ(logger_levels().back().name, root_logger);
}

TEST_F(Log, level_of_one_logger_is_its_own_until_it_is_taken_back) {
    const auto level_of_storage = [] {
        for (const LoggerLevel& logger : logger_levels())
            if (logger.name == "milena.storage") return logger.level;
        return LogLevel::fatal;
    };
    EXPECT_TRUE(change_logger_level("milena.storage", LogLevel::debug));
    EXPECT_EQ(level_of_storage(), LogLevel::debug);
    EXPECT_FALSE(is_logged(LogLevel::debug));  // of another place
    EXPECT_TRUE(change_logger_level("milena.storage", std::nullopt));
    EXPECT_EQ(level_of_storage(), LogLevel::info);
}

TEST_F(Log, logger_that_is_not_there_and_root_without_a_level_are_refused) {
    EXPECT_FALSE(change_logger_level("milena.nothing", LogLevel::debug));
    EXPECT_FALSE(change_logger_level("storage", LogLevel::debug));
    EXPECT_FALSE(change_logger_level(root_logger, std::nullopt));
}

TEST(LogLevels, names_and_levels_go_both_ways) {
    for (const LogLevel level :
         {LogLevel::trace, LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error, LogLevel::fatal})
        EXPECT_EQ(parse_log_level(log_level_name(level)), level);
    EXPECT_EQ(parse_log_level("debug"), std::nullopt);
}

}  // namespace
}  // namespace milena
