#include <future>

#include <gtest/gtest.h>

#include "unit/server/two_shards.h"

namespace milena::shard {
namespace {

struct ShardsTest : testing::Test {
    server::TwoShards world;
};

TEST_F(ShardsTest, a_partition_has_one_owner_and_only_that_one_has_its_replica) {
    for (int32_t partition = 0; partition < world.partitions; ++partition) {
        size_t found = 0;
        for (size_t i = 0; i < world.count; ++i)
            found += world.on<size_t>(
                i, [&] { return (*world.shards)[i].partitions().find(world.key(partition)) != nullptr ? 1U : 0U; });
        EXPECT_EQ(found, 1U);
    }
}

TEST_F(ShardsTest, all_shards_are_asked_and_answer_in_their_order) {
    std::promise<std::vector<uint32_t>> promise;
    Shard& home = (*world.shards)[1];
    home.post([&] {
        world.shards->ask_all<uint32_t>(
            home,
            [](Shard& shard) {
                EXPECT_TRUE(shard.is_current());
                return shard.id().value;
            },
            [&](std::vector<uint32_t> ids) {
                EXPECT_TRUE(home.is_current());
                promise.set_value(std::move(ids));
            });
    });
    EXPECT_EQ(promise.get_future().get(), (std::vector<uint32_t>{0, 1}));
}

TEST_F(ShardsTest, work_for_the_own_shard_runs_at_once) {
    EXPECT_TRUE(world.on<bool>(0, [&] {
        bool has_run = false;
        run_on((*world.shards)[0], [&] { has_run = true; });
        return has_run;
    }));
}

TEST_F(ShardsTest, many_calls_between_shards_all_come_back) {
    constexpr size_t calls = 10'000;
    std::promise<void> promise;
    size_t missing = calls;
    Shard& home = (*world.shards)[0];
    Shard& other = (*world.shards)[1];
    home.post([&] {
        for (size_t i = 0; i < calls; ++i)
            run_on(other, [&] {
                run_on(home, [&] {
                    if (--missing == 0) promise.set_value();
                });
            });
    });
    promise.get_future().get();
    EXPECT_EQ(missing, 0U);
}

}  // namespace
}  // namespace milena::shard
