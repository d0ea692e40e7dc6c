#include "sim/sim_disk.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace milena::sim {
namespace {

using env::DiskError;
using env::OpenMode;

struct Disk : testing::Test {
    World world{1};
    SimDisk disk{world.random, world.clock,
                 [this](Duration delay, std::function<void()> event) { world.after(delay, event); }};

    void write(const std::string& path, std::string_view text) {
        const auto file = disk.open(path, OpenMode::create);
        const Bytes bytes = Bytes::copy_of(text);
        ASSERT_TRUE((*file)->write_at((*file)->size(), std::span(&bytes, 1)).has_value());
    }
    std::string text(const std::string& path) {
        const auto bytes = env::read_file(disk, path, 1 << 20);
        return bytes.has_value() ? std::string(bytes->view()) : "<missing>";
    }
};

using SimDiskTest = Disk;

TEST_F(SimDiskTest, content_survives_the_death_of_the_process) {
    write("/a", "hello");
    disk.restart();
    EXPECT_EQ(text("/a"), "hello");
}

TEST_F(SimDiskTest, synced_content_and_name_survive_a_power_loss) {
    write("/a", "hello");
    ASSERT_TRUE((*disk.open("/a", OpenMode::read_write))->sync_now().has_value());
    ASSERT_TRUE(disk.sync_directory("/").has_value());
    disk.lose_power();
    EXPECT_EQ(text("/a"), "hello");
}

TEST_F(SimDiskTest, power_loss_drops_what_was_not_synced_in_some_world) {
    bool was_lost = false;
    for (int i = 0; i < 50; ++i) {
        const std::string name = "/" + std::to_string(i);
        write(name, "hello");
        disk.lose_power();
        was_lost = was_lost || text(name) != "hello";
    }
    EXPECT_TRUE(was_lost);
}

TEST_F(SimDiskTest, rename_is_old_or_new_after_a_power_loss_never_both_or_none) {
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(env::replace_file(disk, "/file", "old").has_value());
        write("/next", "new");
        ASSERT_TRUE((*disk.open("/next", OpenMode::read_write))->sync_now().has_value());
        ASSERT_TRUE(disk.sync_directory("/").has_value());
        ASSERT_TRUE(disk.rename("/next", "/file").has_value());
        disk.lose_power();
        const bool is_new = text("/file") == "new";
        EXPECT_EQ(text("/next"), is_new ? "<missing>" : "new");
        EXPECT_EQ(text("/file"), is_new ? "new" : "old");
        (void)disk.remove("/next");
    }
}

TEST_F(SimDiskTest, crash_tears_the_write_and_fails_all_that_follows) {
    disk.crash_at_write(2);
    write("/a", "first");
    const auto file = disk.open("/a", OpenMode::read_write);
    const Bytes bytes = Bytes::copy_of("second");
    EXPECT_FALSE((*file)->write_at(5, std::span(&bytes, 1)).has_value());
    EXPECT_TRUE(disk.has_crashed());
    EXPECT_FALSE(disk.open("/a", OpenMode::read_only).has_value());
    disk.restart();
    EXPECT_TRUE(std::string("firstsecond").starts_with(text("/a")));
    EXPECT_TRUE(text("/a").starts_with("first"));
}

TEST_F(SimDiskTest, full_disk_refuses_growth_and_recovers) {
    write("/a", "12345678");
    disk.limit_capacity(10);
    const auto file = disk.open("/a", OpenMode::read_write);
    const Bytes bytes = Bytes::copy_of("abcdef");
    const auto refused = (*file)->write_at(8, std::span(&bytes, 1));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error(), DiskError::full);
    EXPECT_EQ((*file)->size(), 10U);
    disk.heal();
    EXPECT_TRUE((*file)->write_at(8, std::span(&bytes, 1)).has_value());
}

TEST_F(SimDiskTest, sync_covers_what_was_written_before_it_was_asked_for) {
    write("/a", "one");
    ASSERT_TRUE(disk.sync_directory("/").has_value());
    const auto file = disk.open("/a", OpenMode::read_write);
    bool is_synced = false;
    (*file)->sync(env::Urgency::awaited, [&](env::DiskResult<void> result) { is_synced = result.has_value(); });
    world.run_until(Instant{std::chrono::seconds(1)}, [] { return false; });
    ASSERT_TRUE(is_synced);
    disk.lose_power();
    EXPECT_EQ(text("/a"), "one");
}

}  // namespace
}  // namespace milena::sim
