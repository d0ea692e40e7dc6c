#include "env/posix/processors.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "test_directory.h"

namespace milena::env {
namespace {

class Processors : public ::testing::Test {
  protected:
    void write(const std::string& path, const std::string& text) {
        const std::filesystem::path file = root_ + "/" + path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    size_t available() const { return available_processors(root_ + "/own", root_ + "/groups"); }

    TestDirectory directory_;
    const std::string root_ = directory_.path();
    const size_t all_ = std::max(1U, std::thread::hardware_concurrency());
};

TEST_F(Processors, WithoutGroupsAreThoseOfTheScheduler) { EXPECT_EQ(available(), all_); }

TEST_F(Processors, QuotaIsRoundedUp) {
    write("own", "0::/\n");
    write("groups/cpu.max", "50000 100000\n");
    EXPECT_EQ(available(), 1);
    write("groups/cpu.max", "100001 100000\n");
    EXPECT_EQ(available(), std::min<size_t>(all_, 2));
}

TEST_F(Processors, TightestGroupOnTheWayUpCounts) {
    write("own", "12:cpu:/other\n0::/a/b\n");
    write("groups/a/b/cpu.max", "max 100000\n");
    write("groups/a/cpu.max", "100000 100000\n");
    EXPECT_EQ(available(), 1);
}

TEST_F(Processors, WhatIsNoQuotaIsNone) {
    write("own", "0::/a\n");
    for (const char* text : {"max 100000\n", "", "many 5", "10000 0\n", "-1 100000\n", "10000\n"}) {
        write("groups/a/cpu.max", text);
        EXPECT_EQ(available(), all_) << text;
    }
}

}  // namespace
}  // namespace milena::env
