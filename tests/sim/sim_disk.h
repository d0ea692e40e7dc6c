// A disk that lies in memory and fails as real ones do. It keeps what the process sees (the page cache) apart from
// what is durable, so that a power loss can drop or tear what was not synced, names as well as content.
//
// Faults that the core must survive: crash of the process at any write (that write is torn), power loss, no space,
// input/output errors of a directory tree, failing syncs, flipped bits. One thread; everything random comes from the
// given Random, so that a seed replays.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/clock.h"
#include "env/disk.h"
#include "env/random.h"

namespace milena::sim {

// Runs a callback after a virtual delay.
using Schedule = std::function<void(Duration delay, std::function<void()> event)>;

class SimDisk final : public env::Disk {
  public:
    SimDisk(env::Random& random, env::Clock& clock, Schedule schedule);
    ~SimDisk() override;

    env::DiskResult<std::unique_ptr<env::File>> open(const std::string& path, env::OpenMode mode) override;
    env::DiskResult<std::vector<env::DirectoryEntry>> list(const std::string& directory) override;
    env::DiskResult<void> create_directories(const std::string& path) override;
    env::DiskResult<void> remove(const std::string& path) override;
    env::DiskResult<void> rename(const std::string& from, const std::string& to) override;
    env::DiskResult<void> sync_directory(const std::string& path) override;
    void sync_directory_async(const std::string& path, env::Urgency urgency, env::DiskDone<void> done) override;
    env::DiskResult<env::DiskSpace> space(const std::string& path) override;
    bool may_refer() const override { return true; }

    // The process dies at the nth write from now (1: the next), tearing it. Everything fails until restart().
    void crash_at_write(uint64_t nth) { writes_until_crash_ = nth; }
    bool has_crashed() const { return crashed_; }
    // The process dies now: whatever it still tries fails until restart().
    void kill() { crashed_ = true; }

    // Handles of the dead process and completions that it waited for are gone; content stays as the process left it.
    void restart();
    // As restart(), but un-synced writes and names are dropped, kept or torn as the random source decides.
    void lose_power();

    void limit_capacity(uint64_t bytes) { capacity_bytes_ = bytes; }
    void fail_below(const std::string& path_prefix) { failing_prefix_ = path_prefix; }
    void fail_syncs(bool fail) { syncs_fail_ = fail; }
    void heal();
    // Flips one bit of the content of a file whose path ends in `suffix`; the path, or nothing where there is none with
    // content.
    std::optional<std::string> flip_bit(std::string_view suffix);

    // What a loss of power leaves of a file at least; nothing where there is none.
    std::vector<std::byte> durable_content(const std::string& path) const;

    // What would be sent of a range of one of its files.
    static Bytes content_of(const FileRange& range);

    struct Range {
        uint64_t position;
        uint64_t bytes;
    };
    std::vector<Range> writebacks;  // as they were asked for

    uint64_t used_bytes() const { return used_bytes_; }
    // How often somebody waited for the device, which nobody who serves may do.
    uint64_t blocking_syncs() const { return blocking_syncs_; }
    // The file or directory of the last time.
    const std::string& blocked_on() const { return blocked_on_; }
    // How often an operation met a fault of this disk.
    uint64_t faults_met() const { return faults_met_; }

  private:
    friend class SimFile;
    struct Node;
    struct SimRange;
    struct Write;
    using NodePtr = std::shared_ptr<Node>;

    NodePtr find(const std::string& path) const;
    NodePtr parent_of(const std::string& path) const;
    env::DiskResult<void> refuse(const std::string& path);
    void later(std::function<void()> event);
    env::DiskResult<void> meet_sync_fault(const std::string& path);
    void settle(Node& node);
    void collect(const NodePtr& node, const std::string& path, std::string_view suffix,
                 std::map<std::string, NodePtr>& found) const;

    env::Random& random_;
    env::Clock& clock_;
    Schedule schedule_;
    NodePtr root_;
    uint64_t generation_ = 0;          // raised at every restart: older handles and completions are dead
    uint64_t writes_until_crash_ = 0;  // 0: no crash planned
    bool crashed_ = false;
    uint64_t capacity_bytes_ = UINT64_MAX;
    uint64_t used_bytes_ = 0;
    std::string failing_prefix_;
    bool syncs_fail_ = false;
    uint64_t faults_met_ = 0;
    uint64_t blocking_syncs_ = 0;
    std::string blocked_on_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // completions may outlive the disk
};

}  // namespace milena::sim
