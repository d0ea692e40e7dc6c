// What the tests of Raft share: one simulated machine on which a Raft is started, killed, and started again; and a
// state machine that remembers what it was told.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "raft/raft.h"
#include "sim/sim_disk.h"
#include "sim/world.h"

namespace milena::raft {

inline const std::string metadata_directory = "/data/__cluster_metadata-0";

// Its state is the list of all values, in order.
struct Journal final : StateMachine {
    void load_begin() override { values.clear(); }
    Result<void, std::string> load(const std::vector<Bytes>& loaded) override {
        for (const Bytes& value : loaded) values.emplace_back(value.view());
        return {};
    }
    void load_end(const SnapshotId& id, Timestamp) override { loaded_id = id; }
    Result<void, std::string> apply(const Batch& batch) override {
        if (refuses) return unexpected(std::string("nonsense"));
        for (const Bytes& value : batch.values) values.emplace_back(value.view());
        batches.push_back(batch);
        return {};
    }
    void write_snapshot(const std::function<void(Bytes value)>& emit) override {
        for (const std::string& value : values) emit(Bytes::copy_of(value));
    }
    void caught_up() override { has_caught_up = true; }
    void became_leader(LeaderEpoch epoch) override {
        epoch_led = epoch;
        is_leading = true;
    }
    void lost_leadership() override { is_leading = false; }
    void leader_changed(NodeId leader, LeaderEpoch) override { leader_known = leader; }
    void voters_changed(const VoterSet& now, int16_t version) override {
        voters = now;
        kraft_version = version;
    }
    void unreachable(NodeId node) override { gone.push_back(node); }
    void failed(const std::string& why) override { failure = why; }

    std::vector<std::string> values;
    std::vector<Batch> batches;
    SnapshotId loaded_id;
    LeaderEpoch epoch_led = no_leader_epoch;
    bool has_caught_up = false;
    bool is_leading = false;
    NodeId leader_known = no_node;
    VoterSet voters;
    int16_t kraft_version = -1;
    std::vector<NodeId> gone;
    std::string failure;
    bool refuses = false;
};

class RaftFixture : public testing::Test {
  public:
    RaftFixture() {
        EXPECT_TRUE(disk.create_directories("/data").has_value());
        EXPECT_TRUE(disk.sync_directory("/").has_value());
    }
    ~RaftFixture() override { raft.reset(); }

    void run(Duration duration = std::chrono::seconds(1)) {
        world.run_until(world.clock.now() + duration, [] { return false; });
    }
    // Nothing if it opens; whether it also leads says the journal.
    std::string open() {
        raft.reset();
        journal = std::make_unique<Journal>();
        auto opened = Raft::open({disk, world.clock, world.random}, options);
        if (!opened) return opened.error();
        raft = std::move(opened).value();
        raft->start(*journal);
        run();
        return journal->failure;
    }
    void reopen_after_kill() {
        raft.reset();
        disk.restart();
        ASSERT_EQ(open(), "");
    }
    void reopen_after_power_loss() {
        raft.reset();
        disk.lose_power();
        ASSERT_EQ(open(), "");
    }
    Result<Offset> propose(const std::vector<std::string>& texts) {
        std::vector<Bytes> values;
        for (const std::string& text : texts) values.push_back(Bytes::copy_of(text));
        return raft->propose(std::move(values));
    }
    void commit(const std::vector<std::string>& texts) {
        ASSERT_TRUE(propose(texts).has_value());
        run();
    }
    // Until the snapshot that is due is on the disk.
    void tick() {
        raft->tick();
        run();
    }
    std::vector<std::string> files(std::string_view suffix) {
        std::vector<std::string> names;
        const auto entries = disk.list(metadata_directory);
        if (!entries) return names;
        for (const env::DirectoryEntry& entry : *entries) {
            if (entry.name.ends_with(suffix)) names.push_back(entry.name);
        }
        return names;
    }

    sim::World world{1};
    sim::SimDisk disk{world.random, world.clock,
                      [this](Duration delay, std::function<void()> event) { world.after(delay, std::move(event)); }};
    Options options{.node = NodeId(1),
                    .directory_id = Uuid{5, 500},
                    .cluster_id = "c",
                    .log_dir = "/data",
                    .voters = {{.id = NodeId(1), .directory_id = {}, .endpoints = {}}}};
    std::unique_ptr<Journal> journal;
    std::unique_ptr<Raft> raft;
};

}  // namespace milena::raft
