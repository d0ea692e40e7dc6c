// NodeCheckpoints: the checkpoint files of a simulated node's directories, written now and then, and at once where a
// log was truncated below what they say. One round at a time, as in the broker's OffsetCheckpoints.
#pragma once

#include <functional>
#include <vector>

#include "replica/partition_table.h"
#include "sim/cluster/machine.h"
#include "storage/log_directory.h"

namespace milena::sim::cluster {

class NodeCheckpoints {
  public:
    using OffsetsIn = std::function<replica::DirectoryOffsets(size_t directory)>;
    NodeCheckpoints(Machine& machine, const std::vector<std::unique_ptr<storage::LogDirectory>>& directories,
                    OffsetsIn offsets_in)
        : machine_(machine), directories_(directories), offsets_in_(std::move(offsets_in)) {}

    // All files as the logs say from now on; `done` is told whether that has succeeded.
    void save(std::function<void(bool)> done);

  private:
    void begin_round();
    void end_round();

    Machine& machine_;
    const std::vector<std::unique_ptr<storage::LogDirectory>>& directories_;
    const OffsetsIn offsets_in_;
    std::vector<std::function<void(bool)>> waiting_;
    std::vector<std::function<void(bool)>> being_served_;
    size_t missing_ = 0;
    bool is_writing_ = false;
    bool has_failed_ = false;
};

}  // namespace milena::sim::cluster
