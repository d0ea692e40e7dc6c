#include "replica/log_move.h"

#include <gtest/gtest.h>

#include "metadata/delta.h"
#include "replica/partition_table.h"
#include "unit/replica/table_fixture.h"

namespace milena::replica {
namespace {

// As the table's fixture, with a second directory, and with a cluster that assigns what it is asked to.
struct LogMoves : PartitionTableTest {
    const Uuid second_id{8, 8};
    std::unique_ptr<storage::LogDirectory> first;  // new with every start, as after a crash
    std::unique_ptr<storage::LogDirectory> second;
    std::vector<DirectoryInventory> inventories{2};
    bool is_assigning = true;
    uint64_t acknowledged = 0;

    LogMoves() {
        check(disk.create_directories("/second").has_value());
        check(disk.sync_directory("/").has_value());
        config->replica_alter_log_dirs_io_max_bytes_per_second = INT64_MAX;
        config->topic_defaults.file_delete_delay_ms = 0;
    }

    void start_both() {
        first = std::make_unique<storage::LogDirectory>(disk, "/data");
        second = std::make_unique<storage::LogDirectory>(disk, "/second");
        table = std::make_unique<PartitionTable>(
            TableEnvironment{node,
                             0,
                             1,
                             {{directory_id, first.get()}, {second_id, second.get()}},
                             {std::make_shared<const DirectoryInventory>(inventories[0]),
                              std::make_shared<const DirectoryInventory>(inventories[1])},
                             cache,
                             world.clock,
                             world.random,
                             codecs});
        table->when_placed([this](const std::vector<Placement>& placements) {
            for (const auto& [key, to] : placements)
                if (is_assigning && !disk.has_crashed()) apply({assignment(key, to)});
        });
        image = metadata::Image::empty();
        metadata::ImageBuilder builder(image);
        for (const metadata::Record& record : records) builder.apply(record);
        const metadata::Delta all = std::move(builder).finish({Offset{1}, LeaderEpoch{1}});
        image = all.after;
        table->apply(all, config);
    }
    void begin() {
        start_both();
        apply(topic("orders", topic_id, 1));
    }
    static metadata::Record assignment(const PartitionKey& key, const Uuid& to) {
        wire::PartitionChangeRecord change;
        change.topic_id = key.topic_id;
        change.partition_id = key.partition.value;
        change.directories.emplace(std::vector<Uuid>{to});
        return change;
    }
    PartitionKey key() const { return {topic_id, PartitionIndex{0}}; }
    storage::PartitionLog& log() { return table->find(key())->log(); }
    void produce_some(int count) {
        for (int i = 0; i < count; ++i) {
            const bool is_written = produce(topic_id) == ErrorCode::none;
            const Replica* replica = table->find(key());
            run_for(std::chrono::milliseconds(20));
            // What is committed must never be lost.
            if (is_written && replica != nullptr)
                acknowledged = std::max(acknowledged, static_cast<uint64_t>(replica->high_watermark().value));
        }
    }
    void drive(int slices) {
        for (int i = 0; i < slices; ++i) {
            table->move_logs();
            run_for(std::chrono::milliseconds(10));
        }
    }
    void rise_again(bool power_was_lost) {
        table.reset();
        power_was_lost ? disk.lose_power() : disk.restart();
        inventories[0] = *take_inventory(disk, "/data");
        inventories[1] = *take_inventory(disk, "/second");
        start_both();
    }
    std::vector<std::string> names_in(const std::string& path) {
        std::vector<std::string> result;
        const std::vector<env::DirectoryEntry> entries = *disk.list(path);
        for (const env::DirectoryEntry& entry : entries)
            if (entry.is_directory) result.push_back(entry.name);
        return result;
    }
    size_t replicas_in(const Uuid& id) const {
        size_t count = 0;
        table->each_in(id, [&](const Replica&) { ++count; });
        return count;
    }
    void remove_due() {
        run_for(std::chrono::seconds(2));
        table->look_after_directories(100);
    }
    void expect_all_in(const std::string& path, const std::string& other) {
        EXPECT_EQ(names_in(path), std::vector<std::string>{"orders-0"});
        EXPECT_TRUE(names_in(other).empty());
    }
};

TEST_F(LogMoves, log_is_in_the_other_directory_and_goes_on_there) {
    begin();
    produce_some(10);
    EXPECT_EQ(table->move_to(key(), second_id), ErrorCode::none);
    drive(20);
    produce_some(3);
    EXPECT_EQ(log().log_end_offset(), Offset(13));
    EXPECT_EQ(table->find(key())->high_watermark(), Offset(13));
    remove_due();
    expect_all_in("/second", "/data");
}

TEST_F(LogMoves, copy_is_shown_as_the_future_one_while_it_is_behind) {
    begin();
    produce_some(10);
    is_assigning = false;
    EXPECT_EQ(table->move_to(key(), second_id), ErrorCode::none);
    drive(1);
    size_t futures = 0;
    table->each_move_to(second_id, [&](const Replica& replica, const storage::PartitionLog& copy) {
        ++futures;
        EXPECT_EQ(replica.log().log_end_offset(), Offset(10));
        EXPECT_LE(copy.log_end_offset(), Offset(10));
    });
    EXPECT_EQ(futures, 1u);
    ASSERT_EQ(names_in("/second").size(), 1u);
    EXPECT_TRUE(names_in("/second")[0].ends_with("-future"));
}

TEST_F(LogMoves, nothing_takes_place_before_the_cluster_has_assigned_the_directory) {
    begin();
    produce_some(3);
    is_assigning = false;
    table->move_to(key(), second_id);
    drive(50);
    EXPECT_EQ(names_in("/data"), std::vector<std::string>{"orders-0"});
    apply({assignment(key(), second_id)});
    drive(5);
    remove_due();
    expect_all_in("/second", "/data");
}

TEST_F(LogMoves, moving_to_where_the_log_is_takes_a_move_back) {
    begin();
    produce_some(3);
    is_assigning = false;
    table->move_to(key(), second_id);
    drive(5);
    EXPECT_EQ(table->move_to(key(), directory_id), ErrorCode::none);
    remove_due();
    expect_all_in("/data", "/second");
}

TEST_F(LogMoves, unknown_directory_and_unknown_replica_are_refused) {
    begin();
    EXPECT_EQ(table->move_to(key(), Uuid{9, 9}), ErrorCode::log_dir_not_found);
    EXPECT_EQ(table->move_to({Uuid{5, 5}, PartitionIndex{0}}, second_id), ErrorCode::replica_not_available);
}

TEST_F(LogMoves, deleted_topic_takes_its_copy_along) {
    begin();
    produce_some(3);
    is_assigning = false;
    table->move_to(key(), second_id);
    drive(5);
    wire::RemoveTopicRecord removal;
    removal.topic_id = topic_id;
    apply({removal});
    remove_due();
    EXPECT_TRUE(names_in("/data").empty());
    EXPECT_TRUE(names_in("/second").empty());
}

TEST_F(LogMoves, rate_is_limited) {
    begin();
    for (int i = 0; i < 50; ++i) produce_some(1);
    config->replica_alter_log_dirs_io_max_bytes_per_second = 1000;
    apply({});
    is_assigning = false;
    table->move_to(key(), second_id);
    drive(1);
    const uint64_t bytes = log().bytes();
    EXPECT_GT(bytes, 3000u);
    drive(100);  // one second
    EXPECT_GT(table->move_logs(), Duration(std::chrono::milliseconds(10))) << "what was copied has to be paid for";
}

TEST_F(LogMoves, move_that_a_crash_ended_begins_anew) {
    begin();
    produce_some(10);
    is_assigning = false;
    table->move_to(key(), second_id);
    drive(5);
    rise_again(false);
    EXPECT_EQ(log().log_end_offset(), Offset(10));
    is_assigning = true;
    drive(30);
    remove_due();
    expect_all_in("/second", "/data");
    EXPECT_EQ(log().log_end_offset(), Offset(10));
}

// metadata.version 4.3-IV0, the first that knows of cordoned directories.
const metadata::Record cordoning = wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 30};

TEST_F(LogMoves, new_replicas_go_to_a_directory_that_is_not_cordoned) {
    config->cordoned_log_dirs = {"/data"};
    records.push_back(cordoning);
    start_both();
    apply(metadata::topic_records("orders", topic_id, 4, metadata::unassigned_directory));
    EXPECT_EQ(replicas_in(directory_id), 0u);
    EXPECT_EQ(replicas_in(second_id), 4u);
    EXPECT_TRUE(table->is_cordoned(directory_id));
    EXPECT_FALSE(table->is_cordoned(second_id));
}

TEST_F(LogMoves, the_first_directory_is_the_last_resort_when_all_are_cordoned) {
    config->cordoned_log_dirs = {"/data", "/second"};
    records.push_back(cordoning);
    start_both();
    apply(metadata::topic_records("orders", topic_id, 4, metadata::unassigned_directory));
    EXPECT_EQ(replicas_in(directory_id), 4u);
    EXPECT_EQ(replicas_in(second_id), 0u);
}

TEST_F(LogMoves, what_lies_in_a_cordoned_directory_or_was_assigned_there_is_opened_there) {
    records.push_back(cordoning);
    begin();
    produce_some(1);
    config->cordoned_log_dirs = {"/data"};
    disk.kill();
    rise_again(false);
    ASSERT_NE(table->find(key()), nullptr);
    apply(topic("events", metadata::events_id, 1));
    EXPECT_EQ(replicas_in(directory_id), 2u);
    EXPECT_EQ(replicas_in(second_id), 0u);
}

TEST_F(LogMoves, an_older_metadata_version_knows_of_no_cordoned_directories) {
    config->cordoned_log_dirs = {"/data"};
    start_both();
    apply(metadata::topic_records("orders", topic_id, 4, metadata::unassigned_directory));
    EXPECT_EQ(replicas_in(directory_id), 2u);
    EXPECT_FALSE(table->is_cordoned(directory_id));
}

struct Run : LogMoves {
    void TestBody() override {}
};

// The process dies, or the power goes, at the nth write of a move during which producing goes on: nothing that was
// acknowledged is lost, whichever log is the one in use then, and afterwards there is one again.
void crash_at(uint64_t nth, bool power_was_lost) {
    SCOPED_TRACE(testing::Message() << "write " << nth << (power_was_lost ? ", power lost" : ", process dead"));
    Run run;
    if (power_was_lost) run.config->topic_defaults.flush_messages = 1;
    run.begin();
    run.produce_some(10);
    run.table->move_to(run.key(), run.second_id);
    run.disk.crash_at_write(nth);
    for (int i = 0; i < 12 && !run.disk.has_crashed(); ++i) {
        run.drive(2);
        run.produce_some(1);
    }
    run.disk.kill();
    run.rise_again(power_was_lost);
    run.run_for(std::chrono::seconds(1));
    ASSERT_NE(run.table->find(run.key()), nullptr);
    EXPECT_GE(run.log().log_end_offset(), Offset(static_cast<int64_t>(run.acknowledged)));
    run.drive(50);
    EXPECT_GE(run.log().log_end_offset(), Offset(static_cast<int64_t>(run.acknowledged)));
    EXPECT_EQ(run.produce(run.topic_id), ErrorCode::none);
    run.remove_due();
    EXPECT_EQ(run.names_in("/data").size() + run.names_in("/second").size(), 1u);
}

TEST(LogMoveCrashes, nothing_is_lost_when_the_process_dies_at_any_write) {
    for (uint64_t nth = 1; nth <= 60; ++nth) crash_at(nth, false);
}

TEST(LogMoveCrashes, nothing_is_lost_when_the_power_goes_at_any_write) {
    for (uint64_t nth = 1; nth <= 60; ++nth) crash_at(nth, true);
}

}  // namespace
}  // namespace milena::replica
