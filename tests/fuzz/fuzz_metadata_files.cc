// Hostile files in the directory of the metadata log: a controller starts from whatever lies there or says why not, and
// what it has understood once it finds again, with and without a snapshot of its own. An input is a list of files
// behind one byte of options; checksums are made right where the options ask for it.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "controller/controller.h"
#include "memory_disk.h"
#include "raft/raft.h"

namespace {

using namespace milena;
using namespace milena::fuzz;

constexpr NodeId node{1};

std::string path_of(uint8_t kind) {
    static constexpr const char* names[] = {
        "bootstrap.checkpoint",
        "__cluster_metadata-0/quorum-state",
        "__cluster_metadata-0/recovery-point",
        "__cluster_metadata-0/partition.metadata",
        "__cluster_metadata-0/leader-epoch-checkpoint",
        "__cluster_metadata-0/00000000000000000000.log",
        "__cluster_metadata-0/00000000000000000000.index",
        "__cluster_metadata-0/00000000000000000000.timeindex",
        "__cluster_metadata-0/00000000000000000010.log",
        "__cluster_metadata-0/00000000000000000010.snapshot",
        "__cluster_metadata-0/00000000000000000010-0000000001.checkpoint",
        "__cluster_metadata-0/00000000000000000020-0000000003.checkpoint",
        "__cluster_metadata-0/00000000000000000030-0000000003.checkpoint.part",
        "__cluster_metadata-0/09223372036854775807-2147483647.checkpoint",
        "__cluster_metadata-0/09223372034707292159.log",
    };
    return std::string("/d/") + names[kind % std::size(names)];
}

// One life of a controller on the disk.
class Life {
  public:
    Life(MemoryDisk& disk, int64_t snapshot_bytes_max) : disk_(disk) {
        auto opened = raft::Raft::open({disk_, clock_, random_}, {.node = node,
                                                                  .directory_id = {},
                                                                  .cluster_id = "c",
                                                                  .log_dir = "/d",
                                                                  .snapshot_bytes_max = snapshot_bytes_max});
        if (!opened.has_value()) return;
        raft_ = *std::move(opened);
        controller_ = std::make_unique<controller::Controller>(
            controller::Controller::Environment{*raft_, random_}, node, settings::BrokerSettings(),
            [](const metadata::Delta&, const std::function<void()>& published) { published(); });
        controller_->start([this] { is_ready_ = true; }, [this](const std::string&) { has_failed_ = true; });
        disk_.settle();
    }

    bool is_ready() const { return is_ready_ && !has_failed_; }
    // All records that the state amounts to.
    std::string state() {
        std::string all;
        controller_->write_snapshot([&](const Bytes& value) { all.append(value.view()).append("\n"); });
        return all;
    }
    // Takes the snapshot that is due.
    void tick() {
        raft_->tick();
        disk_.settle();
    }
    void close() { check(raft_->close().has_value()); }

  private:
    MemoryDisk& disk_;
    StillClock clock_;
    SameRandom random_;
    std::unique_ptr<raft::Raft> raft_;
    std::unique_ptr<controller::Controller> controller_;
    bool is_ready_ = false;
    bool has_failed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 1) return 0;
    set_log_sink([](LogLevel, std::string_view) {});
    const bool makes_right = (data[0] & 1) != 0;
    const bool takes_snapshot = (data[0] & 2) != 0;
    MemoryDisk disk;
    each_file(std::as_bytes(std::span(data, size)).subspan(1), [&](uint8_t kind, Content content) {
        const std::string path = path_of(kind);
        const bool holds_batches = path.ends_with(".log") || path.ends_with(".checkpoint");
        if (makes_right && holds_batches) make_checksums_right(content);
        disk.files[path] = std::make_shared<Content>(std::move(content));
    });
    std::string state;
    {
        Life first(disk, takes_snapshot ? 1 : 1 << 20);
        if (!first.is_ready()) return 0;
        state = first.state();
        first.tick();
        check(first.is_ready());
        first.close();
    }
    Life second(disk, 1 << 20);
    check(second.is_ready());
    check(second.state() == state);
    return 0;
}
