// The checkpoint files of the log directories while the broker runs: what the shards' logs are to be remembered by is
// asked of them at the intervals that the settings say, and written where it has changed. What finds no space is tried
// again the next time; recovery takes longer meanwhile. On the main thread; never blocks it.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "env/disk.h"
#include "replica/partition_table.h"
#include "settings/broker_config.h"
#include "shard/shard.h"

namespace milena {

// By directory of the shard.
using ShardOffsets = std::vector<replica::DirectoryOffsets>;
ShardOffsets offsets_of(const shard::Shard& shard);

// Of one directory, of all shards together.
replica::DirectoryOffsets offsets_of_all(const std::vector<ShardOffsets>& by_shard, size_t directory);

class OffsetCheckpoints {
  public:
    // Begins at once; all of these outlive it. `failed` is told of directories whose device gave an error.
    OffsetCheckpoints(const shard::Shards& shards, shard::Loop& loop, env::Disk& disk,
                      const std::vector<shard::DirectoryAtStart>& directories, const settings::BrokerConfig& config,
                      std::function<void(const Uuid&)> failed);
    ~OffsetCheckpoints();
    OffsetCheckpoints(const OffsetCheckpoints&) = delete;
    OffsetCheckpoints& operator=(const OffsetCheckpoints&) = delete;

    // All files as the shards say from now on, at once; `done` is told whether that has succeeded.
    void save(std::function<void(bool)> done);

  private:
    struct Save {
        size_t missing;
        bool has_failed = false;
        std::function<void(bool)> done;
    };
    // Files that are written together.
    struct Group {
        Milliseconds interval;  // 0: once
        bool (*are_equal)(const replica::DirectoryOffsets&, const replica::DirectoryOffsets&);
        void (*write)(env::Disk&, const std::string& path, const replica::DirectoryOffsets&, env::DiskDone<void>);
        ShardOffsets written;  // by directory, what the files say
        shard::TimerId timer{};
        bool is_writing = false;
        bool has_failed = false;                       // in the round under way
        std::vector<std::shared_ptr<Save>> waiting{};  // for the next round
    };

    void wait(Group& group);
    void ask(Group& group);
    using Saves = std::shared_ptr<std::vector<std::shared_ptr<Save>>>;
    void write_changed(Group& group, const std::vector<ShardOffsets>& by_shard, const Saves& saves);
    void write_failed(size_t directory, env::DiskError error);
    void end_round(Group& group, const std::vector<std::shared_ptr<Save>>& saves);

    const shard::Shards& shards_;
    shard::Loop& loop_;
    env::Disk& disk_;
    const std::vector<shard::DirectoryAtStart>& directories_;
    const std::function<void(const Uuid&)> failed_;
    std::vector<bool> has_failed_;  // by directory
    std::array<Group, 2> groups_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // what is under way may outlive this
};

}  // namespace milena
