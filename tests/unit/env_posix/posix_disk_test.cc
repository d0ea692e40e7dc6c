#include "env/posix/posix_disk.h"

#include <future>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/env_posix/test_directory.h"

namespace milena::env {
namespace {

struct PosixDiskTest : testing::Test {
    TestDirectory directory;
    TestMailbox mailbox;
    DiskThreads threads;
    PosixDisk disk{threads, {.descriptors_max = 2, .post = mailbox.post()}};

    std::unique_ptr<File> create(const std::string& name) {
        return disk.open(directory / name, OpenMode::create).value();
    }
    static void append(File& file, std::string_view text) {
        const Bytes part = Bytes::copy_of(text);
        ASSERT_TRUE(file.write_at(file.size(), std::span(&part, 1)));
    }
    static std::string content(File& file) {
        std::string text(file.size(), '?');
        const size_t read = file.read_at(0, std::as_writable_bytes(std::span(text))).value();
        return text.substr(0, read);
    }
};

TEST_F(PosixDiskTest, all_parts_are_written_one_after_the_other) {
    const auto file = create("a");
    std::vector<Bytes> parts;
    std::string expected;
    for (int i = 0; i < 200; ++i) {
        parts.push_back(Bytes::copy_of(std::to_string(i)));
        parts.emplace_back();
        expected += std::to_string(i);
    }
    ASSERT_TRUE(file->write_at(0, parts));
    EXPECT_EQ(file->size(), expected.size());
    EXPECT_EQ(content(*file), expected);
}

TEST_F(PosixDiskTest, a_file_knows_when_it_was_written_to) {
    const auto file = create("a");
    append(*file, "x");
    const timespec times[2] = {{.tv_sec = 5, .tv_nsec = 0}, {.tv_sec = 7, .tv_nsec = 9'000'000}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (directory / "a").c_str(), times, 0), 0);
    EXPECT_EQ(file->modified().value(), Timestamp(7009));
}

TEST_F(PosixDiskTest, a_missing_file_is_not_found) {
    EXPECT_EQ(disk.open(directory / "none", OpenMode::read_only).error(), DiskError::not_found);
    EXPECT_EQ(disk.list(directory / "none").error(), DiskError::not_found);
}

TEST_F(PosixDiskTest, many_handles_share_few_descriptors) {
    std::vector<std::unique_ptr<File>> files;
    for (int i = 0; i < 10; ++i) files.push_back(create("f" + std::to_string(i)));
    for (int round = 0; round < 3; ++round)
        for (auto& file : files) append(*file, "x");
    for (auto& file : files) EXPECT_EQ(content(*file), "xxx");
    EXPECT_LE(disk.descriptors_open(), 2U);
}

TEST_F(PosixDiskTest, handles_follow_the_rename_of_their_directory) {
    ASSERT_TRUE(disk.create_directories(directory / "t-0/deep"));
    const auto file = create("t-0/deep/log");
    append(*file, "before");
    ASSERT_TRUE(disk.rename(directory / "t-0", directory / "t-0-delete"));
    const auto other = create("x");
    const auto another = create("y");  // by now the descriptor of `file` is closed
    append(*file, " after");
    EXPECT_EQ(content(*file), "before after");
}

TEST_F(PosixDiskTest, sync_completes_through_the_mailbox) {
    const auto file = create("a");
    append(*file, "x");
    bool is_synced = false;
    file->sync(Urgency::awaited, [&](DiskResult<void> result) { is_synced = result.has_value(); });
    EXPECT_FALSE(is_synced);
    mailbox.run_one();
    EXPECT_TRUE(is_synced);
}

TEST_F(PosixDiskTest, every_sync_of_many_is_answered) {
    std::vector<std::unique_ptr<File>> files;
    for (int i = 0; i < 5; ++i) files.push_back(create("f" + std::to_string(i)));
    size_t answered = 0;
    for (int round = 0; round < 20; ++round)
        for (auto& file : files)
            file->sync(Urgency::awaited, [&](DiskResult<void> result) { answered += result.has_value(); });
    while (answered < 100) mailbox.run_one();
    EXPECT_EQ(answered, 100U);
}

TEST_F(PosixDiskTest, syncs_that_nobody_waits_for_are_answered_too) {
    constexpr size_t many = 100;
    std::vector<std::unique_ptr<File>> files;
    size_t answered = 0;
    size_t awaited = 0;
    for (size_t i = 0; i < many; ++i) {
        files.push_back(create("f" + std::to_string(i)));
        append(*files.back(), "x");
        files.back()->sync(Urgency::background, [&](DiskResult<void> result) { answered += result.has_value(); });
    }
    files.front()->sync(Urgency::awaited, [&](DiskResult<void> result) { awaited += result.has_value(); });
    while (answered < many || awaited < 1) mailbox.run_one();
    EXPECT_EQ(answered, many);
    for (auto& file : files)
        file->sync(Urgency::bulk, [&](DiskResult<void> result) { answered += result.has_value(); });
    while (answered < 2 * many) mailbox.run_one();
    EXPECT_EQ(answered, 2 * many);
}

TEST_F(PosixDiskTest, names_are_synced_through_the_mailbox) {
    ASSERT_TRUE(disk.create_directories(directory / "t-0"));
    std::vector<DiskResult<void>> results;
    disk.sync_directory_async(directory / "t-0", Urgency::awaited, [&](auto result) { results.push_back(result); });
    disk.sync_directory_async(directory / "t-1", Urgency::awaited, [&](auto result) { results.push_back(result); });
    EXPECT_TRUE(results.empty());
    while (results.size() < 2) mailbox.run_one();
    EXPECT_NE(results[0].has_value(), results[1].has_value());
}

TEST_F(PosixDiskTest, a_file_is_replaced_without_waiting) {
    std::vector<bool> results;
    replace_file_async(disk, directory / "checkpoint", "one",
                       [&](auto result) { results.push_back(result.has_value()); });
    EXPECT_TRUE(results.empty());
    while (results.empty()) mailbox.run_one();
    replace_file_async(disk, directory / "checkpoint", "two",
                       [&](auto result) { results.push_back(result.has_value()); });
    while (results.size() < 2) mailbox.run_one();
    EXPECT_EQ(results, (std::vector{true, true}));
    EXPECT_EQ(read_file(disk, directory / "checkpoint", 10).value().view(), "two");
}

TEST_F(PosixDiskTest, a_cold_read_outlives_its_file) {
    auto file = create("a");
    append(*file, "0123456789");
    std::string text;
    file->read_async(2, 100, [&](DiskResult<Bytes> result) { text = result.value().view(); });
    file.reset();
    mailbox.run_one();
    EXPECT_EQ(text, "23456789");
}

TEST_F(PosixDiskTest, what_was_just_written_is_read_without_waiting) {
    const auto file = create("a");
    append(*file, "0123456789");
    std::string text(4, '?');
    EXPECT_EQ(file->read_cached(3, std::as_writable_bytes(std::span(text))).value(), 4U);
    EXPECT_EQ(text, "3456");
}

// Before Linux 6.5 the disk says that it can't, and everything is read.
struct PosixRangeTest : PosixDiskTest {
    void SetUp() override {
        if (!disk.may_refer()) GTEST_SKIP() << "this kernel doesn't tell what it caches";
    }
};

TEST_F(PosixRangeTest, what_was_just_written_can_be_sent_unread) {
    auto file = create("a");
    append(*file, "hello world");
    const auto range = file->cached_range(6, 5);
    ASSERT_TRUE(range);
    EXPECT_EQ(range->bytes, 5U);
    file.reset();  // the range goes on without it
    std::string content(5, ' ');
    EXPECT_EQ(::pread(range->source->descriptor(), content.data(), 5, static_cast<off_t>(range->position)), 5);
    EXPECT_EQ(content, "world");
}

TEST_F(PosixRangeTest, what_is_sent_unread_keeps_few_descriptors_open) {
    const auto file = create("a");
    const auto other = create("b");
    append(*file, "hello world");
    append(*other, "hello world");
    auto range = file->cached_range(6, 5);
    ASSERT_TRUE(range);
    EXPECT_FALSE(other->cached_range(6, 5));
    range.reset();
    EXPECT_TRUE(other->cached_range(6, 5));
}

TEST_F(PosixRangeTest, what_was_loaded_can_be_sent_unread) {
    const auto file = create("a");
    append(*file, std::string(1U << 20, 'x'));
    ASSERT_TRUE(file->sync_now().has_value());
    {
        const auto range = file->cached_range(0, 1U << 20);
        ASSERT_TRUE(range);
        ASSERT_EQ(::posix_fadvise(range->source->descriptor(), 0, 0, POSIX_FADV_DONTNEED), 0);
        if (range->is_cached()) GTEST_SKIP() << "this file system keeps everything in memory";
    }
    std::optional<bool> is_loaded;
    file->load_async(4096, 900'000, [&](DiskResult<void> result) { is_loaded = result.has_value(); });
    EXPECT_FALSE(is_loaded);
    mailbox.run_one();
    EXPECT_TRUE(is_loaded.value());
    EXPECT_TRUE(file->cached_range(4096, 900'000));
}

TEST_F(PosixRangeTest, what_is_sent_unread_can_be_loaded) {
    const auto file = create("a");
    append(*file, "hello world");
    const auto range = file->cached_range(6, 5);
    ASSERT_TRUE(range);
    const auto loaded = [&](size_t bytes) {
        std::promise<bool> done;
        range->source->load(6, bytes, [&done](bool is_loaded) { done.set_value(is_loaded); });
        return done.get_future().get();
    };
    EXPECT_TRUE(loaded(5));
    EXPECT_FALSE(loaded(6));
}

TEST_F(PosixDiskTest, truncate_shortens_file_and_size) {
    const auto file = create("a");
    append(*file, "0123456789");
    ASSERT_TRUE(file->truncate(3));
    EXPECT_EQ(file->size(), 3U);
    append(*file, "x");
    EXPECT_EQ(content(*file), "012x");
}

TEST_F(PosixDiskTest, list_is_sorted_and_knows_directories) {
    create("b");
    create("a");
    ASSERT_TRUE(disk.create_directories(directory / "c"));
    const auto entries = disk.list(directory.path()).value();
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(entries[0].name, "a");
    EXPECT_EQ(entries[1].name, "b");
    EXPECT_TRUE(entries[2].is_directory);
}

TEST_F(PosixDiskTest, remove_tree_removes_everything) {
    ASSERT_TRUE(disk.create_directories(directory / "t/u"));
    create("t/u/f");
    ASSERT_TRUE(remove_tree(disk, directory / "t"));
    EXPECT_TRUE(disk.list(directory.path()).value().empty());
}

TEST_F(PosixDiskTest, a_full_disk_is_told_apart_from_a_broken_one) {
    const auto file = disk.open("/dev/full", OpenMode::read_write).value();
    const Bytes part = Bytes::copy_of("x");
    EXPECT_EQ(file->write_at(0, std::span(&part, 1)).error(), DiskError::full);
}

TEST_F(PosixDiskTest, replace_file_leaves_the_new_content) {
    ASSERT_TRUE(replace_file(disk, directory / "checkpoint", "one"));
    ASSERT_TRUE(replace_file(disk, directory / "checkpoint", "two"));
    EXPECT_EQ(read_file(disk, directory / "checkpoint", 100).value().view(), "two");
}

}  // namespace
}  // namespace milena::env
