#include "storage/log_directory.h"

#include "storage/partition_metadata.h"
#include "unit/storage/log_fixture.h"

namespace milena::storage {
namespace {

using DirectoryState = PartitionDirectory::State;

class LogDirectoryTest : public LogFixture {};

TEST_F(LogDirectoryTest, names_of_partitions_are_understood) {
    const auto parse = [](std::string_view name) { return parse_partition_directory(name); };
    EXPECT_EQ(parse("orders-3")->topic, "orders");
    EXPECT_EQ(parse("orders-3")->partition, PartitionIndex(3));
    EXPECT_EQ(parse("a-b-c-12")->topic, "a-b-c");
    EXPECT_EQ(parse("__cluster_metadata-0")->state, DirectoryState::current);
    EXPECT_EQ(parse("a.b-1.0123456789abcdef0123456789abcdef-delete")->state, DirectoryState::deleted);
    EXPECT_EQ(parse("a.b-1.0123456789abcdef0123456789abcdef-delete")->topic, "a.b");
    EXPECT_EQ(parse("a-1.0123456789abcdef0123456789abcdef-future")->state, DirectoryState::future);
    EXPECT_EQ(parse("a-1.0123456789abcdef0123456789abcdef-stray")->state, DirectoryState::stray);
    for (const char* name :
         {"orders", "orders-", "-3", "orders-03", "orders--3x", "orders-x", "a-delete", "lost+found"})
        EXPECT_FALSE(parse(name).has_value()) << name;
}

TEST_F(LogDirectoryTest, a_deleted_name_fits_into_a_file_name) {
    const std::string topic(249, 't');
    const std::string name = deleted_directory_name(topic, PartitionIndex(12345), Uuid{1, 2});
    EXPECT_LE(name.size(), 255U);
    EXPECT_EQ(parse_partition_directory(name)->state, DirectoryState::deleted);
    EXPECT_EQ(deleted_directory_name("t", PartitionIndex(1), Uuid{1, 0xab}),
              "t-1.000000000000000100000000000000ab-delete");
}

TEST_F(LogDirectoryTest, lists_partitions_and_nothing_else) {
    for (const char* name : {"orders-0", "orders-1", "lost+found"})
        ASSERT_TRUE(disk.create_directories(std::string("/data/") + name).has_value());
    ASSERT_TRUE(env::replace_file(disk, "/data/file-1", "x").has_value());
    const auto partitions = list_partitions(disk, "/data").value();
    ASSERT_EQ(partitions.size(), 2U);
    EXPECT_EQ(partitions[1].name, "orders-1");
}

TEST_F(LogDirectoryTest, meta_properties_are_read_as_they_were_written) {
    EXPECT_EQ(read_meta_properties(disk, "/data").value(), std::nullopt);
    const MetaProperties meta{"MkU3OEVBNTcwNTJENDM2Qg", NodeId(1), Uuid{3, 4}};
    ASSERT_TRUE(write_meta_properties(disk, "/data", meta).has_value());
    EXPECT_EQ(read_meta_properties(disk, "/data").value(), meta);
}

TEST_F(LogDirectoryTest, meta_properties_of_kafka_are_read) {
    const std::string text =
        "#\n#Fri Nov 21 12:00:00 UTC "
        "2026\ncluster.id=a\\=b\nversion=1\ndirectory.id=1UpA-RkzObgXwOtgeQxYEw\nnode.id=7\n";
    ASSERT_TRUE(env::replace_file(disk, "/data/meta.properties", text).has_value());
    const auto meta = read_meta_properties(disk, "/data").value();
    EXPECT_EQ(meta->cluster_id, "a=b");
    EXPECT_EQ(meta->node_id, NodeId(7));
    EXPECT_EQ(meta->directory_id.to_string(), "1UpA-RkzObgXwOtgeQxYEw");
}

TEST_F(LogDirectoryTest, damaged_meta_properties_are_refused) {
    for (const char* text : {"", "version=2\n", "version=1\ncluster.id=a\nnode.id=x\n", "version=1\nnode.id=1\n",
                             "version=1\ncluster.id=a\ndirectory.id=short\n"}) {
        ASSERT_TRUE(env::replace_file(disk, "/data/meta.properties", text).has_value());
        EXPECT_EQ(read_meta_properties(disk, "/data").error(), MetaFault::malformed) << text;
    }
}

TEST_F(LogDirectoryTest, the_clean_marker_is_taken_once) {
    EXPECT_FALSE(take_clean_marker(disk, "/data").value());
    ASSERT_TRUE(write_clean_marker(disk, "/data", {4711}).has_value());
    const auto marker = take_clean_marker(disk, "/data").value();
    ASSERT_TRUE(marker.has_value());
    EXPECT_EQ(marker->broker_epoch, 4711);
    disk.lose_power();
    EXPECT_FALSE(take_clean_marker(disk, "/data").value());
}

TEST_F(LogDirectoryTest, clean_marker_of_any_age_counts_and_says_what_it_knows) {
    const std::pair<std::string, int64_t> markers[] = {
        {R"({"version":0,"brokerEpoch":9007199254740993})", 9007199254740993},
        {"{\n  \"brokerEpoch\" : 3, \"version\" : 0 }\n", 3},
        {R"({"version":0})", -1},
        {"", -1},
        {R"({"brokerEpoch":"3"})", -1},
        {std::string(1 << 20, 'x'), -1}};
    for (const auto& [text, epoch] : markers) {
        ASSERT_TRUE(env::replace_file(disk, "/data/.kafka_cleanshutdown", text).has_value());
        const auto marker = take_clean_marker(disk, "/data").value();
        ASSERT_TRUE(marker.has_value()) << text.substr(0, 50);
        EXPECT_EQ(marker->broker_epoch, epoch) << text.substr(0, 50);
    }
}

TEST_F(LogDirectoryTest, failure_is_told_once_by_whoever_finds_it_out) {
    int told = 0;
    directory->when_failed([&] { ++told; });
    (void)directory->failed(env::DiskError::full, "append", "file");
    EXPECT_EQ(told, 0);
    (void)directory->failed(env::DiskError::failed, "append", "file");
    (void)directory->failed(env::DiskError::failed, "sync", "file");
    EXPECT_EQ(told, 1);
    LogDirectory other(disk, "/data");
    other.when_failed([&] { ++told; });
    other.fail();
    EXPECT_TRUE(other.has_failed());
    EXPECT_EQ(told, 1);
}

TEST_F(LogDirectoryTest, names_changed_during_a_sync_wait_for_the_next_one) {
    std::vector<int> done;
    const auto note = [&done](int number) {
        return [&done, number](Result<void> synced) {
            if (synced.has_value()) done.push_back(number);
        };
    };
    directory->sync_names(note(0));
    EXPECT_EQ(done, std::vector{0}) << "there was nothing to do";
    ASSERT_TRUE(disk.create_directories("/data/a-0").has_value());
    directory->names_changed();
    directory->sync_names(note(1));
    directory->sync_names(note(2));
    ASSERT_TRUE(disk.create_directories("/data/b-0").has_value());
    directory->names_changed();
    directory->sync_names(note(3));
    EXPECT_EQ(done, std::vector{0});
    world.run_until(world.clock.now() + std::chrono::seconds(1), [&done] { return done.size() > 1; });
    EXPECT_EQ(done, (std::vector{0, 1, 2}));
    run();
    EXPECT_EQ(done, (std::vector{0, 1, 2, 3}));
    disk.lose_power();
    EXPECT_EQ(list_partitions(disk, "/data").value().size(), 2U);
}

TEST_F(LogDirectoryTest, a_failed_sync_of_names_fails_the_directory) {
    directory->names_changed();
    disk.fail_syncs(true);
    ErrorCode told = ErrorCode::none;
    directory->sync_names([&](Result<void> synced) { told = synced.has_value() ? ErrorCode::none : synced.error(); });
    run();
    EXPECT_EQ(told, ErrorCode::kafka_storage_error);
    EXPECT_TRUE(directory->has_failed());
}

TEST_F(LogDirectoryTest, removes_what_is_due_a_few_at_a_time) {
    for (const char* name : {"a", "b", "c"}) {
        ASSERT_TRUE(env::replace_file(disk, std::string("/data/") + name, "x").has_value());
        directory->remove_later(std::string("/data/") + name, world.clock.now() + std::chrono::seconds(1));
    }
    EXPECT_FALSE(directory->remove_due(world.clock.now(), 2));
    run(std::chrono::seconds(1));
    EXPECT_TRUE(directory->remove_due(world.clock.now(), 2));
    EXPECT_FALSE(directory->remove_due(world.clock.now(), 2));
    EXPECT_TRUE(disk.list("/data").value().empty());
}

TEST_F(LogDirectoryTest, full_passes_and_failed_stays) {
    std::vector<bool> told;
    directory->when_full([&](bool is_full) { told.push_back(is_full); });
    ASSERT_TRUE(env::replace_file(disk, "/data/large", std::string(1901, 'x')).has_value());
    const auto limit = [&](uint64_t usable_bytes) {
        disk.limit_capacity(disk.used_bytes() + usable_bytes);
        directory->look_at_space();
        return directory->is_full();
    };
    EXPECT_EQ(directory->failed(env::DiskError::full, "write", "f"), ErrorCode::kafka_storage_error);
    EXPECT_EQ(directory->failed(env::DiskError::full, "write", "f"), ErrorCode::kafka_storage_error);
    EXPECT_TRUE(limit(99)) << "less than a twentieth";
    EXPECT_FALSE(limit(101));
    EXPECT_FALSE(limit(20));
    EXPECT_TRUE(limit(18)) << "less than a hundredth is left for what must be written";
    EXPECT_FALSE(limit(101));
    EXPECT_EQ(told, (std::vector{true, false, true, false}));
    EXPECT_FALSE(directory->has_failed());
    EXPECT_EQ(directory->failed(env::DiskError::failed, "write", "f"), ErrorCode::kafka_storage_error);
    directory->look_at_space();
    EXPECT_TRUE(directory->has_failed());
}

TEST(PartitionMetadata, is_read_as_kafka_writes_it) {
    const auto id = Uuid::parse("7SNeOAVUTaqsQcwG6mZpJA");
    EXPECT_EQ(partition_metadata_text(*id), "version: 0\ntopic_id: 7SNeOAVUTaqsQcwG6mZpJA");
    EXPECT_EQ(parse_partition_metadata("version: 0\ntopic_id: 7SNeOAVUTaqsQcwG6mZpJA\n"), id);
    for (const char* text : {"", "version: 0\n", "version: 1\ntopic_id: 7SNeOAVUTaqsQcwG6mZpJA",
                             "version: 0\ntopic_id: 7SNe", "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA"})
        EXPECT_EQ(parse_partition_metadata(text), std::nullopt) << text;
}

}  // namespace
}  // namespace milena::storage
