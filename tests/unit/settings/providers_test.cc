#include "settings/providers.h"

#include <gtest/gtest.h>

namespace milena::settings {
namespace {

// Errors in angle brackets.
std::string provided(std::string_view text, const Texts& environment,
                     std::string_view host_name = "host-3.example.org") {
    const auto result = with_provided(text, {environment, host_name});
    if (result) return *result;
    std::string errors;
    for (const std::string& error : result.error()) errors += "<" + error + ">";
    return errors;
}

TEST(Providers, fill_in_variables_anywhere) {
    EXPECT_EQ(provided("a ${env:X}${env:Y}b", {{"X", "1"}, {"Y", ""}}), "a 1b");
    EXPECT_EQ(provided("${env:X}", {{"X", "${env:X}"}}), "${env:X}");
}

TEST(Providers, ordinal_is_the_number_behind_the_last_dash) {
    EXPECT_EQ(provided("${ordinal:POD}", {{"POD", "demo-broker-12"}}), "12");
    EXPECT_EQ(provided("1${ordinal:POD}", {{"POD", "demo-0"}}), "10");
    EXPECT_EQ(provided("${ordinal:POD}", {{"POD", "-007"}}), "7");
    EXPECT_EQ(provided("${ordinal:POD}", {{"POD", "a-2147483647"}}), "2147483647");
}

TEST(Providers, without_a_name_the_ordinal_is_that_of_the_host) {
    EXPECT_EQ(provided("${ordinal:}", {}), "3");
    EXPECT_EQ(provided("${ordinal:}", {}, "host-4"), "4");
}

TEST(Providers, what_has_no_ordinal_is_named_with_what_would_do) {
    for (const char* text : {"demo", "demo-", "demo-a", "demo-1a", "demo-1.", "12", "demo-2147483648", "demo- 1", ""}) {
        EXPECT_EQ(provided("${ordinal:POD}", {{"POD", text}}),
                  "<the environment variable POD is \"" + std::string(text) +
                      "\", which doesn't end in \"-\" and a number up to 2147483647, as in broker-12; give one that "
                      "does, or the number itself>");
    }
    EXPECT_TRUE(provided("${ordinal:}", {}, "localhost").starts_with("<the host name is \"localhost\", which doesn't"));
}

TEST(Providers, all_that_is_missing_is_named_at_once) {
    EXPECT_EQ(provided("${env:A}${ordinal:B}", {}),
              "<there is no environment variable A><there is no environment variable B>");
}

TEST(Providers, leave_what_is_not_theirs) {
    for (const char* text : {"${file:/a:b}", "${env:", "${ordinal:X", "$env:X}", "${}", ""})
        EXPECT_EQ(provided(text, {{"X", "a-1"}}), text);
}

}  // namespace
}  // namespace milena::settings
