#include "env/posix/processors.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sched.h>

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
    const size_t all_ = available();  // there are no groups yet
};

TEST_F(Processors, WithoutGroupsAreThoseOfTheScheduler) {
    std::thread([this] {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<size_t>(::sched_getcpu()), &one);
        ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
        EXPECT_EQ(available(), 1);
    }).join();
    EXPECT_LE(all_, std::thread::hardware_concurrency());
}

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

TEST(Shards, leave_an_eighth_of_the_processors_and_one_of_several) {
    const std::pair<size_t, size_t> expected[] = {{1, 1}, {2, 1}, {3, 2}, {4, 3}, {8, 7}, {15, 14}, {16, 14}, {64, 56}};
    for (const auto& [processors, shards] : expected) EXPECT_EQ(shards_for(processors), shards) << processors;
}

}  // namespace
}  // namespace milena::env
